"""Answers of OpenAI's models, event by event: one at a time, and what was not heard of them is taken back."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from voicecall.realtime import Audio, Called, Ended, Report, Uncalled
from voicecall.realtime.openai_answers import Answers

SOUND = b"\x90\x11\x9a" * 400


class Stage:
    """The answers of a session, with what they send and report, and a clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[dict[str, Any]] = []
        self.reports: list[Report] = []
        self.answers = Answers(lambda text: self.sent.append(json.loads(text)), self.reports.append, lambda: self.now)
        self.answers.begin()

    def took(self) -> list[dict[str, Any]]:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, []
        return [{name: value for name, value in event.items() if name != "event_id"} for event in sent]

    def asked(self) -> list[str]:
        """Return the answers that were asked for since the last time."""
        return [event["response"]["metadata"]["answer"] for event in self.took() if event["type"] == "response.create"]

    def created(self, answer: str, response: str = "r") -> None:
        self._tell("response.created", response={"id": response, "metadata": {"answer": answer}})

    def added(self, item: str, kind: str = "message") -> None:
        self._tell("response.output_item.added", response_id="r", item={"id": item, "type": kind})

    def sounds(self, size: int, item: str = "i", response: str = "r") -> None:
        delta = base64.b64encode(SOUND[:size]).decode()
        self._tell("response.output_audio.delta", response_id=response, item_id=item, delta=delta)

    def calls(self, call: str) -> None:
        members = {"call_id": call, "name": "look_up", "arguments": "{}"}
        self._tell("response.function_call_arguments.done", response_id="r", **members)

    def done(self, status: str = "completed", response: str = "r") -> None:
        self._tell("response.done", response={"id": response, "status": status, "status_details": None})

    def _tell(self, kind: str, **members: Any) -> None:
        self.answers.read(kind, members)

    def heard(self, answer: str) -> bytes:
        return b"".join(one.mulaw for one in self.reports if isinstance(one, Audio) and one.answer == answer)

    def ended(self) -> list[Ended]:
        return [one for one in self.reports if isinstance(one, Ended)]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_one_that_was_cancelled_while_it_waited_is_never_asked_for(stage: Stage) -> None:
    for name in "123":
        stage.answers.ask(name)
    stage.answers.cancel("2", 0)
    stage.created("1")
    stage.sounds(800)
    stage.done()
    assert stage.asked() == ["1", "3"]


def test_sound_that_comes_after_the_cancellation_is_cut_off_once_it_is_over(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800)
    stage.took()
    stage.answers.cancel("1", 100)
    assert stage.took() == [{"type": "response.cancel", "response_id": "r"}]
    stage.sounds(800)
    stage.done("cancelled")
    cut = {"item_id": "i", "content_index": 0, "audio_end_ms": 100}
    assert stage.took() == [{"type": "conversation.item.truncate"} | cut]
    assert stage.heard("1") == SOUND[:800]
    assert stage.ended() == []


def test_an_item_of_which_nothing_was_heard_is_deleted_though_it_has_no_sound_yet(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800, "first")
    stage.added("second")
    stage.added("third", "function_call")
    stage.took()
    stage.answers.cancel("1", 100)
    assert stage.took()[1:] == [{"type": "conversation.item.delete", "item_id": "second"}]


