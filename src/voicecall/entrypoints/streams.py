"""A media stream, from its first message to its end: it starts in time, with a credential of ours, or it is closed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping

import structlog

from voicecall.carriers import Carrier, MediaCodec, MediaStarted, Webhook
from voicecall.core.credentials import Credential, check
from voicecall.errors import FrameError, SignatureError, StoreError, StreamRefused
from voicecall.net import MediaSocket

from . import Desk

_log: structlog.stdlib.BoundLogger = structlog.get_logger()
_CREDENTIAL = re.compile(r"1\.[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_NORMAL, _UNACCEPTABLE, _REFUSED, _FAILED = 1000, 1003, 1008, 1011


class Streams:
    """Reads the start of media streams and hands them to the desk."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        desk: Desk,
        clock: Callable[[], float],
        *,
        default: str,
        keys: Iterable[bytes],
        pre_start_timeout: float,
        require_signature: bool = False,
    ) -> None:
        """Serve these carriers, `default` first. `clock` gives Unix seconds; `pre_start_timeout` is in seconds.

        `require_signature`: no handshake goes on without a right one.
        """
        self._ordered = sorted(carriers.values(), key=lambda carrier: carrier.name != default)
        self._desk = desk
        self._clock = clock
        self._keys = tuple(keys)
        self._pre_start_timeout = pre_start_timeout
        self._require_signature = require_signature

    def carrier(self, headers: Mapping[str, str]) -> Carrier | None:
        """Return the carrier whose signature the handshake bears, else the first, of those whose streams bring their
        credential in the start message, or None.
        """
        able = [one for one in self._ordered if one.capabilities.credential_in_start]
        return next((one for one in able if one.recognises(headers)), able[0] if able else None)

    def carrier_of(self, credential: str) -> Carrier:
        """Return the carrier that a credential in a path is for.

        Raises:
            StreamRefused: the credential is not ours, not fresh, or for no carrier that is served here in this way.
        """
        name = self.check(credential).carrier
        for one in self._ordered:
            if one.name == name and not one.capabilities.credential_in_start:
                return one
        raise StreamRefused("wrong call")

    def admits(self, carrier: Carrier, handshake: Webhook) -> bool:
        """Say whether a handshake may go on, as far as its signature goes; log what is wrong with it.

        A right signature is no credential: it vouches for the carrier, and the stream is of one call.
        """
        expected = self._require_signature and carrier.capabilities.signs_handshake
        if not expected and not carrier.recognises(handshake.headers):
            return True
        log = _log.bind(carrier=carrier.name, peer=handshake.peer)
        try:
            carrier.verify(handshake, self._clock())
        except SignatureError as error:
            event = "stream.refused" if expected else "stream.signature"
            log.warning(event, reason=f"handshake: {error}", tried=[_masked(form) for form in error.tried])
            return not expected
        log.debug("stream.signature", reason="right")
        return True

    def is_signed(self, carrier: Carrier, handshake: Webhook) -> bool:
        """Say whether a handshake bears the carrier's right signature."""
        try:
            carrier.verify(handshake, self._clock())
        except SignatureError:
            return False
        return True

    def check(self, credential: str | None) -> Credential:
        """Return what a credential says, if it is ours and fresh; whether it fits and is unused is for the desk.

        Raises:
            StreamRefused: it is not.
        """
        return check(self._keys, credential, call_id=None, now=self._clock())

    async def serve(
        self, carrier: Carrier, credential: str | None, socket: MediaSocket, started: Callable[[], None]
    ) -> None:
        """Serve one stream until it ends, and close it. `started` is called once its credential was checked.

        `credential` is the one in the path; without it, the start message must bring one.
        """
        log = _log.bind(carrier=carrier.name)
        codec = carrier.media()
        try:
            async with asyncio.timeout(self._pre_start_timeout):
                start = await _read_start(socket, codec)
        except TimeoutError:
            log.warning("stream.silent", seconds=self._pre_start_timeout)
            await socket.close(_REFUSED, "no start in time")
            return
        except FrameError as error:
            await _malformed(log, socket, error)
            return
        if start is None:
            log.info("stream.lost")
            return
        log = log.bind(stream_id=start.stream_id, carrier_call_id=start.carrier_call_id)
        token = start.credential if credential is None else credential
        try:
            claim = self.check(token)
            started()
            await self._desk.stream(carrier.name, codec, start, claim, socket)
        except StreamRefused as refused:
            log.warning("stream.refused", reason=refused.reason)
            self._desk.refused(carrier.name, start.carrier_call_id, refused.reason)
            await socket.close(_REFUSED, refused.reason)
        except FrameError as error:
            await _malformed(log, socket, error)
        except StoreError as error:
            log.error("stream.unsaved", reason=str(error))
            await socket.close(_FAILED, "failed")
        else:
            await socket.close(_NORMAL, "")


async def _read_start(socket: MediaSocket, codec: MediaCodec) -> MediaStarted | None:
    """Return the start of the stream, or None when the socket closed before it."""
    while (message := await socket.recv()) is not None:
        match codec.decode(message):
            case None:
                continue
            case MediaStarted() as start:
                return start
            case frame:
                raise FrameError(f"{type(frame).__name__} before the stream's start")
    return None


def _masked(url: str) -> str:
    """Return a URL without the credential in its path."""
    return _CREDENTIAL.sub("…", url)


async def _malformed(log: structlog.stdlib.BoundLogger, socket: MediaSocket, error: FrameError) -> None:
    log.warning("stream.malformed", reason=str(error))
    await socket.close(_UNACCEPTABLE, "malformed")
