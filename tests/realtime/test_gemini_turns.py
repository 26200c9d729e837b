"""Whatever Gemini sends, in whatever order: every answer ends once, and nothing of it comes after that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import example, given, strategies as st

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.vendors.gemini_live_model import sound
from voicecall.realtime import (
    Audio,
    Began,
    Called,
    CallerWords,
    Ended,
    Interrupted,
    Report,
    TurnOver,
    Uncalled,
    Worded,
)
from voicecall.realtime.gemini_caller import Caller, Patience
from voicecall.realtime.gemini_turns import Turns
from voicecall.realtime.gemini_wire import (
    Blob,
    Content,
    FunctionCall,
    Part,
    ServerContent,
    ToolCall,
    Transcribed,
    read,
)

PIECE = Content((Part(Blob("audio/pcm;rate=24000", sound(0.05))),))
MODELS = ("gemini-3.8-live", "gemini-3.8-live-extended-thinking", "gemini-3.1-flash-live-preview")
CONTENTS = (
    ServerContent(model_turn=PIECE),
    ServerContent(model_turn=PIECE, output_transcription=Transcribed(" word")),
    ServerContent(model_turn=Content((Part(Blob("audio/ogg", b"??")),))),
    ServerContent(interrupted=True),
    ServerContent(generation_complete=True),
    ServerContent(turn_complete=True),
    ServerContent(turn_complete=True, interaction_status="IN_PROGRESS"),
    ServerContent(interrupted=True, turn_complete=True),
    ServerContent(),
)
ACTS = ("respond", "say", "cancel", "call", "calls", "uncall", "more", "no more", "speak", "pause", "fail")
STEPS = st.lists(st.one_of(st.sampled_from(CONTENTS), st.sampled_from(ACTS)), max_size=25)


class Model:
    """The turns of a model, without a connection."""

    def __init__(self, model: str, *, local: bool) -> None:
        self.reports: list[Report] = []
        self.asked: list[str] = []
        self.calls = 0
        self.stalled = 0
        patience = Patience(stall=0.5, further=0.5)
        self.caller = Caller(
            local=local,
            send=lambda _: None,
            report=self.reports.append,
            is_generating=lambda: self.turns.is_generating,
            patience=patience,
        )
        self.turns = Turns(
            model,
            self.caller,
            local=local,
            send=lambda _: None,
            report=self.reports.append,
            paused=lambda: None,
            stalled=self._stall,
            patience=patience,
        )
        self.caller.resume()

    def _stall(self) -> None:
        self.stalled += 1
        self.turns.fail("Silence.")

    async def step(self, step: ServerContent | str) -> None:
        if isinstance(step, ServerContent):
            self.turns.hear(step)
            return
        acts: dict[str, Callable[[], None]] = {
            "respond": lambda: self.turns.respond(self._ask(), []),
            "say": lambda: self.turns.say(self._ask(), ["[Say.]"]),
            "cancel": lambda: self.turns.cancel(self.asked[-1] if self.asked else "0"),
            "call": lambda: self.turns.call(self._call(1)),
            "calls": lambda: self.turns.call(self._call(2)),
            "uncall": lambda: self.turns.uncall(f"{self.calls}"),
            "more": lambda: self.turns.result(f"{self.calls}", "told", more=True),
            "no more": lambda: self.turns.result(f"{self.calls}", "told", more=False),
            "speak": self._speak,
            "pause": lambda: None,
            "fail": lambda: self.turns.fail("It broke."),
        }
        acts[step]()
        if step == "pause":
            await asyncio.sleep(1.0)

    def _ask(self) -> str:
        self.asked.append(f"{len(self.asked) + 1}")
        return self.asked[-1]

    def _call(self, count: int) -> ToolCall:
        self.calls += count
        names = range(self.calls - count + 1, self.calls + 1)
        return ToolCall(tuple(FunctionCall(f"{name}", "look_up", {"word": "tea"}) for name in names))

    def _speak(self) -> None:
        self.caller.started()
        self.caller.feed(b"\x55" * 160)
        self.caller.stopped()


@pytest.mark.parametrize("local", [False, True])
@example(model=MODELS[0], steps=["call", CONTENTS[2], CONTENTS[5], "more"])
@example(model=MODELS[1], steps=["respond", CONTENTS[6]])
@example(model=MODELS[0], steps=["call", "more", CONTENTS[7]])
@example(model=MODELS[0], steps=[CONTENTS[0], CONTENTS[4], CONTENTS[0]])
@given(model=st.sampled_from(MODELS), steps=STEPS)
def test_every_answer_ends_once_and_nothing_of_it_comes_after_that(
    *, local: bool, model: str, steps: list[ServerContent | str]
) -> None:
    async def scene() -> Model:
        played = Model(model, local=local)
        for step in steps:
            await played.step(step)
        played.turns.fail("It is over.")
        played.caller.close()
        return played

    played = run_virtual(scene)
    ended: set[str] = set()
    begun = set(played.asked)
    for report in played.reports:
        match report:
            case Began(answer):
                assert not local
                assert answer not in begun
                begun.add(answer)
            case Audio(answer) | Worded(answer) | Called(answer):
                assert answer in begun - ended
            case Ended(answer):
                assert answer not in ended
                ended.add(answer)
            case _:
                pass
    assert begun <= ended
    assert (
        max(Counter(report.call for report in played.reports if isinstance(report, Uncalled)).values(), default=1) == 1
    )
    assert played.turns.is_idle


def test_a_stall_is_noticed_only_while_an_answer_is_made() -> None:
    async def scene() -> int:
        played = Model(MODELS[0], local=False)
        played.turns.say("1", ["[Say.]"])
        await asyncio.sleep(5.0)
        played.turns.hear(ServerContent(model_turn=PIECE))
        played.turns.hear(ServerContent(generation_complete=True))
        await asyncio.sleep(5.0)
        assert played.stalled == 0
        played.turns.hear(ServerContent(turn_complete=True))
        played.turns.say("2", ["[Say.]"])
        played.turns.hear(ServerContent(model_turn=PIECE))
        await asyncio.sleep(5.0)
        return played.stalled

    assert run_virtual(scene) == 1


def test_the_end_of_an_interruption_is_not_taken_for_an_answer_to_what_was_asked_since() -> None:
    async def scene() -> list[Report]:
        played = Model(MODELS[0], local=False)
        played.turns.hear(ServerContent(interrupted=True))
        played.turns.say("1", ["[Say.]"])
        played.turns.hear(ServerContent(turn_complete=True))
        assert not played.turns.is_idle
        played.turns.hear(ServerContent(model_turn=PIECE))
        played.turns.hear(ServerContent(turn_complete=True))
        return played.reports

    reports = run_virtual(scene)
    assert next(report.answer for report in reports if isinstance(report, Audio)) == "1"
    assert reports[-1] == Ended("1")


def test_an_answer_to_speech_without_words_interrupts_what_is_still_heard() -> None:
    async def scene() -> list[type[Report]]:
        played = Model(MODELS[0], local=False)
        played.turns.say("1", ["[Say.]"])
        for _ in range(40):
            played.turns.hear(ServerContent(model_turn=PIECE))
        played.turns.hear(ServerContent(generation_complete=True, turn_complete=True))
        await asyncio.sleep(0.5)
        await played.step("speak")
        played.turns.hear(ServerContent(model_turn=PIECE))
        await asyncio.sleep(5.0)
        await played.step("speak")
        played.turns.hear(ServerContent(turn_complete=True))
        played.turns.hear(ServerContent(model_turn=PIECE))
        return [type(report) for report in played.reports if not isinstance(report, Audio | Ended)]

    assert run_virtual(scene) == [Interrupted, TurnOver, Began, CallerWords, TurnOver, Began]


RUBBISH = (
    "",
    "[]",
    "7",
    "null",
    b"\xff\xfe",
    '{"serverContent": "?"}',
    '{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"data": "?"}}]}}}',
    '{"toolCall": {"functionCalls": [{"args": null}]}}',
    '{"setupComplete": {"a": ' + "[" * 200_000 + "]" * 200_000 + "}}",
)


@pytest.mark.parametrize("message", RUBBISH, ids=lambda message: str(message)[:30])
def test_what_is_no_message_is_none(message: str | bytes) -> None:
    assert read(message) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: (
            st.dictionaries(
                st.sampled_from(
                    [
                        "setupComplete",
                        "serverContent",
                        "modelTurn",
                        "parts",
                        "goAway",
                        "timeLeft",
                        "toolCall",
                        "functionCalls",
                        "id",
                    ]
                ),
                each,
            )
            | st.lists(each)
        ),
        max_leaves=8,
    )
)
def test_any_json_is_read_or_passed_over(value: object) -> None:
    told = read(msgspec.json.encode(value))
    assert told is None or told.go_away is None or told.go_away.seconds >= 0