def test_before_it_has_a_name_whatever_is_being_made_is_cancelled(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.took()
    stage.answers.cancel("1", 0)
    assert stage.took() == [{"type": "response.cancel"}]


def test_one_result_that_asks_for_more_is_enough(stage: Stage) -> None:
    stage.answers.ask("1", "say this")
    stage.created("1")
    stage.calls("a")
    stage.calls("b")
    stage.calls("b")
    stage.done()
    assert len([one for one in stage.reports if isinstance(one, Called)]) == 2
    stage.answers.result("a", "yes", more=True)
    stage.answers.result("b", "no", more=False)
    stage.answers.result("c", "what", more=True)
    create = stage.took()[-1]
    assert create["response"] == {"metadata": {"answer": "1"}}
    stage.created("1")
    stage.sounds(800)
    stage.done()
    assert stage.ended() == [Ended("1")]
    assert stage.answers.is_idle


def test_a_result_that_comes_before_the_end_of_the_response_waits_for_it(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.calls("a")
    stage.answers.result("a", "yes", more=True)
    assert stage.asked() == ["1"]
    stage.done()
    assert stage.asked() == ["1"]


def test_after_a_loss_the_one_of_which_nothing_was_heard_comes_first_again(stage: Stage) -> None:
    for name in "12":
        stage.answers.ask(name)
    stage.answers.lost("gone")
    stage.created("1")
    stage.sounds(800)
    stage.took()
    stage.answers.begin()
    assert stage.asked() == ["1"]
    assert stage.reports == []


def test_a_loss_ends_the_one_that_was_heard_and_calls_its_tools_off(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.calls("a")
    stage.sounds(800)
    stage.answers.lost("gone")
    assert stage.reports[-2:] == [Uncalled("a"), Ended("1", "gone")]
    stage.took()
    stage.answers.cancel("1", 10)
    assert stage.took() == []


def test_a_loss_is_the_end_of_one_that_was_cancelled(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.answers.cancel("1", 0)
    stage.answers.lost("gone")
    stage.took()
    stage.answers.begin()
    assert stage.took() == []
    assert stage.reports == []


def test_sound_that_was_held_back_is_not_heard_in_the_next_one(stage: Stage) -> None:
    for name in "12":
        stage.answers.ask(name)
    stage.created("1")
    stage.sounds(100)
    stage.answers.cancel("1", 0)
    stage.done("cancelled")
    stage.created("2", "s")
    stage.sounds(800, response="s")
    assert (stage.heard("1"), stage.heard("2")) == (b"", SOUND[:800])


def test_the_shortest_answer_is_heard(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(100)
    stage.done()
    assert stage.heard("1") == SOUND[:100]
    assert stage.ended() == [Ended("1")]


def test_what_nobody_asked_for_is_not_heard(stage: Stage) -> None:
    stage.created("0")
    stage.answers.ask("1")
    stage.created("2")
    stage.sounds(800)
    stage.created("1", "s")
    stage.sounds(800)
    assert stage.heard("1") == b""


def test_one_that_does_not_go_on_is_ended_once(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800)
    stage.now = 8.0
    assert stage.answers.hurry(8.0, 3.0)
    assert stage.ended() == []
    stage.now = 8.1
    assert stage.answers.hurry(8.0, 3.0)
    stage.sounds(800)
    stage.done("cancelled")
    (ended,) = stage.ended()
    assert "8 s" in ended.failed


def test_one_that_goes_on_after_its_cancellation_is_not_waited_for(stage: Stage) -> None:
    assert stage.answers.hurry(8.0, 3.0)
    stage.answers.ask("1")
    stage.created("1")
    stage.answers.cancel("1", 0)
    stage.now = 2.0
    stage.sounds(800)
    assert stage.answers.hurry(8.0, 3.0)
    stage.now = 3.1
    stage.sounds(800)
    assert not stage.answers.hurry(8.0, 3.0)


def test_an_answer_that_was_not_finished_is_heard_as_far_as_it_goes(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800)
    stage.done("incomplete")
    warned, ended = stage.reports[-2:]
    assert getattr(warned, "code", "") == "reply-cut-short"
    assert ended == Ended("1")


@pytest.mark.parametrize("status", ["failed", "cancelled", "<b>", ""])
def test_an_answer_that_ends_in_any_other_way_has_failed(stage: Stage, status: str) -> None:
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800)
    stage.done(status)
    (ended,) = stage.ended()
    assert ended.failed == f"realtime.openai: an answer failed ({status if status.isalpha() else 'failed'})"


def test_sound_that_is_no_base64_is_left_out(stage: Stage) -> None:
    stage.answers.ask("1")
    stage.created("1")
    for delta in ("A", None, 7):
        stage.answers.read("response.output_audio.delta", {"response_id": "r", "item_id": "i", "delta": delta})
    stage.sounds(800)
    assert stage.heard("1") == SOUND[:800]


def test_how_long_it_will_be_heard_is_known(stage: Stage) -> None:
    stage.now = 10.0
    stage.answers.ask("1")
    stage.created("1")
    stage.sounds(800)
    stage.sounds(800)
    assert stage.answers.sounds_until == pytest.approx(10.2)
    stage.now = 10.05
    stage.answers.cancel("1", 50)
    assert stage.answers.sounds_until == pytest.approx(10.05)
