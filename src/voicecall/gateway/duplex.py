"""The mouth of a call whose agent is one model that hears and speaks: what the model reports becomes facts of the call.

It has replies said as any mouth does; its model is also what hears the caller (`hearing`). Sound goes both ways as it
is. What of an answer was heard is known by the player.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import assert_never

from voicecall.brains import Conversation, Mind
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    BargedIn,
    ModelLost,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    TurnMeasured,
)
from voicecall.errors import ProviderError
from voicecall.gateway.answer import LONGEST, MOST_OWN, MOST_TROUBLE, MOST_WORDS, UNWANTED, Answer, unspoken
from voicecall.gateway.desk import Desk
from voicecall.gateway.hearing import Hearing
from voicecall.gateway.player import RATE, Player
from voicecall.gateway.stall import Stall
from voicecall.gateway.stopwatch import Stopwatch
from voicecall.realtime import (
    Audio,
    Began,
    Brief,
    Called,
    CallerWords,
    Ended,
    Interrupted,
    Realtime,
    Report,
    Sound,
    Trouble,
    TurnOver,
    Uncalled,
    Worded,
)
from voicecall.speech import TurnSign

_PREPARED = "prepared"


class Duplex:
    """One call's model. `run` is its task."""

    def __init__(
        self,
        realtime: Realtime,
        brief: Brief,
        post: Callable[[Event], None],
        *,
        mind: Mind,
        desk: Desk,
        lead: float,
        protected: Callable[[], bool] = lambda: False,
        gated: bool = True,
        patience: float = 10.0,
    ) -> None:
        """`mind` is the agent behind the model, `desk` where its tools are.

        `lead`: seconds that the player may send ahead. `protected` says whether the caller cannot interrupt just now.
        `gated`: the model hears nothing while only we are heard, as a detector of ours says. `patience`: seconds that
        an answer may take to begin.
        """
        self.mind = mind
        self.desk = desk
        self._post = post
        self._loop = asyncio.get_running_loop()
        self._session = realtime.open(brief, self._told)
        self._endpoints = realtime.traits.endpoints == "gateway"
        self._answers: dict[str, Answer] = {}
        self._current: Answer | None = None
        self._own: deque[Answer] = deque()
        """Answers that nobody asked for, which wait for the floor."""
        self.cancelled: set[int] = set()
        self._held = 0
        self._watch: Stopwatch | None = None
        self._troubles = 0
        self._confirmed = self._lost = self._warned = False
        self._said = ""
        self.hearing = Hearing(
            self._session,
            realtime.traits,
            post,
            is_sounding=lambda: gated and self.player.is_sounding,
            protected=protected,
            went_on=self._went_on,
        )
        self.player = Player(lead=lead, on_started=self._started, on_finished=self._finished, on_audible=self._audible)
        self._stall = Stall(patience, has_more=lambda: self.player.waiting > 0, lost=self._lose)

    async def run(self) -> None:
        """Converse until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.desk.run(self._answered, self._session.note), name="tools")
                tasks.create_task(self._converse(), name="model")
                tasks.create_task(self._keep_mind(), name="mind")
                await self.player.run()
        finally:
            self._stall.rest()

    async def _converse(self) -> None:
        try:
            await self._session.run(await self.desk.tools())
        except ProviderError as error:
            self._lose(str(error))

    async def _keep_mind(self) -> None:
        try:
            await self.mind.run()
        except ProviderError as error:
            self._post(Warned("brain", str(error)))

    def _lose(self, why: str, *, hopeless: bool = False) -> None:
        if not self._lost:
            self._lost = True
            self._post(ModelLost(why, hopeless))

    # --- what the call asks for

    def say(self, reply: int, text: str) -> None:
        """Have this said, word for word."""
        self._watch = None
        prepared = self._answers.get(_PREPARED)
        if not self._begin(reply):
            return
        if prepared is not None and prepared.text == text and not prepared.failed and not prepared.reply:
            self._attach(prepared, reply)
        else:
            self._ask(Answer(str(reply), text), reply)

    def respond(
        self,
        reply: int,
        turn: int,
        conversation: Conversation,
        *,
        silent_since: float,
        heard_at: float = 0.0,
        waited: float | None = 0.0,
    ) -> None:
        """Have the model answer what it heard; the parameters are those of a mouth."""
        self._watch = None
        if not self._begin(reply):
            return
        if waited is not None:
            now = self._loop.time()
            self._watch = Stopwatch(turn, now, silent_since=silent_since, heard_at=heard_at, waited=waited)
        for note in unspoken(conversation, warned=self._warned):
            self._session.note(note)
        self._warned = conversation.seconds_left is not None
        if self.desk.relays:
            self._relay(reply)
        elif self._own:
            self._attach(self._own.popleft(), reply)
        else:
            self._ask(Answer(str(reply)), reply)

    def prepare(self, text: str) -> None:
        """Have this made, unheard: it will be said."""
        answer = self._answers[_PREPARED] = Answer(_PREPARED, text)
        self._session.say(answer.name, text)

    def rehearse(self, conversation: Conversation) -> None:
        """Do nothing: a model is asked once."""

    def hold(self, reply: int) -> None:
        """Stop sounding, keep the rest."""
        self._held = reply
        if reply == self.player.reply:
            self.player.hold()

    def resume(self, reply: int) -> None:
        """Go on."""
        self._held = 0
        if reply == self.player.reply:
            self.player.resume()

    def cancel(self, reply: int) -> None:
        """Stop it for good, have the model forget what was not heard, and report what was."""
        if reply != self.player.reply:
            self.cancelled.add(reply)
            return
        answer, self._current = self._current, None
        spoken = self.player.stop()
        if spoken is None:
            return
        self._stall.rest()
        if answer is not None and self._answers.pop(answer.name, None) is not None:
            self._session.cancel(answer.name, spoken.played * 1000 // RATE)
        self.desk.cancel(reply)
        self._said = spoken.heard
        self._post(PlaybackStopped(reply, spoken.text, spoken.heard))

    def said(self) -> str:
        """Return what the caller may be hearing now, or heard a moment ago."""
        return f"{self._said} {self.player.text()}".strip()

    def _begin(self, reply: int) -> bool:
        if reply in self.cancelled:
            self.cancelled.remove(reply)
            self._post(PlaybackStopped(reply, "", ""))
            return False
        self.player.begin(reply)
        if reply == self._held:
            self.player.hold()
        return True

    def _ask(self, answer: Answer, reply: int) -> None:
        self._answers[answer.name] = answer
        self._attach(answer, reply)
        if answer.text is None:
            self._session.respond(answer.name)
        else:
            self._session.say(answer.name, answer.text)

    def _attach(self, answer: Answer, reply: int) -> None:
        answer.reply, self._current = reply, answer
        for mulaw in answer.audio:
            self.player.add(reply, "", mulaw)
        answer.audio.clear()
        if answer.words:
            self.player.word(reply, answer.words)
        calls, answer.calls = answer.calls, []
        if answer.ended:
            self._end(answer)
        else:
            self._stall.expect()
        for called in calls:
            self._called(answer, called)

    def _relay(self, reply: int) -> None:
        """Have the agent answer the turn and the model say it, who is not to answer by itself."""
        if not self._own and self._endpoints:
            self._own.append(Answer(f"{reply}.turn"))  # the turn ends by being answered
            self._session.respond(self._own[0].name)
        self._drop_own()
        answer = self._current = Answer(str(reply), reply=reply)
        self.desk.relay(reply, lambda text: self._relayed(answer, text))

    def _went_on(self) -> None:
        """The caller speaks again: what the model said unasked before that, and nobody wanted, is stale."""
        if not self.player.reply:
            self._drop_own()

    def _drop_own(self, *, keep: int = 0) -> None:
        """Nobody wants what the model said unasked, but for the newest `keep`."""
        while len(self._own) > keep:
            self._answers.pop((own := self._own.popleft()).name, None)
            self._session.cancel(own.name, 0)
            for called in own.calls:
                self._session.result(called.call, UNWANTED, more=False)

    def _relayed(self, answer: Answer, text: str) -> None:
        if answer is not self._current:
            return
        if text:
            answer.text, self._answers[answer.name] = text, answer
            self._session.say(answer.name, text)
            self._stall.expect()
        else:
            self._end(answer)

    # --- what the model reports

    def _told(self, report: Report) -> None:
        if self._lost and not isinstance(report, CallerWords):
            return
        match report:
            case Audio(name, mulaw):
                self._sounds(name, mulaw)
            case Worded(name, text):
                self._worded(name, text)
            case Began(name):
                self._began(name)
            case Ended(name, failed):
                if (answer := self._answers.get(name)) is not None and not answer.ended:
                    answer.ended, answer.failed = True, failed
                    if answer is self._current:
                        self._end(answer)
            case Called():
                self._called(self._answers.get(report.answer), report)
            case Uncalled(call):
                self._stall.settled(call)
                for own in self._own:
                    own.calls = [one for one in own.calls if one.call != call]
                self.desk.uncall(call)
            case TurnOver(item):
                self.hearing.turn_over(item)
            case CallerWords(item, text):
                self.hearing.caller_said(item, text)
                self.desk.heard()
            case Interrupted():
                self._drop_own()
                self._post(BargedIn())
            case Sound(started):
                self.hearing.sound(started)
            case Trouble(code, text):
                self._troubles += 1
                if self._troubles <= MOST_TROUBLE:
                    self._post(Warned(code, text))
            case _:
                assert_never(report)

    def _sounds(self, name: str, mulaw: bytes) -> None:
        answer = self._answers.get(name)
        if answer is None or answer.ended:
            return
        if answer is self._current:
            self._stall.heard()
            if not answer.size and self._watch is not None:
                self._watch.lap("model", self._loop.time())
        answer.size += len(mulaw)
        if answer.reply:
            self.player.add(answer.reply, "", mulaw)
        else:
            answer.audio.append(mulaw)
        unwanted = sum(one.size for one in self._answers.values() if not one.reply)
        if self.player.waiting + unwanted > LONGEST * RATE:
            self._lose(f"The model sent {LONGEST:g} s more of audio than was played.", hopeless=True)

    def _worded(self, name: str, text: str) -> None:
        answer = self._answers.get(name)
        if answer is not None:
            answer.words = (answer.words + text)[:MOST_WORDS]
            if answer.reply:
                self.player.word(answer.reply, answer.words.strip())

    def _called(self, answer: Answer | None, called: Called) -> None:
        if answer is not None and not answer.reply:
            answer.calls.append(called)
            return
        if answer is not None and answer is self._current:
            self._stall.called(called.call)
        self.desk.call(called, answer)

    def _began(self, name: str) -> None:
        if name in self._answers:
            return
        self._drop_own(keep=MOST_OWN - 1)
        answer = self._answers[name] = Answer(name)
        self._own.append(answer)
        if not self.player.reply:
            self.hearing.tell(TurnSign("over"))

    def _end(self, answer: Answer) -> None:
        """No more of it comes; one that failed before it sounded is asked for once more."""
        self._stall.rest()
        failed = answer.failed or ("It said nothing." if answer.text else "")
        if failed and not answer.size:
            self._answers.pop(answer.name, None)
            if answer.again:
                self._lose(f"The model failed twice to answer: {failed}")
            else:
                self._ask(Answer(f"{answer.reply}.again", answer.text, again=True), answer.reply)
            return
        if answer.failed:
            self._post(Warned("reply-cut-short", answer.failed))
        self.player.complete(answer.reply)

    def _answered(self, call: str, output: str, reply: int) -> None:
        """A tool has answered; the model goes on where its reply is still wanted."""
        self._stall.settled(call)
        self._session.result(call, output, more=reply != 0 and reply == self.player.reply)

    # --- what the player reports

    def _started(self, reply: int) -> None:
        if self._watch is not None:
            self._watch.sent(self._loop.time())
        self._post(PlaybackStarted(reply))

    def _audible(self, reply: int) -> None:
        if not self._confirmed:
            self._confirmed = True
            self._post(PlaybackConfirmed(reply))
        if self._watch is not None and self._watch.is_complete:
            self._watch.lap("heard", self._loop.time())
            self._post(TurnMeasured(self._watch.turn, self._watch.stages))
            self._watch = None

    def _finished(self, reply: int, text: str, confirmed: bool) -> None:
        self._said = text
        if self._current is not None and self._current.reply == reply:
            self._answers.pop(self._current.name, None)
            self._current = None
        self._post(PlaybackFinished(reply, text, confirmed))
        if self._own:
            self.hearing.tell(TurnSign("over"))
