"""The media plane of one call: a straight pipe between its media stream and its ears and mouth.

Audio never meets the mailbox. Facts go there, and what the call decides comes back as four verbs: say, respond, hold,
resume, cancel. A stream may drop and another take its place; ears and mouth stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicecall.brains import Conversation
from voicecall.carriers import MediaAudio, MediaCodec, MediaDigit, MediaMark, MediaStarted, MediaStopped
from voicecall.core.effects import CancelReply, HoldReply, Respond, ResumeReply, Say
from voicecall.core.events import DigitPressed, Event, StreamStopped, TurnMeasured, Warned
from voicecall.core.ids import StreamId
from voicecall.errors import FrameError
from voicecall.gateway.ears import Ears
from voicecall.gateway.mouth import Mouth
from voicecall.net import MediaSocket

_QUIET = 10.0
"""Seconds without a message after which a media stream is taken for dead."""


class _Outlet:
    """The sending half of a media stream."""

    def __init__(self, codec: MediaCodec, socket: MediaSocket) -> None:
        self._codec = codec
        self._socket = socket

    async def audio(self, mulaw: bytes) -> None:
        await self._socket.send(self._codec.audio(mulaw))

    async def mark(self, name: str) -> None:
        await self._socket.send(self._codec.mark(name))

    async def clear(self) -> None:
        await self._socket.send(self._codec.clear())


class Media:
    """Joins the ears and the mouth of a call to whichever stream it has."""

    def __init__(
        self, ears: Ears, mouth: Mouth, post: Callable[[Event], None], conversation: Callable[[], Conversation]
    ) -> None:
        """`conversation` gives what the agent is told when it is its turn."""
        self._ears = ears
        self._mouth = mouth
        self._post = post
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._socket: MediaSocket | None = None
        self._received = 0
        """Messages from all streams of the call."""

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._watch(), name="watch")
                await self._mouth.run()
        finally:
            self._ears.end()

    async def _watch(self) -> None:
        """Close a stream that has gone quiet: media flows all the time, so its socket is dead."""
        while True:
            socket, received = self._socket, self._received
            await asyncio.sleep(_QUIET)
            if socket is not None and socket is self._socket and received == self._received:
                self._post(Warned("stream-quiet", f"The media stream brought nothing for {_QUIET:g} s; it was closed."))
                await socket.close(1001, "nothing came any more")

    def perform(self, effect: Say | Respond | HoldReply | ResumeReply | CancelReply) -> None:
        """Do at once what the call decided."""
        match effect:
            case Say(reply, text):
                self._mouth.say(reply, text)
            case Respond(reply, turn):
                self._mouth.respond(reply, turn, self._conversation(), self._ears.silent_since)
            case HoldReply(reply, turn):
                self._mouth.hold(reply)
                late = round((self._loop.time() - self._ears.onset) * 1000, 1)
                self._post(TurnMeasured(turn, {"interruption": late}))
            case ResumeReply(reply):
                self._mouth.resume(reply)
            case CancelReply(reply):
                self._mouth.cancel(reply)

    async def serve(self, stream_id: StreamId, codec: MediaCodec, socket: MediaSocket) -> None:
        """Pump one media stream until it ends; a newer stream takes the place of an older one.

        Raises:
            FrameError: the peer broke its wire format.
        """
        older, self._socket = self._socket, socket
        outlet = _Outlet(codec, socket)
        if older is not None:
            self._ears.close()
            self._tasks.create_task(older.close(1000, "another stream took its place"), name="stream")
        self._ears.open()
        self._mouth.player.attach(outlet)
        try:
            await self._pump(codec, socket)
        finally:
            self._mouth.player.detach(outlet)
            if self._socket is socket:
                self._socket = None
                self._ears.close()
            self._post(StreamStopped(stream_id))

    async def _pump(self, codec: MediaCodec, socket: MediaSocket) -> None:
        feed, decode, recv = self._ears.feed, codec.decode, socket.recv
        while (message := await recv()) is not None:
            self._received += 1
            match decode(message):
                case MediaAudio(payload):
                    feed(payload)
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

    def is_streaming(self) -> bool:
        """Say whether there is a stream."""
        return self._socket is not None

    async def close(self) -> None:
        """Close the stream, if there is one: it is not needed any more."""
        if self._socket is not None:
            await self._socket.close(1000, "not needed any more")
