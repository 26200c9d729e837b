"""What somebody types at the terminal of this process."""

from __future__ import annotations

import io

import pytest

from voicecall.setup.terminal import Console


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_what_is_no_text_is_asked_again(
    errors: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = io.TextIOWrapper(io.BytesIO("Grü".encode("latin-1") + b"\nGr\xc3\xbc\n"), "utf-8", errors)
    monkeypatch.setattr("sys.stdin", typed)
    if errors == "strict":
        monkeypatch.setattr("builtins.input", lambda _: typed.buffer.readline().decode().rstrip())
    assert Console().ask("> ") == "Grü"
    assert "not UTF-8 text" in capsys.readouterr().out


def test_the_end_of_the_input_is_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(KeyboardInterrupt):
        Console().ask("> ")
