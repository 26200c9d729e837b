"""What a client may send to OpenAI's Realtime socket, member by member, and the error for anything else.

Source: developers.openai.com, reference "Realtime", client events (2026-11)
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

_REASONS = (
    (re.compile(r"Object contains unknown field `(?P<name>.*?)`"), "unknown_parameter", "Unknown parameter: '{path}'."),
    (
        re.compile(r"Object missing required field `(?P<name>.*?)`"),
        "missing_required_parameter",
        "Missing required parameter: '{path}'.",
    ),
    (re.compile(r"Invalid (enum )?value"), "invalid_value", "Invalid value: '{path}' is not supported."),
    (re.compile(r"Expected .* (<=|>=|<|>) "), "invalid_value", "Invalid value: '{path}' is out of range."),
    (re.compile(r""), "invalid_type", "Invalid type for '{path}'."),
)
_PLACE = re.compile(r" - at `\$\.?(?P<place>.*)`$")


class EventError(Exception):
    """The client broke the rules; `error` is the member of that name in the event that tells it so."""

    def __init__(self, code: str, message: str, param: str | None = None, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"type": kind, "code": code, "message": message, "param": param}


class _Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class Pcm(_Strict, tag="audio/pcm"):
    """16-bit little-endian samples."""

    rate: Literal[24000] = 24000


class Pcmu(_Strict, tag="audio/pcmu"):
    """Mu-law, 8 kHz."""


class Pcma(_Strict, tag="audio/pcma"):
    """A-law, 8 kHz."""


Format = Pcm | Pcmu | Pcma


class NoiseReduction(_Strict):
    """Of the microphone."""

    type: Literal["near_field", "far_field"] | UnsetType = UNSET
    strength: float | UnsetType = UNSET


class Transcription(_Strict):
    """Of what the caller says."""

    model: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    prompt: str | UnsetType = UNSET
    keywords: list[str] | UnsetType = UNSET
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | UnsetType = UNSET


class ServerVad(_Strict, tag="server_vad"):
    """Speech is what is loud enough."""

    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    prefix_padding_ms: Annotated[int, Meta(ge=0)] = 300
    silence_duration_ms: Annotated[int, Meta(ge=0)] = 500
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: Annotated[int, Meta(ge=5000, le=30000)] | None = None


class SemanticVad(_Strict, tag="semantic_vad"):
    """A model decides when the caller has finished."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class Input(_Strict):
    """`session.audio.input`."""

    format: Format | UnsetType = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    transcription: Transcription | UnsetType | None = UNSET
    turn_detection: ServerVad | SemanticVad | UnsetType | None = UNSET


class CustomVoice(_Strict):
    """A voice of the account's own."""

    id: str


_Builtin = Literal["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"]


class Output(_Strict):
    """`session.audio.output`."""

    format: Format | UnsetType = UNSET
    voice: _Builtin | CustomVoice | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] | UnsetType = UNSET


class ResponseOutput(_Strict):
    """`response.audio.output`."""

    format: Format | UnsetType = UNSET
    voice: _Builtin | CustomVoice | UnsetType = UNSET


class Audio(_Strict):
    """`session.audio`."""

    input: Input | UnsetType = UNSET
    output: Output | UnsetType = UNSET


class ResponseAudio(_Strict):
    """`response.audio`."""

    output: ResponseOutput | UnsetType = UNSET


class Tool(_Strict, tag="function"):
    """A function that the model may call."""

    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET


class ChosenTool(_Strict, tag="function"):
    """The one function that must be called."""

    name: str


class Retention(_Strict, tag="retention_ratio"):
    """How much is kept of a conversation that became too long."""

    retention_ratio: Annotated[float, Meta(ge=0, le=1)]
    token_limits: dict[str, int] | UnsetType = UNSET


class Reasoning(_Strict):
    """How hard to think."""

    effort: Literal["minimal", "low", "medium", "high", "xhigh"] | UnsetType = UNSET


Modalities = Annotated[list[Literal["text", "audio"]], Meta(min_length=1, max_length=1)]
Tokens = Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"]
ToolChoice = ChosenTool | Literal["auto", "none", "required"]


class SessionSettings(_Strict):
    """The `session` of an update."""

    type: Literal["realtime"]
    model: str | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    output_modalities: Modalities | UnsetType = UNSET
    audio: Audio | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    max_output_tokens: Tokens | UnsetType = UNSET
    truncation: Retention | Literal["auto", "disabled"] | UnsetType = UNSET
    tracing: dict[str, Any] | Literal["auto"] | UnsetType | None = UNSET
    prompt: dict[str, Any] | UnsetType | None = UNSET
    reasoning: Reasoning | UnsetType | None = UNSET
    include: list[Literal["item.input_audio_transcription.logprobs"]] | UnsetType | None = UNSET


