"""A call on which the carrier speaks and listens by itself, prompt by prompt. Pure.

The carrier asks what to do; it is told to speak and to listen; it comes back with what the caller said. So a prompt
that comes back is the proof that it was heard, and its number tells an old answer from a new one.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from voicecall.core import floor, replies, saying, turns
from voicecall.core.call import Call, Phase
from voicecall.core.draft import Draft
from voicecall.core.effects import AskCarrier, Listen, Prompt

LONGEST_PART = 1000
"""Characters that one prompt speaks: every carrier takes as many, in a document and in a request."""
_PACE = 8.0
"""Characters a second that any voice speaks."""
_QUIET = 20.0
"""Seconds within which a prompt that was spoken comes back, however long the carrier listened."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")


def asked(draft: Draft) -> None:
    """The carrier asks what to do."""
    begun = draft.call.turns.ready
    _back(draft)
    draft.press_first_digits()
    draft.greet()
    if not begun:
        replies.answer_the_unanswered(draft)


def have_it_listen(draft: Draft) -> None:
    """Have the carrier listen by itself, once, where that is a step of its own, and may be that which answers."""
    heard = not draft.call.pairing or draft.call.answered_at is None
    if draft.call.rules.can.listens_apart and not draft.call.prompts.listening and heard:
        _prompts(draft, listening=True)
        draft.do(Listen())


def gathered(draft: Draft, prompt: int, text: str) -> None:
    """A prompt came back with what the caller said, if anything; 0 stands for the newest prompt.

    A prompt is answered once, and not any more when a newer one was given: the leg is busy with that.
    """
    prompts = draft.call.prompts
    if prompt not in (0, prompts.number):
        return
    heard_apart = prompt == 0 and draft.call.rules.can.listens_apart
    _back(draft)
    if not prompts.waiting or heard_apart:
        draft.set(proven=True)
        _answered(draft, text, () if prompts.waiting else _left(draft.call))
    if draft.call.is_live and not draft.call.turns.ready and "machine" not in draft.call.timers:
        asked(draft)


def told(draft: Draft, prompt: int) -> None:
    """The carrier has spoken a prompt and listens: what was told was heard, and there may be more."""
    if prompt != draft.call.prompts.number or draft.call.prompts.waiting:
        return
    draft.set(proven=True)
    draft.start("prompt", _QUIET)
    if _left(draft.call):
        _prompts(draft, waiting=len(draft.call.prompts.left) > 1)
        _part_over(draft, interrupted=False)


def worded(draft: Draft, reply: int, text: str, written: str) -> None:
    """All words of a reply are known: tell them, in the middle of listening if need be."""
    call = draft.call
    if reply != call.turns.reply or reply == call.prompts.reply or not call.prompting:
        return
    parts = split(text)
    if not parts:
        replies.heard_out(draft, reply, "", confirmed=True)
        return
    _prompts(draft, waiting=True, reply=reply, written=written, told=(), left=parts)
    draft.set(replying_since=draft.at)
    draft.turn(saying.playback_started(call.turns, reply))


def attend(draft: Draft) -> None:
    """Tell the carrier that waits what to do, as soon as that is known."""
    call = draft.call
    if not call.prompting or not call.is_live or not call.prompts.waiting or call.phase is not Phase.ACTIVE:
        return
    left = _left(call)
    if (not left and call.turns.floor is not floor.Floor.OPEN) or call.digits or call.away:
        return
    have_it_listen(draft)
    number = call.prompts.number + 1
    _prompts(draft, number=number, waiting=False)
    last_word = call.turns.reply == call.farewell or call.mode == "notify" or call.machine
    listen = not draft.call.pairing and (not left or (len(left) == 1 and not last_word))
    text = left[0] if left else ""
    draft.do(Prompt(number, text, listen))
    draft.start("prompt", len(text) / _PACE + _QUIET)


def quiet(draft: Draft) -> None:
    """A prompt did not come back: the call is over and nobody said so, or the prompt got lost."""
    draft.set(asked="quiet")
    draft.do(AskCarrier())


def split(text: str) -> tuple[str, ...]:
    """Return a text in parts of at most `LONGEST_PART` characters that end with a sentence, or at least with a word."""
    parts: list[str] = []
    for sentence in filter(None, _SENTENCE.split(text.strip())):
        if parts and len(parts[-1]) + 1 + len(sentence) <= LONGEST_PART:
            parts[-1] = f"{parts[-1]} {sentence}"
            continue
        rest = sentence
        while len(rest) > LONGEST_PART:
            cut = rest.rfind(" ", 1, LONGEST_PART + 1)
            cut = cut if cut > 0 else LONGEST_PART
            parts.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        parts.append(rest)
    return tuple(parts)


def _back(draft: Draft) -> None:
    """The leg is there, and waits."""
    draft.answered()
    draft.stop("stream-start", "ask", "prompt")
    draft.enter(Phase.ACTIVE)
    draft.set(asked="")
    draft.back()
    _prompts(draft, waiting=True)


def _answered(draft: Draft, text: str, left: tuple[str, ...]) -> None:
    """The first part of `left` was heard; what the caller said is a whole turn, as the carrier waited for its end.

    The caller speaks before the reply is over, so that whatever else there is to say waits for the answer.
    """
    segment, at = -draft.call.prompts.number, draft.at
    rules = draft.call.rules.turns
    if text:
        over = msgspec.structs.replace(rules, barge_in=rules.barge_in and not left)
        draft.turn(turns.speech_started(draft.call.turns, over, segment, 0.0, at))
    if left:
        _part_over(draft, interrupted=bool(text))
    if text:
        draft.turn(turns.heard(draft.call.turns, rules, segment, text, at))
        draft.turn(turns.speech_stopped(draft.call.turns, rules, segment, rules.endpointing_max, at))
        draft.turn(turns.timer_fired(draft.call.turns, rules, floor.ENDPOINT, at))


def _left(call: Call) -> tuple[str, ...]:
    """What the carrier has still to tell of the reply at hand."""
    return call.prompts.left if call.prompts.reply == call.turns.reply else ()


def _part_over(draft: Draft, *, interrupted: bool) -> None:
    """The part under way was heard: go on with the next, unless the caller spoke."""
    call = draft.call
    told, left = (*call.prompts.told, call.prompts.left[0]), call.prompts.left[1:]
    if left and not interrupted:
        _prompts(draft, told=told, left=left)
        return
    _prompts(draft, told=(), left=())
    text = call.prompts.written or " ".join((*told, *left))
    if left:
        replies.cut_off(draft, call.turns.reply, text, " ".join(told))
    else:
        replies.heard_out(draft, call.turns.reply, text, confirmed=True)


def _prompts(draft: Draft, **changes: Any) -> None:
    draft.set(prompts=msgspec.structs.replace(draft.call.prompts, **changes))
