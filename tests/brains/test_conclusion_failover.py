"""Who says what came of a call where the first agent cannot, and how long that may take."""

from __future__ import annotations

import asyncio

import pytest

from tests.brains.conversations import CALL, Reports, Scripted, saying
from tests.brains.inquiries import CONCLUDED, INQUIRY
from voicecall.brains import Brain, Conclusion, Inquiry
from voicecall.brains.careful import Careful
from voicecall.brains.demo import DemoBrain
from voicecall.brains.late import Late
from voicecall.brains.plain import EchoBrain, FixedBrain
from voicecall.emulators.clock import run_virtual
from voicecall.errors import AgentError


class Talking(Scripted):
    """A brain that says these things of its calls, one after the other."""

    def __init__(self, *conclusions: Conclusion | Exception | float) -> None:
        super().__init__(saying("Hello."))
        self.conclusions = list(conclusions)

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        conclusion = self.conclusions.pop(0)
        if isinstance(conclusion, float):
            await asyncio.sleep(conclusion)
            return CONCLUDED
        if isinstance(conclusion, Exception):
            raise conclusion
        return conclusion


BUSY = AgentError("it is busy", retryable=True)


def careful(*brains: Brain) -> tuple[Conclusion | AgentError, list[str], float]:
    """Return what came of asking, what was reported, and how many seconds it took."""

    async def scene() -> tuple[Conclusion | AgentError, list[str], float]:
        reports = Reports()
        named = [(f"brain {place}", brain) for place, brain in enumerate(brains, 1)]
        mind = Careful(named, first=5.0, stall=3.0).open(CALL, reports)
        try:
            given: Conclusion | AgentError = await mind.conclude(INQUIRY)
        except AgentError as error:
            given = error
        return given, reports.codes, asyncio.get_running_loop().time()

    return run_virtual(scene)


@pytest.mark.parametrize("brain", [FixedBrain("Hello."), EchoBrain(), DemoBrain(), Late(FixedBrain("Hello."))])
def test_agents_without_a_mind_say_that_they_cannot(brain: Brain) -> None:
    given, codes, _ = careful(brain)
    assert isinstance(given, AgentError)
    assert str(given).endswith("cannot say what came of a call")
    assert (given.code, codes) == ("cannot", [])


def test_the_first_that_can_conclude_does() -> None:
    given, codes, _ = careful(FixedBrain("Hello."), Late(Talking(CONCLUDED)))
    assert (given, codes) == (CONCLUDED, [])


def test_what_may_pass_is_asked_again() -> None:
    given, codes, took = careful(Talking(BUSY, CONCLUDED))
    assert (given, codes) == (CONCLUDED, [])
    assert took == pytest.approx(0.2)


@pytest.mark.parametrize("fault", [AgentError("it refuses"), RuntimeError("My name is Bond.")])
def test_where_one_fails_the_next_concludes(fault: Exception) -> None:
    given, codes, _ = careful(Talking(fault), Talking(CONCLUDED))
    assert (given, codes) == (CONCLUDED, ["brain-fallback"])


def test_all_together_take_no_longer_than_they_may() -> None:
    given, codes, took = careful(Talking(60.0), Talking(BUSY, AgentError("it refuses")))
    assert isinstance(given, AgentError)
    assert (str(given), codes) == ("it refuses", ["brain-fallback"])
    assert took == pytest.approx(10.2)
    given, _, took = careful(Talking(60.0))
    assert str(given) == "brain 1 did not conclude within 20 s"
    assert took == pytest.approx(20.0)
