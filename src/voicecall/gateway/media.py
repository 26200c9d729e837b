"""The media plane of one call: a straight pipe between its media stream and its ears and mouth.

Audio never meets the mailbox. Facts go there, and what the call decides comes back as four verbs: say, respond, hold,
resume, cancel. A stream may drop and another take its place; ears and mouth stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from voicecall.brains import Conversation
from voicecall.carriers import MediaAudio, MediaCodec, MediaDigit, MediaMark, MediaStarted, MediaStopped
from voicecall.core.call import Call
from voicecall.core.effects import (
    CancelReply,
    DropConsults,
    HoldReply,
    Inform,
    Rehearse,
    Respond,
    ResumeReply,
    Say,
    TakeOver,
)
from voicecall.core.events import DigitPressed, Event, StreamStopped, Warned
from voicecall.core.ids import StreamId
from voicecall.core.utterances import TurnMeasured
from voicecall.errors import FrameError
from voicecall.gateway.concluding import conclude
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.ears import Ears
from voicecall.gateway.mouth import Mouth
from voicecall.gateway.recording import Recording
from voicecall.net import MediaSocket

_QUIET = 10.0
"""Seconds without a message after which a media stream is taken for dead."""


class _Outlet:
    """The sending half of a media stream."""

    def __init__(
        self, codec: MediaCodec, socket: MediaSocket, sent: Callable[[bytes], None], cleared: Callable[[], None]
    ) -> None:
        self._codec = codec
        self._socket = socket
        self.sent = sent
        """What is told of audio that is sent."""
        self._cleared = cleared

    async def audio(self, mulaw: bytes) -> None:
        self.sent(mulaw)
        await self._socket.send(self._codec.audio(mulaw))

    async def mark(self, name: str) -> None:
        await self._socket.send(self._codec.mark(name))

    async def clear(self) -> None:
        await self._socket.send(self._codec.clear())
        self._cleared()


@dataclass(slots=True)
class _Interruption:
    """The agent was held while it sounded. Loop times."""

    reply: int
    turn: int
    onset: float
    held: float
    cleared: float = 0.0


class Media:
    """Joins the ears and the mouth of a call to whichever stream it has."""

    def __init__(
        self,
        ears: Ears,
        mouth: Mouth | Duplex,
        post: Callable[[Event], None],
        conversation: Callable[[str], Conversation],
        *,
        opening: str = "",
        recording: Recording | None = None,
        spare: Callable[[], tuple[Ears, Mouth]] | None = None,
    ) -> None:
        """`conversation` gives what the agent is told when it is its turn, or would be if the caller had said this.

        `opening`: what will be said first, as far as is known. `spare` gives what takes the place of a model that hears
        and speaks.
        """
        self._ears = ears
        self._mouth: Mouth | Duplex = mouth
        self._spare = spare
        self._post = post
        self._conversation = conversation
        self._opening = opening
        self._recording = recording
        self._loop = asyncio.get_running_loop()
        self._socket: MediaSocket | None = None
        self._outlet: _Outlet | None = None
        self._at_work: tuple[asyncio.Task[None], ...] = ()
        self._listen()
        self._interruption: _Interruption | None = None
        self._received = 0
        """Messages from all streams of the call."""

    async def run(self) -> None:
        """Serve until cancelled. What takes time is made ready at once: the phone may ring for a while."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._watch(), name="watch")
                self._work()
                if self._recording is not None:
                    self._tasks.create_task(self._recording.run(), name="recording")
                if self._opening:
                    await asyncio.sleep(0)  # the mouth must have begun
                    self._mouth.prepare(self._opening)
        finally:
            self._ears.end()

    def _work(self) -> None:
        ears = self._tasks.create_task(self._ears.run(), name="ears")
        self._at_work = (ears, self._tasks.create_task(self._mouth.run(), name="mouth"))

    def _listen(self) -> None:
        """Have what the caller says heard by whoever listens now."""
        self._feed: Callable[[bytes, str], None] = self._ears.feed
        if isinstance(self._mouth, Duplex):
            self._feed = self._converse
        if self._recording is not None:
            self._feed = self._heard

    def _converse(self, mulaw: bytes, base64: str) -> None:
        assert isinstance(self._mouth, Duplex)  # noqa: S101 - `_listen` has looked
        self._ears.feed(mulaw)
        self._mouth.hearing.hear(mulaw, base64)

    def _hush(self) -> None:
        """The stream is over, and what the caller was saying ends with it."""
        self._ears.close()
        if isinstance(self._mouth, Duplex):
            self._mouth.hearing.hush()

    def _take_over(self) -> None:
        """Put other ears and another mouth in the place of a model, under a stream that goes on."""
        if self._spare is None:
            return
        for task in self._at_work:
            task.cancel()
        if self._socket is not None:
            self._ears.close()
        self._ears.end()
        former = self._mouth.player
        (self._ears, self._mouth), self._spare = self._spare(), None
        self._mouth.player.follow(former)
        self._listen()
        self._work()
        if self._socket is not None and self._outlet is not None:
            former.detach(self._outlet)
            self._ears.open()
            self._outlet.sent = self._ears.sent if self._recording is None else self._sent
            self._mouth.player.attach(self._outlet)

    async def _watch(self) -> None:
        """Close a stream that has gone quiet: media flows all the time, so its socket is dead."""
        while True:
            socket, received = self._socket, self._received
            await asyncio.sleep(_QUIET)
            if socket is not None and socket is self._socket and received == self._received:
                self._post(Warned("stream-quiet", f"The media stream brought nothing for {_QUIET:g} s; it was closed."))
                await socket.close(1001, "nothing came any more")

    def perform(
        self,
        effect: Say | Respond | Rehearse | HoldReply | ResumeReply | CancelReply | TakeOver | Inform | DropConsults,
    ) -> None:
        """Do at once what the call decided."""
        match effect:
            case Say(reply, text):
                self._mouth.say(reply, text)
            case Respond(reply, turn, waited):
                ears = self._ears
                self._mouth.respond(
                    reply,
                    turn,
                    self._conversation(""),
                    silent_since=ears.silent_since,
                    heard_at=ears.heard_at,
                    waited=waited,
                )
            case Rehearse(_, text):
                self._mouth.rehearse(self._conversation(text))
            case HoldReply(reply, turn):
                if self._mouth.player.is_sounding:
                    self._interruption = _Interruption(reply, turn, self._ears.onset, self._loop.time())
                self._mouth.hold(reply)
            case ResumeReply(reply):
                self._mouth.resume(reply)
                self._interrupted(reply, confirmed=False)
            case CancelReply(reply):
                self._mouth.cancel(reply)
                self._interrupted(reply, confirmed=True)
            case TakeOver():
                self._take_over()
            case Inform(text) if isinstance(self._mouth, Duplex):
                self._mouth.desk.note(text)
            case DropConsults() if isinstance(self._mouth, Duplex):
                self._mouth.desk.abandon()
            case Inform() | DropConsults():
                pass  # nobody is there to be told

    def conclude(self, call: Call) -> None:
        """Have the agent say what came of the call, which is over."""
        self._tasks.create_task(self.close(), name="stream")
        self._tasks.create_task(conclude(self._mouth.mind, call, self._conversation(""), self._post), name="conclusion")

    def _cleared(self) -> None:
        """What the far end had not played yet was dropped."""
        self._ears.dropped()
        if self._recording is not None:
            self._recording.dropped()
        if self._interruption is not None and not self._interruption.cleared:
            self._interruption.cleared = self._loop.time()

    def _interrupted(self, reply: int, *, confirmed: bool) -> None:
        """It is known whether the agent was interrupted: tell how long that took, or how long it paused for nothing."""
        held, self._interruption = self._interruption, None
        if held is None or held.reply != reply:
            return
        now = self._loop.time()
        if confirmed:
            stages = {"interruption": (held.cleared or now) - held.onset, "interruption_confirmed": now - held.onset}
        else:
            stages = {"pause": now - held.held}
        self._post(TurnMeasured(held.turn, {name: round(value * 1000, 1) for name, value in stages.items()}))

    async def serve(self, stream_id: StreamId, codec: MediaCodec, socket: MediaSocket) -> None:
        """Pump one media stream until it ends; a newer stream takes the place of an older one.

        Raises:
            FrameError: the peer broke its wire format.
        """
        older, self._socket = self._socket, socket
        outlet = _Outlet(codec, socket, self._ears.sent if self._recording is None else self._sent, self._cleared)
        self._outlet = outlet
        if older is not None:
            self._hush()
            self._tasks.create_task(older.close(1000, "another stream took its place"), name="stream")
        self._ears.open()
        if self._recording is not None:
            self._recording.stream_opened()
        self._mouth.player.attach(outlet)
        try:
            await self._pump(codec, socket)
        finally:
            self._mouth.player.detach(outlet)
            if self._socket is socket:
                self._socket = None
                self._hush()
                if self._recording is not None:
                    self._recording.stream_closed()
            self._post(StreamStopped(stream_id))

    async def _pump(self, codec: MediaCodec, socket: MediaSocket) -> None:
        decode, recv = codec.decode, socket.recv
        while (message := await recv()) is not None:
            self._received += 1
            match decode(message):
                case MediaAudio(payload, base64):
                    self._feed(payload, base64)
                case MediaMark(name):
                    self._mouth.player.mark_returned(name)
                case MediaDigit(digit):
                    self._post(DigitPressed(digit))
                case MediaStopped():
                    return
                case MediaStarted():
                    raise FrameError("a second start on one media stream")
                case None:
                    pass

    def _heard(self, mulaw: bytes, base64: str) -> None:
        """Take caller audio in a call that is recorded."""
        assert self._recording is not None  # noqa: S101 - the caller has looked
        self._recording.heard(mulaw)
        self._ears.feed(mulaw)
        if isinstance(self._mouth, Duplex):
            self._mouth.hearing.hear(mulaw, base64)

    def _sent(self, mulaw: bytes) -> None:
        """Take note of what is sent in a call that is recorded."""
        assert self._recording is not None  # noqa: S101 - the caller has looked
        self._recording.sent(mulaw)
        self._ears.sent(mulaw)

    def is_streaming(self) -> bool:
        """Say whether there is a stream."""
        return self._socket is not None

    async def close(self) -> None:
        """Close the stream, if there is one: it is not needed any more."""
        if self._socket is not None:
            await self._socket.close(1000, "not needed any more")
