"""The built-in demo agent: a small scripted receptionist, and honest about being one. No model, no network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from voicecall.brains import Conversation, HangUpAfter, Opening, Report, Said

ASK_MESSAGE = "Of course. Please tell me the message, and I will write it down."
HELP = (
    "I am the demo receptionist of voicecall, a small script and not a person. I can tell you what time it is, I can "
    "take a message and read it back to you, I can repeat what I said last, and when you say goodbye I hang up. "
    "For anything cleverer, connect your own agent and let it answer in my place."
)
BYE = "Thank you for calling. Goodbye!"

_TIME = re.compile(r"\b(what time|the time|o'?clock|how late)\b")
_TAKE = re.compile(r"\b(message|write (this|that|it) down|note)\b")
_AGAIN = re.compile(r"\b(repeat|again|pardon|sorry\?|say that)\b")
_BYE = re.compile(r"\b(good ?bye|bye|that('s| is| was) all|hang up|nothing else|no,? thank)")
_WHO = re.compile(
    r"\b(who are you|what are you|robot|human|person|help|what can you|what do you|how (does|do) (this|you))\b"
)
_THANKS = re.compile(r"\b(thanks|thank you)\b")


class DemoBrain:
    """Greets, tells the time, takes a message, repeats, says goodbye. The same for every call."""

    early = True

    def open(self, call: Opening, report: Callable[[Report], None]) -> DemoBrain:
        """Return the agent of a call."""
        return self

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer to the caller's last line."""
        said = conversation.lines[-1].text.strip()
        text, goodbye = _answer(said, conversation)
        yield text
        if goodbye:
            yield HangUpAfter()


def _answer(said: str, conversation: Conversation) -> tuple[str, bool]:
    """The answer, and whether it is the last."""
    plain = said.lower().replace("\u2019", "'")
    last = next((line.text for line in reversed(conversation.lines) if line.speaker == "agent"), "")
    if last.endswith(ASK_MESSAGE):
        return f"I have written down: {said.rstrip('.!?')}. Can I do anything else for you?", False
    if _BYE.search(plain):
        return BYE, True
    if _TIME.search(plain):
        return f"It is {spoken_time(datetime.fromtimestamp(conversation.now))}.", False  # noqa: DTZ006 - the caller's clock
    if _TAKE.search(plain):
        return ASK_MESSAGE, False
    if _AGAIN.search(plain):
        return f"I said: {last}" if last else "I have not said anything yet.", False
    if _WHO.search(plain):
        return HELP, False
    if _THANKS.search(plain):
        return "You are welcome. Is there anything else?", False
    return f"You said: {said.rstrip('.!?')}. I can tell you the time or take a message.", False


_ONES = "twelve one two three four five six seven eight nine ten eleven".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "oh ten twenty thirty forty fifty".split()


def spoken_time(moment: datetime) -> str:
    """Return a time of day in words, such as `ten forty-two in the morning`."""
    part = "in the morning" if moment.hour < 12 else "in the afternoon" if moment.hour < 18 else "in the evening"
    hour, minute = _ONES[moment.hour % 12], moment.minute
    if minute == 0:
        return f"{hour} o'clock {part}"
    if 10 <= minute < 20:
        return f"{hour} {_TEENS[minute - 10]} {part}"
    tens, ones = _TENS[minute // 10], _ONES[minute % 10] if minute % 10 else ""
    return f"{hour} {tens}{' ' if tens == 'oh' else '-'}{ones} {part}" if ones else f"{hour} {tens} {part}"
