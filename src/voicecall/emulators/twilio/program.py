"""Runs TwiML on a call: fetches documents and carries out their verbs, one after the other.

Source: Twilio docs `voice/twiml/*`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urljoin

from voicecall.emulators import faces
from voicecall.emulators.metronome import INTERVAL
from voicecall.errors import SpeechError

from .account import sid
from .delivery import Undelivered
from .dialing import dial
from .gathering import Input, PromptsOver, gather
from .twiml import TwimlError, parse
from .verbs import ConnectStream, Dial, Enqueue, Gather, Hangup, Leave, Pause, Play, Redirect, Reject, Say, Verb

if TYPE_CHECKING:
    from .call import TwilioCall

APOLOGY = "We are sorry. An application error has occurred. Goodbye."
"""What the phone hears when there is no document."""
CONTENT_TYPE = 12300
WARNING = 12200
NO_SPEECH = 13520
_XML = ("text/xml", "application/xml", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document comes from: a URL, or the text itself."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A document that was loaded."""

    verbs: tuple[Verb, ...] = ()
    url: str = ""
    """What its relative URLs are relative to."""


END = Page()
"""The call is to be hung up."""
LEAVE = Page()
"""The queue is to be left."""
RAN_OUT = Page()
"""There is no verb left."""
WAIT_AGAIN = 1.0
"""Seconds before the document of a queue is fetched again."""


