"""What is said over the socket of Gemini Live: JSON both ways, 16-bit PCM within, 16 kHz to Google and 24 kHz from it.

Sources: ai.google.dev/api/live and .../gemini-api/docs/live-api (2026-11); what those leave out is from reports of
other clients' authors (2026): a `parametersJsonSchema` is passed over by some models, and a keyword in `parameters`
that is not of OpenAPI's ends the connection; close codes and their reasons.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import float_to_pcm, from_float, pcm_to_float, to_float
from voicecall.audio.resample import Resampler
from voicecall.audio.transcoding import transcoded
from voicecall.errors import NetworkError, ProviderError, RealtimeError

from . import Past, RealtimeOptions, Tool

MODEL = "gemini-3.8-live"
LOCAL = "local"
"""The `turn_detection` that is ours."""
_ORIGIN = "wss://generativelanguage.googleapis.com"
_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_BRACKETS = (
    "What comes to you in writing is from the system that you speak through, and not from the person on the line: do "
    "what is written in square brackets, and never read that out."
)
_RATE = 16000
_RATES = range(8000, 48001)
"""Hertz that audio of the model may have; it is 24000 as a rule."""
_BEFORE_AUDIO = '{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"'
_AFTER_AUDIO = '"}}}'
_OPENING = "[The call begins.]"
_SCHEMA = frozenset(
    "type format title description nullable enum maxItems minItems properties required minProperties maxProperties "
    "minLength maxLength pattern anyOf items minimum maximum".split()
)
"""Keywords of OpenAPI's schemas that are taken."""


class _Camel(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Blob(_Camel, frozen=True):
    """Something with a type."""

    mime_type: str = ""
    data: bytes = b""


class Part(_Camel, frozen=True):
    """Part of what the model says."""

    inline_data: Blob | None = None
    thought: bool = False


class Content(_Camel, frozen=True):
    """What the model says."""

    parts: tuple[Part, ...] = ()


class Transcribed(_Camel, frozen=True):
    """More words of somebody."""

    text: str = ""
    finished: bool = False


class ServerContent(_Camel, frozen=True):
    """More of a conversation."""

    model_turn: Content | None = None
    output_transcription: Transcribed | None = None
    input_transcription: Transcribed | None = None
    interrupted: bool = False
    generation_complete: bool = False
    turn_complete: bool = False
    turn_complete_reason: str = ""
    interaction_status: str = ""


class FunctionCall(_Camel, frozen=True):
    """A tool that is called."""

    id: str = ""
    name: str = ""
    args: Mapping[str, Any] = {}


class ToolCall(_Camel, frozen=True):
    """Tools that are called."""

    function_calls: tuple[FunctionCall, ...] = ()


class Cancellation(_Camel, frozen=True):
    """Calls whose results are not wanted any more."""

    ids: tuple[str, ...] = ()


class GoAway(_Camel, frozen=True):
    """The connection will be closed."""

    time_left: str = ""

    @property
    def seconds(self) -> float:
        """How long it stays."""
        found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,9})?)s", self.time_left)
        return float(found[1]) if found else 0.0


class Resumption(_Camel, frozen=True):
    """Whether the session could be resumed now, and by what."""

    new_handle: str = ""
    resumable: bool = False


class VoiceActivity(_Camel, frozen=True):
    """The model hears somebody begin to speak, or stop."""

    voice_activity_type: str = ""


class ServerMessage(_Camel, frozen=True):
    """One message of Google's; members that are not known are passed over."""

    setup_complete: dict[str, Any] | None = None
    server_content: ServerContent | None = None
    tool_call: ToolCall | None = None
    tool_call_cancellation: Cancellation | None = None
    go_away: GoAway | None = None
    session_resumption_update: Resumption | None = None
    voice_activity: VoiceActivity | None = None


_decoder = msgspec.json.Decoder(ServerMessage)


def read(message: str | bytes) -> ServerMessage | None:
    """Return a message of Google's; None if it is none."""
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def write(name: str, value: Any) -> str:
    """Return a message with this one member."""
    return msgspec.json.encode({name: value}).decode()


def address(options: RealtimeOptions) -> str:
    """Return where the socket is."""
    origin = (options.base_url or _ORIGIN).rstrip("/")
    return ("ws" + origin.removeprefix("http") if origin.startswith("http") else origin) + _PATH


def setup(
    options: RealtimeOptions, instructions: str, tools: Iterable[Tool], *, handle: str = "", history: bool = False
) -> str:
    """Return the message that sets up a session: `handle` resumes one, `history` says that the past will be told."""
    model = (options.model or MODEL).removeprefix("models/")
    generation: dict[str, Any] = {"responseModalities": ["AUDIO"]}
    if options.voice:
        generation["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": options.voice}}}
    if "extended-thinking" in model:  # it must be told how much, and is as quick as it can be with the least
        generation["thinkingConfig"] = {"thinkingLevel": "LOW"}
    value: dict[str, Any] = {
        "model": f"models/{model}",
        "generationConfig": generation,
        "systemInstruction": {"parts": [{"text": f"{instructions}\n\n{_BRACKETS}".strip()}]},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "sessionResumption": {"handle": handle} if handle else {},
        "contextWindowCompression": {"slidingWindow": {}},
    }
    if declared := [_declaration(tool) for tool in tools]:
        value["tools"] = [{"functionDeclarations": declared}]
    if options.turn_detection == LOCAL:
        value["realtimeInputConfig"] = {"automaticActivityDetection": {"disabled": True}}
    if history:
        value["historyConfig"] = {"initialHistoryInClientContent": True}
    return write("setup", value)


