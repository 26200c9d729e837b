"""What a model that hears and speaks can do besides: its tools, carried out beside the conversation.

A tool that fails tells the model why. Everything under way ends with the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, assert_never

import msgspec
from msgspec import Meta

from voicecall.brains import Conversation, HangUpAfter, NoteOutcome, PressKeys
from voicecall.brains.tools import PHONE, Done, Tool as Offered, Toolbox, perform, unknown
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import FarewellAsked, KeysWanted, OutcomeNoted
from voicecall.errors import BadParameters
from voicecall.gateway import schemas
from voicecall.gateway.answer import Answer
from voicecall.gateway.consulting import Consultant
from voicecall.realtime import Called, Tool

_OURS = {"end_call": "hang_up", "send_dtmf": "press_keys", "note_outcome": "note_outcome"}
"""What a tool of a model is called that every agent has, by its name here."""
_CONSULT = "consult"
_MOST = 20
"""Tools that may be called in the course of one answer."""
_LONGEST = 4000
"""Characters of a question, and of its context."""
_INTERRUPTED = "[You were interrupted before they had heard your goodbye: the call goes on, and end_call did nothing.]"


class _Question(msgspec.Struct):
    question: Annotated[
        str,
        Meta(min_length=1, max_length=_LONGEST, description="What you need to know, complete in itself."),
    ]
    context: Annotated[str, Meta(max_length=_LONGEST, description="What else matters for the answer.")] = ""


def _consult() -> Tool:
    _, components = msgspec.json.schema_components([_Question])
    schema = components[_Question.__name__]
    described = "Ask the assistant behind you, who knows more and can look things up. It may take a while."
    return Tool(_CONSULT, described, {key: schema[key] for key in ("type", "properties", "required")})


class Desk:
    """The tools of one call. `run` is its task."""

    def __init__(
        self,
        conversation: Callable[[], Conversation],
        post: Callable[[Event], None],
        *,
        consultant: Consultant | None = None,
        toolbox: Toolbox | None = None,
        read_only: bool = True,
        patience: float = 5.0,
    ) -> None:
        """`conversation` gives what was said so far, `consultant` asks the agent behind the model, if that is allowed.

        `read_only`: of the tools in `toolbox`, only those that say of themselves that they change nothing.
        `patience`: seconds that `toolbox` may take to know them; the model goes without those that are late.
        """
        self._patience = patience
        self._conversation = conversation
        self._post = post
        self._consultant = consultant
        self._toolbox = toolbox
        self._read_only = read_only
        self._served: dict[str, Offered] = {}
        """Tools that are carried out elsewhere, by name."""
        self._serving: dict[str, asyncio.Task[None]] = {}
        """What is being carried out, by call."""
        self._called = (0, 0)
        """A reply, and how many tools were called in the course of it."""
        self._farewell = 0
        """The reply after which the model wants to hang up."""
        self._answer: Callable[[str, str, int], None] = lambda call, output, reply: None
        self.note: Callable[[str], None] = lambda text: None
        """Lets the model know something that nobody said."""

    async def tools(self) -> tuple[Tool, ...]:
        """Return what the model may call, once it is known."""
        if self.relays:
            return ()
        named = {ours: name for name, ours in _OURS.items()}
        tools = [Tool(named[tool.name], tool.description, tool.parameters) for tool in PHONE]
        if self._consultant is not None:
            tools.append(_consult())
        taken = {tool.name for tool in tools}
        for tool in await self._offered():
            if tool.name not in taken and (tool.read_only or not self._read_only) and self._is_usable(tool):
                self._served[tool.name] = tool
                tools.append(Tool(tool.name, tool.description, tool.parameters))
        return tuple(tools)

    async def _offered(self) -> Sequence[Offered]:
        if self._toolbox is None:
            return ()
        try:
            async with asyncio.timeout(self._patience):
                return await self._toolbox.tools()
        except TimeoutError:
            late = f"the tools of brain.servers were not known within {self._patience:g} s; the model goes without them"
            self._post(Warned("mcp-server", late))
            return ()

    def _is_usable(self, tool: Offered) -> bool:
        try:
            schemas.check(tool.parameters)
        except BadParameters as error:
            self._post(
                Warned("tool-schema", f"The tool {tool.name} is left out, its arguments cannot be checked: {error}")
            )
            return False
        return True

    async def run(self, answer: Callable[[str, str, int], None], note: Callable[[str], None]) -> None:
        """Carry out what is called until cancelled: `answer(call, output, reply)` takes what came of a call.

        `reply` is what the model is to go on with, 0 for nothing. `note` takes what the model is to know besides.
        """
        self._answer, self.note = answer, note
        async with asyncio.TaskGroup() as self._tasks:
            if self._consultant is not None:
                self._consultant.start(self._begin, self._tell, note)
            if self._toolbox is not None:
                self._tasks.create_task(self._toolbox.run(), name="toolbox")
            await asyncio.Event().wait()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work, name="consult")

    # --- what the model calls

    def call(self, called: Called, answer: Answer | None) -> None:
        """The model calls a tool in the course of this answer; None where that was cancelled."""
        name, reply = called.name, answer.reply if answer is not None else 0
        self._called = (reply, self._called[1] + 1 if self._called[0] == reply else 1)
        if self._called[1] > _MOST:
            self._tell(called.call, {"failed": f"More than {_MOST} tools in one answer: speak with the other side."}, 0)
        elif name in _OURS:
            self._perform(called, answer)
        elif name == _CONSULT and self._consultant is not None:
            self._ask(self._consultant, called, reply, sounded=bool(answer and answer.size))
        elif name in self._served:
            self._serve(called, reply)
        else:
            known = [*_OURS, *([_CONSULT] if self._consultant is not None else []), *self._served]
            self._post(Warned("unknown-tool", "the model called a tool that there is not, and was told so"))
            self._tell(called.call, _told(unknown(name, known)), reply)

    def _perform(self, called: Called, answer: Answer | None) -> None:
        answers, reply = answer is not None and answer.text is None, answer.reply if answer is not None else 0
        done = perform(_OURS[called.name], called.arguments, self._conversation(), answering=answers)
        goes_on = answer is not None and not answer.size
        match done.act:
            case HangUpAfter() if not reply:
                done = Done("You were interrupted: the call goes on.", failed=True)
            case HangUpAfter():
                goes_on = goes_on and self._farewell != reply
                self._farewell = reply
                self._post(FarewellAsked(reply))
            case PressKeys(digits):
                goes_on = False
                self._post(KeysWanted(reply, digits))
            case NoteOutcome(disposition, summary, data):
                self._post(OutcomeNoted(disposition, summary, data))
            case None:
                pass
            case _:
                assert_never(done.act)
        self._tell(called.call, _told(done), reply if goes_on or done.failed else 0)

    def _ask(self, consultant: Consultant, called: Called, reply: int, *, sounded: bool) -> None:
        try:
            wanted = msgspec.json.decode(called.arguments or "{}", type=_Question)
        except (msgspec.MsgspecError, UnicodeError) as error:
            self._tell(called.call, {"failed": f"The arguments of {_CONSULT} are wrong: {error}"}, reply)
            return
        consultant.ask(called.call, wanted.question.strip(), wanted.context.strip(), reply, sounded=sounded)

    def _serve(self, called: Called, reply: int) -> None:
        try:
            arguments = msgspec.json.decode(called.arguments or "{}", type=dict[str, Any])
            if faults := schemas.faults(self._served[called.name].parameters, arguments):
                raise ValueError("; ".join(faults))
        except (ValueError, RecursionError) as error:  # what msgspec raises is a ValueError
            self._tell(called.call, {"failed": f"The arguments of {called.name} are wrong: {error}"}, reply)
            return
        work = self._served_by(called, arguments, reply)
        self._serving[called.call] = self._tasks.create_task(work, name="tool")

    async def _served_by(self, called: Called, arguments: dict[str, Any], reply: int) -> None:
        assert self._toolbox is not None  # noqa: S101 - what is served is in it
        try:
            done = await self._toolbox.call(called.name, arguments)
            self._tell(called.call, _told(done), reply)
        finally:
            self._serving.pop(called.call, None)

    def uncall(self, call: str) -> None:
        """The model does not wait for this any more."""
        if (task := self._serving.pop(call, None)) is not None:
            task.cancel()
        if self._consultant is not None:
            self._consultant.uncall(call)

    def _tell(self, call: str, output: dict[str, Any], reply: int) -> None:
        self._answer(call, msgspec.json.encode(output).decode(), reply)

    # --- the agent behind the model

    @property
    def relays(self) -> bool:
        """Whether every turn is answered by the agent, and the model only speaks."""
        return self._consultant is not None and self._consultant.options.always

    def relay(self, reply: int, say: Callable[[str], None]) -> None:
        """Have the agent answer what the caller said last: `say` takes it once it is there, empty for silence."""
        assert self._consultant is not None  # noqa: S101 - only where it `relays`
        self._consultant.relay(reply, say)

    def cancel(self, reply: int) -> None:
        """A reply was cut short."""
        if self._consultant is not None:
            self._consultant.cancel(reply)
        if self._farewell == reply:
            self._farewell = 0
            self.note(_INTERRUPTED)

    def heard(self) -> None:
        """More of what the caller said is known."""
        if self._consultant is not None:
            self._consultant.heard()

    def abandon(self) -> None:
        """Nobody waits for the agent any more."""
        if self._consultant is not None:
            self._consultant.abandon()


def _told(done: Done) -> dict[str, str]:
    return {"failed" if done.failed else "done": done.told}
