"""Transcription: what the phone says, told in writing. Speech is known from the phone's script, nothing is recognised.

Source: Telnyx docs `api-reference/call-commands/transcription-start`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from voicecall.emulators.legs import Leg
from voicecall.emulators.phones import PICK_UP

from .commands import StartTranscription
from .errors import ApiError

PAUSE = 0.5
"""Seconds from the end of an utterance to its final result."""


class Transcriber:
    """Tells the utterances whose beginning it heard."""

    def __init__(
        self,
        leg: Leg,
        event: Callable[[str, Mapping[str, object]], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`event` sends a webhook; `spawn` owns what is being recognised."""
        self._leg = leg
        self._event = event
        self._spawn = spawn
        self._wanted: StartTranscription | None = None
        self._saying: str | None = None
        """What the phone is saying, or about to say."""
        self._hearing = False
        """Whether that was heard from its beginning."""

    def start(self, wanted: StartTranscription) -> None:
        """Listen from now on.

        Raises:
            ApiError: it does already.
        """
        if self._wanted is not None:
            raise ApiError("90054", "Call transcription can not be started more than once.")
        self._wanted = wanted
        if self._saying is not None and self._leg.now < PICK_UP:
            self._begin(self._saying, wanted)

    def stop(self) -> None:
        """Listen no more.

        Raises:
            ApiError: it does not.
        """
        if self._wanted is None:
            raise ApiError("90055", "Call transcription has not been started.")
        self.call_ended()

    def call_ended(self) -> None:
        """The call is over; what was not recognised by now never is."""
        self._wanted, self._hearing = None, False

    def noted(self, what: str, text: str) -> None:
        """Take an entry of the leg's journal."""
        wanted = self._wanted
        if what == "say-start":
            self._saying = text
            if wanted is not None:
                self._begin(text, wanted)
        elif what == "say-end":
            if wanted is not None and self._hearing:
                self._spawn(self._recognise(text, wanted))
            self._saying, self._hearing = None, False
        elif what == "say" and wanted is not None and wanted.transcription_tracks != "inbound":
            self._tell("outbound", text, final=True)

    def _begin(self, text: str, wanted: StartTranscription) -> None:
        self._hearing = wanted.transcription_tracks != "outbound"
        words = text.split()
        if self._hearing and wanted.interim and len(words) > 1:
            self._tell("inbound", " ".join(words[: len(words) // 2]), final=False)

    async def _recognise(self, text: str, wanted: StartTranscription) -> None:
        await asyncio.sleep(PAUSE)
        if self._wanted is wanted:
            self._tell("inbound", text, final=True)

    def _tell(self, track: str, text: str, *, final: bool) -> None:
        data = {"transcript": text, "is_final": final, "confidence": 0.9, "transcription_track": track}
        self._event("call.transcription", {"transcription_data": data})
