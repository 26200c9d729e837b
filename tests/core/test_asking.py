"""What holds for the parameters of every operation."""

from __future__ import annotations

import msgspec
import pytest

from voicecall.core.administration import RevokeToken
from voicecall.core.operations import History, Operation, Speak, Status
from voicecall.errors import BadParameters


@pytest.mark.parametrize(
    ("kind", "told", "name"),
    [
        (Status, {"callId": "a\0b"}, "callId"),
        (History, {"number": "\0"}, "number"),
        (Speak, {"callId": "01J", "message": "Good\0 evening"}, "message"),
        (RevokeToken, {"label": "\0"}, "label"),
    ],
)
def test_no_text_has_the_character_nul(kind: type[Operation], told: dict[str, str], name: str) -> None:
    with pytest.raises(BadParameters, match=f"^{name}: .*NUL"):
        msgspec.convert(told, kind)
    fine = {key: text.replace("\0", " ") for key, text in told.items()}
    assert isinstance(msgspec.convert(fine, kind), kind)
