from pathlib import Path

from voicecall.config.environment import VENDORS
from voicecall.config.model import Config
from voicecall.config.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_model_says() -> None:
    assert PAGE.read_text("utf-8") == reference(), "write reference() to docs/configuration.md"


def test_every_key_has_a_meaning() -> None:
    rows = [line.split(" | ") for line in reference().splitlines() if line.startswith("| `") and line.count(" | ") >= 3]
    assert len(rows) > 100
    assert all(row[-1].rstrip(" |") for row in rows)
    assert {row[0].strip("| `").split(".")[0].removesuffix("[]") for row in rows} == set(Config.model_fields)


def test_every_usual_variable_is_listed() -> None:
    assert all(f"| `{name}` |" in reference() for name in VENDORS)
