"""The mind: who answers. One small port that streams text and may ask for things to be done; one file per kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from voicecall.core.utterances import Evidence as Evidence
from voicecall.errors import Trouble as Trouble


@dataclass(frozen=True, slots=True)
class Server:
    """An MCP server whose tools the agent may use: a URL, or a program that speaks on its standard streams."""

    url: str = ""
    token: str = field(default="", repr=False)
    """Bearer token for the URL."""
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrainOptions:
    """What an agent is made of; what a kind does not have, it ignores."""

    text: str = ""
    model: str = ""
    """`vendor:name`, such as `openai:gpt-5-mini`."""
    instructions: str = ""
    """What the agent is told about its task; empty for a general one."""
    api_key: str = field(default="", repr=False)
    """Of the model's vendor, or of whoever listens at `url`."""
    base_url: str | None = None
    """In place of the vendor's own, such as `http://127.0.0.1:11434/v1`."""
    url: str = ""
    """Where `http` and `openclaw` ask."""
    command: tuple[str, ...] = ()
    """The program of `command` and its arguments."""
    callable: str = ""
    """`module:name`, for `python`."""
    agent_id: str = ""
    session_scope: Literal["per-phone", "per-call", "main"] = "per-phone"
    servers: tuple[Server, ...] = ()
    timeout: float = 30.0
    """Seconds that an answer may take to begin."""
    max_tokens: int = 500
    """The longest answer of a model."""
    early: bool | None = None
    """Whether it may be asked before the caller has surely finished; None leaves that to the kind."""


class Line(msgspec.Struct, frozen=True):
    """One line of the conversation. For the agent, `text` is what the caller heard of it, not what was planned."""

    speaker: Literal["agent", "caller"]
    text: str
    interrupted: bool = False
    """Whether the caller cut it short."""
    keys: bool = False
    """Whether the caller pressed keys; `text` is what they were."""
    asked: bool = False
    """Whether nobody said it: the model that speaks with the caller asks `text`, and passes the answer on."""


class Opening(msgspec.Struct, frozen=True):
    """What is known of a call when it begins."""

    call_id: str
    direction: Literal["inbound", "outbound"]
    from_: str
    to: str
    language: str = "en"


class Conversation(msgspec.Struct, frozen=True):
    """Everything an agent is told when it is its turn."""

    call_id: str
    direction: Literal["inbound", "outbound"]
    from_: str
    to: str
    lines: tuple[Line, ...]
    """From the first to the last; the last is the caller's, or a question of the model that speaks with them."""
    objective: str = ""
    """What the call is for, in the words of whoever had it placed."""
    language: str = "en"
    """A BCP 47 tag."""
    now: float = 0.0
    """Unix seconds."""
    seconds_left: float | None = None
    """Until the call is ended by its cap, once that is near."""
    read_only: bool = False
    """Whether the agent is to look things up only, and to change nothing anywhere."""


class HangUpAfter(msgspec.Struct, frozen=True):
    """The agent wants the call ended once what it said was heard."""


class PressKeys(msgspec.Struct, frozen=True):
    """The agent wants these keys sent to the far end: `0-9*#A-D`, and `w` for half a second."""

    digits: str


class NoteOutcome(msgspec.Struct, frozen=True):
    """The agent notes what came of the call; a later note takes the place of an earlier one."""

    disposition: str
    """One word or two, such as `booked` or `wrong number`."""
    summary: str = ""
    data: dict[str, Any] = {}
    """JSON values."""


Said = str | HangUpAfter | PressKeys | NoteOutcome
"""A portion of text, of any length, or something to be done. An answer of one empty text is a silence on purpose."""


class Inquiry(msgspec.Struct, frozen=True):
    """What an agent is asked once its call is over: what came of it."""

    conversation: Conversation
    """Its lines are those of the transcript, by which evidence is named: the first is line 0."""
    schema: dict[str, Any] | None = None
    """JSON Schema of the object that is wanted; None where a summary is all."""
    noted: NoteOutcome | None = None
    """What the agent noted during the call."""
    faults: tuple[str, ...] = ()
    """What was wrong with the object that it gave before."""


class Conclusion(msgspec.Struct, frozen=True):
    """What came of a call."""

    summary: str = ""
    data: Any = None
    """A JSON object that the schema admits; None where the call does not tell."""
    evidence: tuple[Evidence, ...] = ()
    """Where in the transcript the members of `data` were said."""


class Volunteered(msgspec.Struct, frozen=True):
    """The agent has something to say of its own accord: an answer that came late, or news. Said at the next pause."""

    text: str


Report = Volunteered | Trouble


class Mind(Protocol):
    """The agent of one call. It is asked for one answer at a time."""

    def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer to the caller's last line as it comes into being; closing the iterator cancels the work.

        Raises:
            AgentError: there is no answer, or no more of it.
        """

    async def run(self) -> None:
        """Keep ready what the agent needs, until cancelled: connections, a process, work that outlasts a question.

        Raises:
            AgentError: it cannot be had, and trying on is of no use. `reply` then fails with the same.
        """


@runtime_checkable
class Concluding(Protocol):
    """A mind that can also say what came of its call. One that cannot lacks this, and the record says so."""

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what came of the call, which is over. What was said in it is data: nobody there gives orders.

        Raises:
            AgentError: it cannot be said.
        """


class Brain(Protocol):
    """Who answers, shared by all calls."""

    early: bool
    """Whether it may be asked before the caller has surely finished: asking twice costs little and changes nothing."""

    def open(self, call: Opening, report: Callable[[Report], None]) -> Mind:
        """Return the agent of a call that begins. `report` is called on the event loop."""
