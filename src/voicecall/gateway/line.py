"""The carrier's side of one call: what the call wants of its carrier, in the reply at hand or by REST."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from voicecall.carriers import Action, Carrier, HttpReply, RestResponse
from voicecall.core.events import Event


class Http(Protocol):
    """Sends one request to somebody else's machine."""

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float,  # noqa: ASYNC109 - per attempt, which the caller cannot see
        repeatable: bool = False,
    ) -> tuple[int, bytes]:
        """Return status and body.

        Raises:
            CarrierError: no answer came; `certain` says whether the request was surely not carried out.
        """


class Hand:
    """A webhook that waits for its answer. Answered once; later answers are for nobody."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self.nonce = ""
        """The credential in the answer, if there is one."""

    @property
    def is_open(self) -> bool:
        """Whether the carrier still waits."""
        return not self.answer.done()

    @property
    def reply(self) -> HttpReply | None:
        """The answer, once there is one."""
        done = self.answer.done() and not self.answer.cancelled() and self.answer.exception() is None
        return self.answer.result() if done else None

    def give(self, reply: HttpReply) -> None:
        """Answer, unless it was answered already."""
        if self.is_open:
            self.answer.set_result(reply)

    def fail(self, error: BaseException) -> None:
        """There is no answer: the carrier should deliver it again."""
        if self.is_open:
            self.answer.set_exception(error)

    def pass_on(self, other: Hand) -> None:
        """Answer another webhook with what answers this one."""

        def copy(answer: asyncio.Future[HttpReply]) -> None:
            error = None if answer.cancelled() else answer.exception()
            if error is not None:
                other.fail(error)
            elif not answer.cancelled():
                other.give(answer.result())

        self.answer.add_done_callback(copy)


class Line:
    """Carries out actions on one carrier."""

    def __init__(self, carrier: Carrier, http: Http, *, timeout: float) -> None:
        """`timeout`: seconds that the carrier's REST API may take."""
        self.carrier = carrier
        self._http = http
        self._timeout = timeout

    def answer(self, action: Action, hand: Hand) -> bool:
        """Carry the action out by answering the webhook at hand; say whether that was possible."""
        document = self.carrier.document(action) if hand.is_open else None
        if document is None:
            return False
        hand.give(document)
        return True

    async def request(self, action: Action) -> tuple[Event, ...]:
        """Carry the action out by REST, and return what is known from the response.

        Raises:
            CarrierError: the carrier refused or failed it.
        """
        request = self.carrier.request(action)
        status, body = await self._http.send(
            request.method,
            request.url,
            request.headers,
            request.body,
            timeout=self._timeout,
            repeatable=request.repeatable,
        )
        return self.carrier.outcome(action, RestResponse(status, body))

    def nothing(self) -> HttpReply:
        """Return the answer to a webhook that changes nothing."""
        return self.carrier.document(None) or HttpReply()
