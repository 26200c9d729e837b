"""`$include` puts files in where it stands."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from voicecall.config.files import read
from voicecall.config.includes import included
from voicecall.config.load import Loaded
from voicecall.errors import ConfigError

Write = Callable[..., Loaded]


def files(folder: Path, **contents: object) -> Path:
    """Write JSON files, and return the first."""
    for name, content in contents.items():
        (folder / f"{name}.json5").write_text(json.dumps(content))
    return folder / f"{next(iter(contents))}.json5"


def merged(file: Path) -> object:
    return included(read(file)[0], file)


def test_several_files_are_merged_in_order_and_what_stands_beside_wins(tmp_path: Path) -> None:
    file = files(
        tmp_path,
        main={"a": {"$include": ["./one.json5", "two.json5"], "x": 3}},
        one={"x": 1, "y": {"p": 1}, "list": [1]},
        two={"x": 2, "y": {"q": 2}, "list": [2]},
    )
    assert merged(file) == {"a": {"x": 3, "y": {"p": 1, "q": 2}, "list": [1, 2]}}


def test_a_file_is_looked_for_beside_the_one_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    files(tmp_path / "inner", deep={"$include": "deeper.json5"}, deeper={"found": True})
    assert merged(files(tmp_path, main={"a": {"$include": "inner/deep.json5"}})) == {"a": {"found": True}}


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"main": {"$include": "main.json5"}}, r"includes itself: main.json5 -> main.json5"),
        ({"main": {"$include": "no.json5"}}, r"cannot be read: No such file or directory \(included by main.json5\)"),
        ({"main": {"$include": 3}}, "expected the name of a file"),
        ({f"f{n}": {"$include": f"f{n + 1}.json5"} for n in range(12)} | {"f12": {}}, "more than 10 files are nested"),
    ],
)
def test_what_cannot_be_included_is_refused(tmp_path: Path, contents: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        merged(files(tmp_path, **contents))


def test_ten_files_may_be_nested(tmp_path: Path) -> None:
    contents: dict[str, object] = {f"f{n}": {"$include": f"f{n + 1}.json5"} for n in range(10)} | {"f10": {"x": 1}}
    assert merged(files(tmp_path, **contents)) == {"x": 1}


def test_an_openclaw_file_is_loaded_with_what_it_includes(loaded: Write, tmp_path: Path) -> None:
    files(tmp_path, calls={"enabled": True, "config": {"provider": "mock", "toNumber": "+15550001111"}})
    whole = {"plugins": {"entries": {"voice-call": {"$include": "calls.json5"}}}}
    assert loaded(json.dumps(whole), "openclaw.json").config.to_number == "+15550001111"
