"""The lines that tell who did what, as they stand in the log."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.entrypoints.test_permission import Gateway, sample
from voicecall.core.administration import AddDoNotCall, CreateToken, RevokePairing
from voicecall.core.operations import TABLE, End, Initiate, Live, Operation
from voicecall.entrypoints.permission import Holder, Permitted
from voicecall.errors import CallRefused, CarrierError, OperationTimeout, VoicecallError
from voicecall.logs import discretion

DESK = Holder("desk", "admin", "rpc", "10.0.0.1")
WHO = {"holder": "desk", "door": "rpc", "address": "10.0.0.1"}


def lines(operation: Operation, refusal: BaseException | None = None) -> list[dict[str, Any]]:
    """Return what the log has after an operation, as it is written."""

    async def main() -> None:
        with suppress(VoicecallError, asyncio.CancelledError):
            await Permitted(Gateway(refusal), DESK).perform(operation)

    with capture_logs() as logs:
        asyncio.run(main())
    as_written = discretion(transcripts=False)
    return [msgspec.convert(as_written(None, "", dict(log)), dict[str, Any]) for log in logs]


@pytest.mark.parametrize("kind", [kind for kind in TABLE if kind.changes], ids=lambda kind: kind.name)
def test_whatever_changes_something_says_who_had_it_done_where_and_from_where(kind: type[Operation]) -> None:
    (line,) = lines(sample(kind))
    assert {name: line[name] for name in WHO} == WHO
    assert (line["event"], line["log_level"], line["operation"]) == ("audit.done", "info", kind.name)


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_whatever_is_refused_says_why(kind: type[Operation]) -> None:
    (line,) = lines(sample(kind), CallRefused("outbound-stopped", "no"))
    assert {name: line[name] for name in WHO} == WHO
    assert (line["event"], line["log_level"]) == ("audit.refused", "warning")
    assert (line["operation"], line["reason"]) == (kind.name, "outbound-stopped")


@pytest.mark.parametrize("kind", [kind for kind in TABLE if kind.changes], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (CarrierError("secret words", code="21211"), "provider-failed"),
        (OperationTimeout("secret words"), "timeout"),
        (asyncio.CancelledError("secret words"), "abandoned"),
    ],
    ids=["carrier", "timeout", "cancelled"],
)
def test_whatever_would_change_something_and_fails_says_who_wanted_it(
    kind: type[Operation], failure: BaseException, code: str
) -> None:
    (line,) = lines(sample(kind), failure)
    assert {name: line[name] for name in WHO} == WHO
    assert (line["event"], line["log_level"]) == ("audit.failed", "warning")
    assert (line["operation"], line["code"]) == (kind.name, code)
    assert "secret" not in str(line)


def test_looking_that_fails_is_not_written_down() -> None:
    assert lines(Live(), OperationTimeout("no")) == []


@pytest.mark.parametrize("kind", [kind for kind in TABLE if not kind.changes], ids=lambda kind: kind.name)
def test_looking_is_not_written_down(kind: type[Operation]) -> None:
    assert lines(sample(kind)) == []


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (Initiate(to="+15550101234", message="secret words", objective="more"), {"number": "…1234", "call_id": "01J"}),
        (AddDoNotCall(number="+15550101234", reason="words"), {"number": "…1234"}),
        (RevokePairing(number="+15550101234"), {"number": "…1234"}),
        (CreateToken(label="shop"), {"label": "shop"}),
        (End(call_id="01X"), {"call_id": "01X"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("refusal", [None, CallRefused("no", "no")])
def test_what_it_was_about_is_told_without_whole_numbers_and_words(
    operation: Operation, told: dict[str, str], refusal: CallRefused | None
) -> None:
    (line,) = lines(operation, refusal)
    if refusal is not None and "call_id" not in msgspec.structs.asdict(operation):
        told = {name: value for name, value in told.items() if name != "call_id"}
    assert {name: line[name] for name in told} == told
    assert not any(words in str(line) for words in ("5550101234", "secret", "more", "words"))