def _declaration(tool: Tool) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties"):
        declared["parameters"] = _schema(tool.parameters)
    return declared


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema in OpenAPI's words, as far as these go."""
    value = {name: each for name, each in schema.items() if name in _SCHEMA}
    if isinstance(kinds := value.get("type"), list):
        named = [kind for kind in kinds if kind != "null"]
        value["type"] = named[0] if named else "string"
        value["nullable"] = len(named) < len(kinds)
    if "const" in schema:
        value["enum"] = [schema["const"]]
    if value.get("type") != "string" or "enum" in value:
        value.pop("format", None)  # of numbers there are others than JSON Schema's, and an enum has its own
    if "properties" in value:
        value["properties"] = {name: _schema(each) for name, each in value["properties"].items()}
    if isinstance(value.get("items"), dict):
        value["items"] = _schema(value["items"])
    if "anyOf" in value:
        value["anyOf"] = [_schema(each) for each in value["anyOf"]]
    return value


def history(lines: Iterable[Past]) -> str:
    """Return what was said before as a message, which is not answered. It begins with the caller."""
    turns = [_turn("model" if line.speaker == "agent" else "user", line.text) for line in lines]
    if turns and turns[0]["role"] == "model":
        turns.insert(0, _turn("user", _OPENING))
    return write("clientContent", {"turns": turns, "turnComplete": True})


def order(*texts: str) -> str:
    """Return a message that tells the model something and has it answer. It interrupts the model."""
    turns = [_turn("user", text) for text in texts]
    return write("clientContent", {"turns": turns, "turnComplete": True} if turns else {"turnComplete": True})


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def results(outputs: Iterable[tuple[str, str, str]], *, silent: bool) -> str:
    """Return what tools have told, each by its call's id and its name. `silent`: the model shall not go on."""
    more = {"scheduling": "SILENT"} if silent else {}
    told = [{"id": call, "name": name, "response": {"output": output}, **more} for call, name, output in outputs]
    return write("toolResponse", {"functionResponses": told})


class Upward:
    """One call's audio on its way to the model."""

    def __init__(self) -> None:
        self._resampler = Resampler(TELEPHONE_RATE, _RATE)

    def message(self, mulaw: bytes) -> str:
        """Return caller audio as a message."""
        transcoded["model"] += 1
        pcm = float_to_pcm(self._resampler.feed(to_float(mulaw)))
        return _BEFORE_AUDIO + b64encode(pcm).decode() + _AFTER_AUDIO


class Downward:
    """One call's audio on its way from the model. What it returns is mu-law."""

    def __init__(self) -> None:
        self._resamplers: dict[int, Resampler] = {}
        self._rate = 0
        self._odd = b""

    def convert(self, blob: Blob) -> bytes:
        """Return what can be computed by now.

        Raises:
            RealtimeError: it is no such audio.
        """
        kind = re.fullmatch(r"audio/(?:pcm|l16)(?:;.*?\brate=(\d{1,6})\b.*)?", blob.mime_type.lower())
        rate = int(kind[1] or 24000) if kind else 0
        if rate not in _RATES:
            raise RealtimeError(f"Gemini sent {re.sub('[^a-z0-9/;=.-]', '?', blob.mime_type.lower())[:40]!r}, not PCM")
        transcoded["model"] += 1
        tail = self.flush() if rate != self._rate else b""
        self._rate = rate
        if rate not in self._resamplers:
            self._resamplers[rate] = Resampler(rate, TELEPHONE_RATE)
        pcm = self._odd + blob.data
        whole = len(pcm) & ~1
        self._odd = pcm[whole:]
        return tail + from_float(self._resamplers[rate].feed(pcm_to_float(pcm[:whole])))

    def flush(self) -> bytes:
        """Return the rest; what comes next is another piece."""
        self._odd = b""
        resampler = self._resamplers.get(self._rate)
        return from_float(resampler.flush()) if resampler is not None else b""


def judged(error: ProviderError) -> ProviderError:
    """Return what a connection's end means: some that Google closes are never to be had again."""
    text = str(error)
    if not isinstance(error, NetworkError) or error.code not in ("1007", "1008", "1011"):
        return error
    if re.search(r"api[ _-]?key|unregistered callers|permission denied|credential", text, re.IGNORECASE):
        return RealtimeError("Google refuses the API key", code="401")
    if "not found for API version" in text or "not supported for bidi" in text:
        return RealtimeError("Google has no such model for live conversations", code="404")
    if re.search(r"quota|billing", text, re.IGNORECASE):
        return RealtimeError("the quota at Google is used up, or nothing pays for it", code="429")
    return error
