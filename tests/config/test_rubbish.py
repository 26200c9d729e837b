"""Rubbish for a configuration: any file and any environment is a configuration, or a list of what is wrong with it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, strategies as st

from voicecall.config.load import load
from voicecall.errors import ConfigError

KEYS = st.sampled_from(
    "plugins entries voice-call config enabled provider fromNumber numbers +15550002222 1 twilio authToken accountSid "
    "env file source id tts providers openai apiKey voice streaming gateway port auth token remote url mode realtime "
    "responseModel brain kind serve lines store signing_keys public_url allow_from".split()
) | st.text(max_size=3)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["twilio", "env", "exec", "${X}", "${TT}", "ws://h", "https://[::1/", "+15550001111", "~nobody-here/x"]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
NAMES = st.sampled_from(["x.toml", "x.json", "x.json5", "x"])


def read(name: str, content: bytes, environ: dict[str, str]) -> None:
    """Load a file of this content; a fault has to be one that can be printed."""
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(content)
        try:
            load(file, environ)
        except ConfigError as error:
            told = [str(fault).encode() for fault in error.faults]
            if not all(told):
                raise AssertionError("a fault without words") from error


@given(NAMES, st.binary() | st.text().map(lambda text: text.encode(errors="replace")))
def test_any_bytes_are_read_or_faulted(name: str, content: bytes) -> None:
    read(name, content, {})


@given(st.dictionaries(KEYS, TREES, max_size=5))
def test_any_block_of_openclaws_is_a_configuration_or_has_faults(block: dict[str, Any]) -> None:
    whole = {"plugins": {"entries": {"voice-call": {"config": block}}}, "gateway": block.get("gateway")}
    read("x.json", json.dumps(whole).encode(), {"TT": "token"})


VARIABLES = st.sampled_from(
    "VOICECALL_SERVE__PORT VOICECALL_LINES VOICECALL_ALLOW_FROM VOICECALL_TWILIO VOICECALL_TWILIO__SIGNING_KEYS "
    "VOICECALL_STATE_DIR VOICECALL_SERVE__PORT__X VOICECALL_ VOICECALL___ TWILIO_AUTH_TOKEN VOICECALL_PROVIDER".split()
)
SETTINGS = st.sampled_from(["[" * 9999, "9" * 5000, '{"a": ' + "9" * 5000 + "}", "~nobody-here/x", "twilio"]) | st.text(
    st.characters(exclude_characters="\0")
)


@given(st.dictionaries(VARIABLES, SETTINGS, max_size=3))
def test_any_environment_is_a_configuration_or_has_faults(environ: dict[str, str]) -> None:
    with suppress(ConfigError):
        load(Path("/dev/null"), environ)


@pytest.mark.parametrize("variable", ["VOICECALL_STATE_DIR", "VOICECALL_CONFIG"])
def test_the_home_of_somebody_who_is_not_here_is_a_fault(variable: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        load(None, {variable: "~nobody-here/voicecall"})