class Program:
    """Carries out documents until one runs out, and then hangs up."""

    def __init__(self, call: TwilioCall) -> None:
        self._call = call
        self._leg = call.leg

    async def run(self, source: Source) -> None:
        """Run the document and all that follow from it."""
        await self._follow(await self._load("voice", source, {}))
        self._leg.dismiss()

    async def _follow(self, page: Page) -> Page:
        """Run a page and its successors; return how that ended: `END`, `LEAVE` or `RAN_OUT`."""
        while page.verbs:
            page = await self._perform(page)
        return page

    async def _perform(self, page: Page) -> Page:
        for verb in page.verbs:
            if not isinstance(verb, Reject | Pause | Redirect):
                self._call.answer()
            following = await self._do(verb, page)
            if following is not None:
                return following
        return RAN_OUT

    async def _do(self, verb: Verb, page: Page) -> Page | None:
        """Carry out a verb; return the page that replaces this one, if one does."""
        match verb:
            case Say() | Play() | Pause():
                await self._sound(verb)
            case Gather():
                return await self._gather(verb, page)
            case Redirect(url, method):
                return await self._next("redirect", url or page.url, method, page, {})
            case Reject(reason):
                self._leg.obey(faces.Reject(reason))
            case Hangup():
                return END
            case Leave():
                return LEAVE
            case Dial():
                result = await dial(verb, self._call)
                return await self._after("dial", verb.action, verb.method, page, result)
            case Enqueue():
                return await self._enqueue(verb, page)
            case ConnectStream():
                await self._call.streams.carry(verb, dict(verb.parameters))
                return await self._after("connect", verb.action, verb.method, page, {})
            case _:
                assert_never(verb)
        return None

    # --- documents

    async def _after(
        self, kind: str, action: str, method: str, page: Page, parameters: Mapping[str, str]
    ) -> Page | None:
        return await self._next(kind, action, method, page, parameters) if action else None

    async def _next(self, kind: str, url: str, method: str, page: Page, parameters: Mapping[str, str]) -> Page:
        return await self._load(kind, Source(_absolute(page, url), method), parameters)

    async def _load(self, kind: str, source: Source, parameters: Mapping[str, str]) -> Page:
        """Return the document, or that of the fallback URL, or an apology."""
        try:
            return await self._read(kind, source, parameters)
        except (Undelivered, TwimlError) as trouble:
            self._call.notify(trouble.code, str(trouble))
            settings = self._call.settings
            if settings.fallback_url:
                fallback = Source(settings.fallback_url, settings.fallback_method)
                try:
                    return await self._read(
                        "fallback", fallback, {**parameters, "ErrorCode": str(trouble.code), "ErrorUrl": source.url}
                    )
                except (Undelivered, TwimlError) as again:
                    self._call.notify(again.code, str(again))
        return Page((Say(APOLOGY), Hangup()))

    async def _read(self, kind: str, source: Source, parameters: Mapping[str, str]) -> Page:
        if source.twiml:
            body = source.twiml.encode()
        else:
            form = {**self._call.parameters(), **parameters}
            answer = await self._call.delivery.send(kind, source.method, source.url, form.items())
            content_type = answer.headers.get("content-type", _XML[0])
            if content_type.partition(";")[0].strip().lower() not in _XML:
                raise TwimlError(CONTENT_TYPE, f"{kind}: content type {content_type}")
            body = answer.body
        document = parse(body)
        for warning in document.warnings:
            self._call.notify(WARNING, warning)
        return Page(document.verbs, source.url)

    # --- verbs

    async def _sound(self, verb: Say | Play | Pause) -> None:
        match verb:
            case Pause(length):
                await asyncio.sleep(length)
            case Say(text, loop):
                await self._say(text, loop)
            case Play(digits=digits) if digits:
                await self._leg.play_digits(digits)
            case Play():
                self._call.notify(WARNING, "<Play> plays digits here, no files")
            case _:
                assert_never(verb)

    async def _say(self, text: str, loop: int) -> None:
        try:
            audio = await self._call.network.speak(text)
        except SpeechError as error:
            self._call.notify(NO_SPEECH, str(error))
            return
        self._leg.note("say", text)
        playout, count = self._leg.playout, 0
        while audio and (count < loop or loop == 0):
            playout.queue(audio)
            count += 1
            while playout.seconds:  # noqa: ASYNC110 - the clock of the calls plays it, and a barge-in drops it
                await asyncio.sleep(playout.seconds + INTERVAL)

    async def _gather(self, verb: Gather, page: Page) -> Page | None:
        inputs = self._call.inputs = asyncio.Queue()
        count = itertools.count()

        def partial(text: str) -> None:
            stable = {"UnstableSpeechResult": "", "StableSpeechResult": text, "Stability": "0.9"}
            form = {**self._call.parameters(), **stable, "SequenceNumber": str(next(count))}
            url = _absolute(page, verb.partial_result_callback)
            self._call.call_back("partial", verb.partial_result_method, url, form)

        async with asyncio.TaskGroup() as tasks:
            prompting = tasks.create_task(self._prompt(verb.prompts, inputs))

            def interrupt() -> None:
                prompting.cancel()
                self._leg.playout.clear()

            result = await gather(verb, inputs, interrupt, partial if verb.partial_result_callback else None)
        self._call.inputs = None
        if not result and not verb.action_on_empty_result:
            return None
        action = verb.action or page.url
        return await self._after("gather", action, verb.method, page, result)

    async def _prompt(self, prompts: Sequence[Say | Play | Pause], inputs: asyncio.Queue[Input]) -> None:
        for prompt in prompts:
            await self._sound(prompt)
        inputs.put_nowait(PromptsOver())

    async def _enqueue(self, verb: Enqueue, page: Page) -> Page | None:
        loop = asyncio.get_running_loop()
        since = loop.time()
        queue = {"QueueSid": sid("QU", verb.name), "QueueTime": "0", "QueuePosition": "1", "CurrentQueueSize": "1"}
        last = RAN_OUT
        while last is not LEAVE:
            if last is END:
                return END
            if not verb.wait_url:
                await asyncio.Event().wait()
            queue["QueueTime"] = str(round(loop.time() - since))
            last = await self._follow(await self._next("wait", verb.wait_url, verb.wait_method, page, queue))
            await asyncio.sleep(0 if last is LEAVE else WAIT_AGAIN)
        result = {"QueueResult": "leave", "QueueSid": queue["QueueSid"], "QueueTime": str(round(loop.time() - since))}
        return await self._after("enqueue", verb.action, verb.method, page, result)


def _absolute(page: Page, url: str) -> str:
    """Return a URL of this page; the delivery refuses what is none."""
    with suppress(ValueError):
        return urljoin(page.url, url)
    return url
