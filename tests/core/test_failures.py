"""Every error is told in one way, and understood as what it was."""

from __future__ import annotations

import pytest

from voicecall.core.failures import KINDS, told, understood
from voicecall.errors import (
    AgentError,
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    ConfigError,
    OperationTimeout,
    RequestError,
    StoreConflict,
    StoreError,
    VoicecallError,
)


class Unheard(RequestError):
    code = "unheard-of"


@pytest.mark.parametrize(
    ("error", "code", "status", "number"),
    [
        (BadParameters("so"), "bad-parameters", 422, -32602),
        (CallNotFound("so"), "call-not-found", 404, -32001),
        (CallOver("so"), "call-over", 409, -32002),
        (CallRefused("why", "so"), "refused", 403, -32003),
        (CallRefused("why", "so", limit=True, retry_after=3), "refused", 429, -32003),
        (OperationTimeout("so"), "timeout", 504, -32005),
        (RequestError("so"), "request", 400, -32600),
        (CarrierError("so", code="21211"), "provider-failed", 502, -32004),
        (StoreError("so"), "store-failed", 503, -32603),
        (VoicecallError("so"), "failed", 500, -32603),
    ],
)
def test_an_error_is_told_and_understood_again(error: VoicecallError, code: str, status: int, number: int) -> None:
    failure = told(error)
    assert (failure.code, failure.status, failure.number, failure.message) == (code, status, number, "so")
    again = understood(
        failure.code, failure.message, status=status, reason=failure.reason, retry_after=failure.retry_after
    )
    assert type(again) is type(error)
    assert told(again) == failure


def test_what_derives_from_an_error_is_told_as_that() -> None:
    assert [told(error).status for error in (StoreConflict("so"), AgentError("so"), ConfigError(()))] == [503, 502, 500]
    assert (told(Unheard("so")).code, told(Unheard("so")).status) == ("unheard-of", 400)


def test_a_code_of_another_version_is_a_request_that_failed() -> None:
    found = understood("unheard-of", "so", status=418)
    assert (type(found), str(found)) == (RequestError, "so")
    refused = understood("refused", "so", status=403)
    assert isinstance(refused, CallRefused)
    assert (refused.reason, refused.limit) == ("", False)


def test_every_code_stands_for_one_error() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
