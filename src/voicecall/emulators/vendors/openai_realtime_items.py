"""The conversation of one Realtime session, as the model has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import UNSET

from .openai_realtime_events import EventError, FunctionCall, FunctionCallOutput, Message, NewItem

_ALLOWED = {
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text",),
    "system": ("input_text",),
}
"""Parts that a client may add, by role: what the assistant said aloud cannot be put into its mouth."""

Status = Literal["in_progress", "completed", "incomplete"]


@dataclass(slots=True)
class Item:
    """One item. `words` is what was said or written in it, `audio_ms` how long that is as audio, where it is audio."""

    id: str
    kind: Literal["message", "function_call", "function_call_output"] = "message"
    role: str = ""
    words: str = ""
    is_audio: bool = False
    audio_ms: float = 0.0
    heard_ms: int | None = None
    """Where the client cut it; None where it did not."""
    status: Status = "completed"
    transcribed: str | None = None
    """What a transcription said of the caller's audio: for the client alone, the model has the audio itself."""
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str = ""

    @property
    def known(self) -> str:
        """The words that the model has of it: of audio that was cut, those which had been said whole by then."""
        if self.heard_ms is None or not self.audio_ms:
            return self.words
        words = self.words.split()
        return " ".join(words[: int(len(words) * self.heard_ms / self.audio_ms + 1e-6)])

    def wire(self) -> dict[str, Any]:
        """Return it as the socket shows it, without audio."""
        shown: dict[str, Any] = {"id": self.id, "object": "realtime.item", "type": self.kind, "status": self.status}
        if self.kind == "function_call":
            return shown | {"call_id": self.call_id, "name": self.name, "arguments": self.arguments}
        if self.kind == "function_call_output":
            return shown | {"call_id": self.call_id, "output": self.output}
        return shown | {"role": self.role, "content": self._content()}

    def _content(self) -> list[dict[str, Any]]:
        if self.role == "assistant":
            if self.is_audio:
                said = self.words if self.heard_ms is None else ""
                return [{"type": "output_audio", "transcript": said}] if self.status != "in_progress" else []
            return [{"type": "output_text", "text": self.words}] if self.words else []
        if self.is_audio:
            return [{"type": "input_audio", "transcript": self.transcribed}]
        return [{"type": "input_text", "text": self.words}]


@dataclass(slots=True)
class Conversation:
    """What was said so far, in the order in which the model has it."""

    items: list[Item] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Who said what: role and words of each message that has any, as far as the model knows."""
        return [(item.role, item.known) for item in self.items if item.kind == "message" and item.known]

    def find(self, name: str) -> Item | None:
        """Return an item by its id."""
        return next((item for item in self.items if item.id == name), None)

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Add an item and return the id of the one before it.

        Raises:
            EventError: there is one of that id, or none to put it after.
        """
        if self.find(item.id):
            raise EventError("item_create_duplicate", f"Item with id '{item.id}' already exists.", "item.id")
        place = len(self.items)
        if after == "root":
            place = 0
        elif after is not None:
            before = self.find(after)
            if before is None:
                message = f"Previous item with id '{after}' does not exist."
                raise EventError("item_create_invalid_previous_item_id", message, "previous_item_id")
            place = self.items.index(before) + 1
        self.items.insert(place, item)
        return self.items[place - 1].id if place else None

    def admit(self, new: NewItem, name: str) -> Item:
        """Return an item of the client's as ours; `name` where it brings none.

        Raises:
            EventError: it cannot be part of a conversation.
        """
        name = name if new.id is UNSET else new.id
        match new:
            case FunctionCall():
                call_id = "" if new.call_id is UNSET else new.call_id
                return Item(name, "function_call", call_id=call_id, name=new.name, arguments=new.arguments)
            case FunctionCallOutput():
                if not any(item.kind == "function_call" and item.call_id == new.call_id for item in self.items):
                    message = f"Tool call ID '{new.call_id}' not found in conversation."
                    raise EventError("invalid_tool_call_id", message, "item.call_id")
                return Item(name, "function_call_output", call_id=new.call_id, output=new.output)
            case Message():
                return Item(name, role=new.role, words=text_of(new))

    def truncate(self, name: str, index: int, until: int) -> None:
        """Cut the assistant's audio at `until` milliseconds.

        Raises:
            EventError: that cannot be done.
        """
        item = self.find(name)
        if item is None:
            message = f"Item with id '{name}' does not exist."
            raise EventError("item_truncate_invalid_item_id", message, "item_id")
        if item.role != "assistant" or not item.is_audio:
            message = "Only model output audio messages can be truncated"
            raise EventError("invalid_value", message, "item_id")
        if index != 0:
            raise EventError("invalid_value", f"There is no audio content at index {index}.", "content_index")
        there = int(item.audio_ms) if item.heard_ms is None else item.heard_ms
        if until > there:
            message = f"Audio content of {there}ms is already shorter than {until}ms"
            raise EventError("invalid_value", message, "audio_end_ms")
        item.heard_ms = until

    def delete(self, name: str) -> None:
        """Forget an item.

        Raises:
            EventError: there is none of that name.
        """
        item = self.find(name)
        if item is None:
            message = f"Error deleting item: the item with id '{name}' does not exist."
            raise EventError("item_delete_invalid_item_id", message, "item_id")
        self.items.remove(item)


def text_of(message: Message) -> str:
    """Return the words of a client's message.

    Raises:
        EventError: its parts do not go with its role.
    """
    for place, part in enumerate(message.content):
        if part.type not in _ALLOWED[message.role]:
            allowed = ", ".join(f"'{name}'" for name in _ALLOWED[message.role])
            text = f"Invalid value: '{part.type}'. Supported values are: {allowed}."
            raise EventError("invalid_value", text, f"item.content[{place}].type")
        if part.type.endswith("_text") and part.text is UNSET:
            path = f"item.content[{place}].text"
            raise EventError("missing_required_parameter", f"Missing required parameter: '{path}'.", path)
    return " ".join(part.text for part in message.content if part.text is not UNSET)
