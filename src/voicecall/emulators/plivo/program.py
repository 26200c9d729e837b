"""Runs XML on a call: fetches documents and carries out their elements, one after the other.

Source: Plivo docs `voice/xml/*`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import pi
from typing import TYPE_CHECKING, assert_never

import numpy as np

from voicecall.audio.g711 import from_float
from voicecall.emulators.playout import RATE

from . import causes
from .causes import Hangup as Reason, Place
from .delivery import InvalidUrl, Undelivered
from .dialing import dial
from .documents import XmlError, parse
from .elements import Dial, Dtmf, Element, GetInput, Hangup, Play, Record, Redirect, Speak, Stream, Wait
from .gathering import Input, PromptsOver, get_input
from .recording import record, record_session

if TYPE_CHECKING:
    from .call import PlivoCall

_XML = ("text/xml", "application/xml")
MUSIC = from_float((0.05 * np.sin(2 * pi * 330 * np.arange(RATE, dtype=np.float32) / RATE)).astype(np.float32))
"""A second of what a waiting phone hears."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document comes from, and what its URL is told beyond the parameters of every webhook."""

    url: str
    method: str
    place: Place
    parameters: Mapping[str, str] = field(default_factory=dict)


class _Over(Exception):
    """The call is to be ended."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why.name)
        self.why = why


class Program:
    """Carries out documents until one runs out, and then ends the call."""

    def __init__(self, call: PlivoCall) -> None:
        self._call = call
        self._leg = call.leg

    async def run(self, source: Source) -> None:
        """Run the document and all that follow from it."""
        following: Source | None = source
        try:
            while following is not None:
                following = await self._perform(await self._load(following))
        except _Over as over:
            self._call.hang_up(over.why)
        else:
            self._call.hang_up(causes.RAN_OUT)

    async def _perform(self, elements: Sequence[Element]) -> Source | None:
        for element in elements:
            if not isinstance(element, Wait | Redirect | Hangup):
                self._call.answer()
            following = await self._do(element)
            if following is not None:
                return following
        return None

    async def _do(self, element: Element) -> Source | None:
        """Carry out an element; return where the document comes from that replaces this one, if one does."""
        match element:
            case Speak() | Play():
                await self._sound(element)
            case Wait():
                await self._wait(element)
            case Dtmf(digits, asynchronous):
                if asynchronous:
                    self._leg.hear_digits(digits)
                else:
                    await self._leg.play_digits(digits)
            case GetInput():
                result = await self._input(element)
                return self._after(element, result) if result else None
            case Redirect(url, method):
                return Source(url, method, "redirect")
            case Hangup():
                self._hang_up(element)
            case Record(session=True):
                record_session(element, self._call)
            case Record():
                return self._after(element, await record(element, self._call))
            case Dial():
                return self._after(element, await dial(element, self._call))
            case Stream():
                return await self._stream(element)
            case _:
                assert_never(element)
        return None

    # --- documents

    def _after(self, element: GetInput | Record | Dial, result: Mapping[str, str]) -> Source | None:
        """Return where to go on after an element: at its action, unless that is none or only a notification."""
        if not element.action:
            return None
        if element.redirect:
            return Source(element.action, element.method, "action", result)
        form = {**self._call.parameters("Redirect"), **result}
        self._call.call_back("action", element.method, element.action, form)
        return None

    async def _load(self, source: Source) -> tuple[Element, ...]:
        call, settings = self._call, self._call.settings
        try:
            return await self._read(source.place, source)
        except XmlError as trouble:
            call.notify("invalid_xml", str(trouble))
            raise _Over(causes.invalid_document(source.place)) from None
        except InvalidUrl as trouble:
            call.notify("invalid_url", str(trouble))
            raise _Over(causes.invalid_url(source.place)) from None
        except Undelivered as trouble:
            call.notify("unreachable", str(trouble))
            if source.place != "answer" or not settings.fallback_url:
                raise _Over(causes.unreachable(source.place)) from None
        try:
            return await self._read("fallback", Source(settings.fallback_url, settings.fallback_method, "answer"))
        except XmlError as trouble:
            call.notify("invalid_xml", str(trouble))
            raise _Over(causes.invalid_document("answer")) from None
        except Undelivered as trouble:
            call.notify("unreachable", str(trouble))
            raise _Over(causes.unreachable("answer")) from None

    async def _read(self, kind: str, source: Source) -> tuple[Element, ...]:
        event = "StartApp" if source.place == "answer" else "Redirect"
        form = tuple({**self._call.parameters(event), **source.parameters}.items())
        patience = self._call.readings.document_patience
        answer = await self._call.delivery.send(kind, source.method, source.url, form, patience=patience)
        content_type = answer.headers.get("content-type", _XML[0])
        if content_type.partition(";")[0].strip().lower() not in _XML:
            raise XmlError(f"content type {content_type}")
        return parse(answer.body)

    # --- elements

    async def _sound(self, element: Speak | Play) -> None:
        match element:
            case Speak(text, loop):
                await self._call.say(text, loop)
            case Play(url):
                self._leg.note("play", url)
            case _:
                assert_never(element)

    async def _wait(self, element: Wait) -> None:
        """Be silent, or play music; a phone that still rings hears nothing of it."""
        if element.silence:
            await asyncio.sleep(element.length)
            return
        self._leg.note("hold-music")
        loop = asyncio.get_running_loop()
        end = loop.time() + element.length
        while (left := end - loop.time()) > 0:
            if self._leg.status == "answered":
                self._leg.playout.queue(MUSIC[: round(min(left, 1) * RATE)])
            await asyncio.sleep(min(left, 1))

    def _hang_up(self, element: Hangup) -> None:
        if element.schedule:
            self._call.schedule(element.schedule)
            return
        if element.reason:
            self._call.turn_away(busy=element.reason == "busy")
        raise _Over(causes.BY_DOCUMENT)

    async def _input(self, element: GetInput) -> dict[str, str]:
        call = self._call
        inputs = call.inputs = asyncio.Queue()
        count = itertools.count(1)

        def interim(text: str) -> None:
            heard = {"StableSpeech": text, "UnstableSpeech": "", "Stability": "0.9", "SequenceNumber": str(next(count))}
            form = call.parameters("InterimSpeech") | heard
            call.call_back("interim", element.interim_method, element.interim_callback, form)

        async with asyncio.TaskGroup() as tasks:
            prompting = tasks.create_task(self._prompt(element.prompts, inputs))

            def interrupt() -> None:
                prompting.cancel()
                self._leg.playout.clear()

            result = await get_input(element, inputs, interrupt, interim)
            prompting.cancel()
        call.inputs = None
        return result

    async def _prompt(self, prompts: Sequence[Speak | Play], inputs: asyncio.Queue[Input]) -> None:
        for prompt in prompts:
            await self._sound(prompt)
        inputs.put_nowait(PromptsOver())

    async def _stream(self, element: Stream) -> Source | None:
        call = self._call
        if not element.keep_call_alive:
            call.streams.start(element)
            return None
        call.held = True
        try:
            await call.streams.carry(element)
        finally:
            call.held = False
        following, call.transfer_to = call.transfer_to, None
        return following
