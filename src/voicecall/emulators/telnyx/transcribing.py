"""Transcription: what the phone says, told in writing. Speech is known from the phone's script, nothing is recognised.

Source: Telnyx docs `api-reference/call-commands/transcription-start`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from .commands import StartTranscription
from .errors import ApiError

PAUSE = 0.5
"""Seconds from the end of an utterance to its final result."""


class Transcriber:
    """Tells the utterances that begin while it runs."""

    def __init__(
        self,
        event: Callable[[str, Mapping[str, object]], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`event` sends a webhook; `spawn` owns what is being recognised."""
        self._event = event
        self._spawn = spawn
        self._wanted: StartTranscription | None = None
        self._hearing: str | None = None

    def start(self, wanted: StartTranscription) -> None:
        """Listen from now on.

        Raises:
            ApiError: it does already.
        """
        if self._wanted is not None:
            raise ApiError("90054", "Call transcription can not be started more than once.")
        self._wanted = wanted

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
        self._wanted = self._hearing = None

    def noted(self, what: str, text: str) -> None:
        """Take an entry of the leg's journal."""
        wanted = self._wanted
        if wanted is None:
            return
        if what == "say" and wanted.transcription_tracks != "inbound":
            self._tell("outbound", text, final=True)
        elif what == "say-start" and wanted.transcription_tracks != "outbound":
            self._hearing = text
            words = text.split()
            if wanted.interim and len(words) > 1:
                self._tell("inbound", " ".join(words[: len(words) // 2]), final=False)
        elif what == "say-end" and self._hearing is not None:
            self._hearing = None
            self._spawn(self._recognise(text, wanted))

    async def _recognise(self, text: str, wanted: StartTranscription) -> None:
        await asyncio.sleep(PAUSE)
        if self._wanted is wanted:
            self._tell("inbound", text, final=True)

    def _tell(self, track: str, text: str, *, final: bool) -> None:
        data = {"transcript": text, "is_final": final, "confidence": 0.9, "transcription_track": track}
        self._event("call.transcription", {"transcription_data": data})
