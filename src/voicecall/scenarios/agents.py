"""Agents of the shipped scenarios, each for `brain.callable`: how slow or faulty ones feel to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from voicecall.brains import Conversation

ANSWER = "We are open from nine to five."


async def slow(conversation: Conversation) -> str:
    """Answer after four seconds."""
    await asyncio.sleep(4.0)
    return ANSWER


async def quick(conversation: Conversation) -> str:
    """Answer after half a second."""
    await asyncio.sleep(0.5)
    return ANSWER


async def fails_first(conversation: Conversation) -> str:
    """Fail at the caller's first turn, however often it is asked for."""
    if sum(line.speaker == "caller" for line in conversation.lines) < 2:
        raise RuntimeError("on purpose")
    return ANSWER


async def breaks_off(conversation: Conversation) -> AsyncGenerator[str, None]:
    """Fail amid every answer, after its first sentence."""
    yield ANSWER + " "
    raise RuntimeError("on purpose")


async def empty(conversation: Conversation) -> str:
    """Answer nothing at all."""
    return ""


def last_heard(conversation: Conversation) -> str:
    """Say what of the agent's own line before the caller heard."""
    own = [line.text for line in conversation.lines if line.speaker == "agent"]
    return f"You heard: {own[-1] if own else 'nothing'}"