class Part(_Strict):
    """A part of a message's content."""

    type: Literal["input_text", "input_audio", "input_image", "output_text", "output_audio"]
    text: str | UnsetType = UNSET
    audio: str | UnsetType = UNSET
    transcript: str | UnsetType = UNSET
    image_url: str | UnsetType = UNSET
    detail: Literal["auto", "low", "high"] | UnsetType = UNSET


class _Item(_Strict):
    id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    object: Literal["realtime.item"] | UnsetType = UNSET
    status: Literal["completed", "incomplete", "in_progress"] | UnsetType = UNSET


class Message(_Item, tag="message", kw_only=True):
    """Something said or written."""

    role: Literal["system", "user", "assistant"]
    content: list[Part]


class FunctionCall(_Item, tag="function_call", kw_only=True):
    """What the model wanted done."""

    name: str
    arguments: str
    call_id: str | UnsetType = UNSET


class FunctionCallOutput(_Item, tag="function_call_output", kw_only=True):
    """What came of it."""

    call_id: str
    output: str


class ItemReference(_Strict, tag="item_reference"):
    """An item of the conversation, by name."""

    id: str


NewItem = Message | FunctionCall | FunctionCallOutput


class ResponseSettings(_Strict):
    """The `response` of `response.create`."""

    audio: ResponseAudio | UnsetType = UNSET
    conversation: Literal["auto", "none"] = "auto"
    input: list[NewItem | ItemReference] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    max_output_tokens: Tokens | UnsetType = UNSET
    metadata: Annotated[dict[str, Annotated[str, Meta(max_length=512)]], Meta(max_length=16)] | None = None
    output_modalities: Modalities | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    prompt: dict[str, Any] | UnsetType | None = UNSET
    reasoning: Reasoning | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET


class _Event(_Strict):
    event_id: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET


class Update(_Event, tag="session.update", kw_only=True):
    """Change the session."""

    session: SessionSettings


class Append(_Event, tag="input_audio_buffer.append", kw_only=True):
    """More of the caller's audio, in base64."""

    audio: Annotated[str, Meta(max_length=20 << 20)]


class Commit(_Event, tag="input_audio_buffer.commit", kw_only=True):
    """What was sent is a turn."""


class Clear(_Event, tag="input_audio_buffer.clear", kw_only=True):
    """Forget what was sent."""


class Create(_Event, tag="conversation.item.create", kw_only=True):
    """Add an item: at the end, after another one, or (`root`) before all."""

    item: NewItem
    previous_item_id: str | None = None


class Truncate(_Event, tag="conversation.item.truncate", kw_only=True):
    """So much of the assistant's audio was heard."""

    item_id: str
    content_index: Annotated[int, Meta(ge=0)]
    audio_end_ms: Annotated[int, Meta(ge=0)]


class Delete(_Event, tag="conversation.item.delete", kw_only=True):
    """Forget an item."""

    item_id: str


class Retrieve(_Event, tag="conversation.item.retrieve", kw_only=True):
    """Show an item."""

    item_id: str


class Respond(_Event, tag="response.create", kw_only=True):
    """Have the model answer."""

    response: ResponseSettings = msgspec.field(default_factory=ResponseSettings)


class Cancel(_Event, tag="response.cancel", kw_only=True):
    """Have it stop: this response, or the one of the conversation."""

    response_id: str | None = None


ClientEvent = Update | Append | Commit | Clear | Create | Truncate | Delete | Retrieve | Respond | Cancel


def understood(text: str) -> tuple[dict[str, Any], ClientEvent]:
    """Return a client's message as it is, and as what it means.

    Raises:
        EventError: it is none of those that a client may send.
    """
    try:
        raw = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise EventError("invalid_json", "We could not parse the JSON of your message.") from None
    if not isinstance(raw, dict):
        raise EventError("invalid_json", "A message must be an object.")
    try:
        return raw, msgspec.convert(raw, ClientEvent)
    except msgspec.ValidationError as error:
        failure = _explained(str(error))
        failure.error["event_id"] = raw.get("event_id") if isinstance(raw.get("event_id"), str) else None
        raise failure from None


def _explained(reason: str) -> EventError:
    found = _PLACE.search(reason)
    place = found["place"] if found else ""
    for pattern, code, message in _REASONS:
        if match := pattern.match(reason):
            name = match.groupdict().get("name")
            path = ".".join(filter(None, (place, name)))
            return EventError(code, message.format(path=path), path or None)
    raise AssertionError(reason)
