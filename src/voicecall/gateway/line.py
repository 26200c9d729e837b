"""The carrier's side of one call: what the call wants of its carrier, in the reply at hand or by REST."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Protocol

from voicecall.carriers import Action, Carrier, HttpReply, RestResponse
from voicecall.core.events import Event
from voicecall.errors import CarrierError


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

    def __init__(self, key: str, at: float) -> None:
        """`key` names what the webhook says for ever; it came at `at`, in Unix seconds."""
        self.answer: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self.nonce = nonce_of(key)
        """The id of the credential in the answer, where there is one."""
        self.at = at
        self.kept = False
        """Whether it is answered only once there is something to say."""
        self.returns = False
        """Whether the leg was told to come back."""

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


def nonce_of(key: str) -> str:
    """Return the id of the credential that answers a webhook: the same whoever answers it, and whenever."""
    return sha256(key.encode()).hexdigest()[:24]


class Line:
    """Carries out actions on one carrier."""

    def __init__(self, carrier: Carrier, http: Http, *, timeout: float, dials_per_second: float | None = None) -> None:
        """`timeout`: seconds that the carrier's REST API may take. `dials_per_second`: at most; None for any."""
        self.carrier = carrier
        self._http = http
        self._timeout = timeout
        self._pace = 1 / dials_per_second if dials_per_second else 0.0
        self._next_dial = 0.0
        """Loop time."""

    @property
    def pace(self) -> float:
        """Seconds between one dial and the next."""
        return self._pace

    @property
    def is_dialling_slowly(self) -> bool:
        """Whether a dial would have to wait for those before it."""
        return self._next_dial > asyncio.get_running_loop().time()

    async def await_dial(self, over: asyncio.Event) -> None:
        """Return when the next dial may be made, or `over` is set; whoever comes first dials first."""
        now = asyncio.get_running_loop().time()
        due = max(now, self._next_dial)
        self._next_dial = due + self._pace
        if due > now:
            with suppress(TimeoutError):
                async with asyncio.timeout(due - now):
                    await over.wait()

    def answer(self, action: Action, hand: Hand) -> bool:
        """Carry the action out by answering the webhook at hand; say whether that was possible."""
        document = self.document(action) if hand.is_open else None
        if document is None:
            return False
        hand.give(document)
        return True

    def document(self, action: Action) -> HttpReply | None:
        """Return what a webhook is answered so that the action is carried out, or None where no answer can do that."""
        try:
            return self.carrier.document(action)
        except CarrierError:
            return None

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
