"""A model that reports anything in any order: every reply ends once, and nothing sounds that should not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings, strategies as st

from tests.gateway.puppet import Puppet, conversing
from voicecall.brains import Conversation
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import ModelLost, PlaybackFinished, PlaybackStopped
from voicecall.emulators.clock import run_virtual
from voicecall.gateway.answer import LONGEST
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.player import RATE
from voicecall.realtime import (
    Audio,
    Began,
    Called,
    CallerWords,
    Ended,
    Interrupted,
    Report,
    Sound,
    Traits,
    Trouble,
    TurnOver,
    Uncalled,
    Worded,
)

NAMES = ["1", "2", "3", "1.again", "2.again", "own-a", "own-b", "prepared", "nobody's"]
SOUND = {name: bytes([number + 1]) for number, name in enumerate(NAMES)}
"""Each answer sounds by a byte of its own."""
CALLS = ["call-1", "call-2"]
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Much:
    """Audio, or words where it is none, of any length."""

    name: str
    size: int
    sounds: bool

    def report(self) -> Report:
        return Audio(self.name, SOUND[self.name] * self.size) if self.sounds else Worded(self.name, "word " * self.size)


names = st.sampled_from(NAMES)
calls = st.sampled_from(CALLS)
reports: st.SearchStrategy[Report | Much] = st.one_of(
    st.builds(Much, names, st.sampled_from([0, 1, 160, 4000, 80_000]), st.booleans()),
    st.builds(Much, names, st.sampled_from([0, 1, 160, 4000, 80_000]), st.just(True)),
    st.builds(Began, names),
    st.builds(Ended, names, st.sampled_from(["", "", "It broke."])),
    st.builds(
        Called,
        names,
        calls,
        st.sampled_from(["end_call", "send_dtmf", "note_outcome", "other"]),
        st.sampled_from(["", "{", "[]", '{"digits": "12#"}', '{"disposition": "x", "summary": "y"}']),
    ),
    st.builds(Uncalled, calls),
    st.builds(CallerWords, st.sampled_from(["turn-1", "turn-2"]), st.sampled_from(["", "Hello"])),
    st.builds(TurnOver, st.sampled_from(["turn-1", "turn-2"])),
    st.just(Interrupted()),
    st.builds(Sound, st.booleans()),
    st.builds(Trouble, st.just("vendor-error"), st.just("Something is odd.")),
)
verbs = st.sampled_from(["say", "respond", "cancel", "hold", "resume", "prepare", "fail"])
pauses = st.sampled_from([0.0, 0.0, 0.0, 0.05, 1.0, 12.0])
traits = st.builds(
    Traits, endpoints=st.sampled_from(["gateway", "provider"]), interrupts=st.sampled_from(["gateway", "provider"])
)


@dataclass(slots=True)
class Call:
    """What the call knows, and asks for as it would."""

    duplex: Duplex
    puppet: Puppet
    begun: int = 0
    over: list[int] = field(default_factory=list)
    lost: int = 0
    warned: int = 0

    @property
    def is_free(self) -> bool:
        return len(self.over) == self.begun

    def post(self, event: Event) -> None:
        match event:
            case PlaybackFinished(reply) | PlaybackStopped(reply):
                self.over.append(reply)
            case ModelLost():
                self.lost += 1
            case Warned("vendor-error"):
                self.warned += 1
            case _:
                pass

    def do(self, verb: str) -> None:
        duplex = self.duplex
        match verb:
            case "fail":
                self.puppet.fail()
            case "prepare" if not self.begun:
                duplex.prepare("One two three")
            case "say" | "respond" if self.is_free and not self.lost:
                self.begun += 1
                if verb == "say":
                    duplex.say(self.begun, "One two three")
                else:
                    duplex.respond(self.begun, self.begun, Conversation("c", "inbound", "", "", ()), silent_since=0.0)
            case "cancel" if not self.is_free:
                duplex.cancel(self.begun)
            case "hold" if not self.is_free:
                duplex.hold(self.begun)
            case "resume" if not self.is_free:
                duplex.resume(self.begun)
            case _:
                pass


async def play(traits: Traits, script: list[tuple[Report | Much | str, float]]) -> None:
    played: list[bytes] = []
    events: list[Event] = []
    async with conversing(traits, events.append, played.append, patience=PATIENCE) as (duplex, puppet):
        call = Call(duplex, puppet)
        for step, pause in script:
            if isinstance(step, str):
                call.do(step)
            else:
                puppet.report(step.report() if isinstance(step, Much) else step)
            if pause:
                await asyncio.sleep(pause)
            while events:
                call.post(events.pop(0))
            silent = {SOUND[asked[1]][0] for asked in puppet.asked if asked[0] == "cancel" and asked[1] in SOUND}
            before = len(played)
            await asyncio.sleep(0)
            assert not silent & set(b"".join(played[before:]))
            assert duplex.player.waiting <= LONGEST * RATE + 80_000
        call.do("resume")
        await asyncio.sleep(LONGEST + 3 * PATIENCE)
        for event in events:
            call.post(event)
        assert call.over == sorted(set(call.over))
        assert call.lost <= 1
        assert call.is_free or call.lost
        assert call.warned <= 30
        if not call.lost:
            call.do("say")
            for name in (str(call.begun), f"{call.begun}.again", "prepared"):
                puppet.report(Audio(name, b"\xa0" * 800))
                puppet.report(Ended(name))
            await asyncio.sleep(LONGEST + PATIENCE)
            assert b"\xa0" in b"".join(played)


@given(traits, st.lists(st.tuples(st.one_of(reports, verbs), pauses), max_size=40))
@settings(deadline=None)
def test_every_reply_ends_once_whatever_the_model_reports(
    traits: Traits, script: list[tuple[Report | Much | str, float]]
) -> None:
    run_virtual(lambda: play(traits, script))
