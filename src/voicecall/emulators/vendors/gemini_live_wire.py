"""What the emulated Gemini Live reads of a client, strictly: whatever it does not know ends the connection.

Names may be written in camelCase or in snake_case, as JSON of protocol buffers always may. A connection is refused by
closing it: 1007 for what is wrong with a request or its key, 1008 for what is not to be had, 1011 for what is amiss
with the vendor.

Sources: ai.google.dev/api/live and .../live-api/capabilities (2026-11) for messages and members; the models' pages of
3.1 Flash Live and 3.8 Live for what each refuses; close codes and reasons as client authors report them (issues of
googleapis/python-genai, google/adk-python and pydantic/pydantic-ai, 2026).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

INVALID = "Request contains an invalid argument."
MODELS = (
    "gemini-3.8-live",
    "gemini-3.8-live-extended-thinking",
    "gemini-3.1-flash-live-preview",
    "gemini-2.5-flash-native-audio-preview-12-2025",
)
VOICES = frozenset(
    "Achernar Achird Algenib Algieba Alnilam Aoede Autonoe Callirrhoe Charon Despina Enceladus Erinome Fenrir Gacrux "
    "Iapetus Kore Laomedeia Leda Orus Puck Pulcherrima Rasalgethi Sadachbia Sadaltager Schedar Sulafat Umbriel "
    "Vindemiatrix Zephyr Zubenelgenubi".split()
)

_CONTENT = {"role": None, "parts": [{"text": None}]}
_TRANSCRIPTION = {"languageCodes": None, "customVocabulary": None}
_SETUP = {
    "model": None,
    "generationConfig": {
        "candidateCount": None,
        "maxOutputTokens": None,
        "temperature": None,
        "topP": None,
        "topK": None,
        "presencePenalty": None,
        "frequencyPenalty": None,
        "seed": None,
        "responseModalities": None,
        "mediaResolution": None,
        "thinkingConfig": {"thinkingLevel": None, "thinkingBudget": None, "includeThoughts": None},
        "speechConfig": {"languageCode": None, "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": None}}},
    },
    "systemInstruction": _CONTENT,
    "tools": [
        {
            "googleSearch": None,
            "functionDeclarations": [
                {
                    "name": None,
                    "description": None,
                    "parameters": None,
                    "parametersJsonSchema": None,
                    "response": None,
                    "behavior": None,
                }
            ],
        }
    ],
    "realtimeInputConfig": {
        "automaticActivityDetection": {
            "disabled": None,
            "startOfSpeechSensitivity": None,
            "endOfSpeechSensitivity": None,
            "prefixPaddingMs": None,
            "silenceDurationMs": None,
        },
        "activityHandling": None,
        "turnCoverage": None,
    },
    "sessionResumption": {"handle": None},
    "contextWindowCompression": {"triggerTokens": None, "slidingWindow": {"targetTokens": None}},
    "inputAudioTranscription": _TRANSCRIPTION,
    "outputAudioTranscription": _TRANSCRIPTION,
    "historyConfig": {"initialHistoryInClientContent": None},
    "safetySettings": None,
}
_MESSAGE = {
    "setup": _SETUP,
    "clientContent": {"turns": [_CONTENT], "turnComplete": None},
    "realtimeInput": {
        "audio": {"data": None, "mimeType": None},
        "audioStreamEnd": None,
        "activityStart": {},
        "activityEnd": {},
        "text": None,
    },
    "toolResponse": {
        "functionResponses": [
            {"id": None, "name": None, "response": None, "scheduling": None, "willContinue": None},
        ]
    },
}
"""Members of objects by name: an object, an array of them, or None for what is read elsewhere."""


class Refusal(Exception):
    """The connection is closed with this code and reason."""

    def __init__(self, code: int, reason: str = INVALID) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Setup:
    """What a session was set up with."""

    model: str
    instructions: str = ""
    voice: str = ""
    automatic: bool = True
    """Whether the vendor detects activity by itself."""
    interrupts: bool = True
    """Whether activity interrupts the model."""
    prefix: float = 0.02
    """Seconds of speech before it counts as such."""
    silence: float = 0.5
    """Seconds of silence that end speech."""
    hears_words: bool = False
    """Whether the caller's words are told, and the model's."""
    says_words: bool = False
    tools: dict[str, bool] = field(default_factory=dict)
    """Names of functions, and whether the model waits for their results."""
    resumes: bool = False
    handle: str = ""
    has_history: bool = False
    """Whether the first content is the past, and is not answered."""


def read(message: str | bytes) -> dict[str, Any]:
    """Return a client's message with its one member, all names in camelCase.

    Raises:
        Refusal: it is none.
    """
    try:
        value = _camel(json.loads(message))
    except ValueError:
        raise Refusal(1007, "Invalid JSON payload received.") from None
    _check(value, _MESSAGE, "")
    if len(value) != 1:
        raise Refusal(1007)
    return dict(value)


def read_setup(setup: dict[str, Any], models: tuple[str, ...]) -> Setup:
    """Read the first message.

    Raises:
        Refusal: the session cannot be set up so.
    """
    model = str(setup.get("model", ""))
    name = model.removeprefix("models/")
    if not model.startswith("models/") or name not in models:
        raise Refusal(1008, f"{model} is not found for API version v1beta, or is not supported for bidiGenerateContent")
    generation = setup.get("generationConfig", {})
    voice = _inside(generation, "speechConfig", "voiceConfig", "prebuiltVoiceConfig").get("voiceName", "Puck")
    thinking = generation.get("thinkingConfig", {})
    if generation.get("responseModalities", ["AUDIO"]) != ["AUDIO"] or voice not in VOICES:
        raise Refusal(1007)
    thinks = name.endswith("extended-thinking")
    if thinks and "thinkingLevel" not in thinking:
        raise Refusal(1007, "Thinking level must be specified for this model.")
    if name.startswith("gemini-3.8") and not thinks and "thinkingLevel" in thinking:
        raise Refusal(1007, "Thinking level is not supported for this model.")
    resumption = setup.get("sessionResumption")
    handle = (resumption or {}).get("handle", "")
    if not isinstance(handle, str):
        raise Refusal(1007)
    activity = setup.get("realtimeInputConfig", {})
    detection = activity.get("automaticActivityDetection", {})
    return Setup(
        model=name,
        instructions="\n".join(part.get("text", "") for part in setup.get("systemInstruction", {}).get("parts", [])),
        voice=voice,
        automatic=not detection.get("disabled", False),
        interrupts=activity.get("activityHandling") != "NO_INTERRUPTION",
        prefix=detection.get("prefixPaddingMs", 20) / 1000,
        silence=detection.get("silenceDurationMs", 500) / 1000,
        hears_words="inputAudioTranscription" in setup,
        says_words="outputAudioTranscription" in setup,
        tools=_tools(setup.get("tools", []), is_async=name.startswith("gemini-3.8")),
        resumes=resumption is not None,
        handle=handle,
        has_history=bool(setup.get("historyConfig", {}).get("initialHistoryInClientContent", False)),
    )


def read_audio(audio: dict[str, Any]) -> tuple[bytes, int]:
    """Return 16-bit PCM and its rate. Both alphabets of base64 are read.

    Raises:
        Refusal: it is no such audio.
    """
    kind = re.fullmatch(r"audio/pcm;\s*rate=(\d+)", str(audio.get("mimeType")))
    try:
        data = base64.b64decode(audio["data"].translate(_URLSAFE), validate=True)
    except (KeyError, AttributeError, binascii.Error):
        raise Refusal(1007) from None
    if kind is None or len(data) % 2:
        raise Refusal(1007)
    return data, int(kind[1])


def _tools(tools: list[dict[str, Any]], *, is_async: bool) -> dict[str, bool]:
    """Say of each function whether the model waits for it: 3.8 does only where it is told to, older ones always do."""
    functions: dict[str, bool] = {}
    for declaration in (each for tool in tools for each in tool.get("functionDeclarations", [])):
        name, behavior = str(declaration.get("name", "")), declaration.get("behavior")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}", name) or behavior not in (
            None,
            "BLOCKING",
            "NON_BLOCKING",
        ):
            raise Refusal(1007)
        _check_schema(declaration.get("parameters", {}))
        functions[name] = behavior != "NON_BLOCKING" if behavior or not is_async else False
    return functions


def _check_schema(schema: dict[str, Any]) -> None:
    """Refuse keywords that are JSON Schema's alone; `parametersJsonSchema` is passed over, as some models do."""
    schema = {_camel_name(name): each for name, each in schema.items()}
    if unknown := set(schema) - _SCHEMA:
        name = sorted(unknown)[0]
        raise Refusal(1007, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    nested = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    for each in (*nested, *([schema["items"]] if "items" in schema else [])):
        _check_schema(each)


def _inside(value: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = value.get(name, {})
    return value


_URLSAFE = str.maketrans("-_", "+/")
_SCHEMA = frozenset(
    "type format title description nullable enum maxItems minItems properties required minProperties maxProperties "
    "minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum".split()
)
_FREE = frozenset({"parameters", "parametersJsonSchema", "response"})


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = ((_camel_name(name), each) for name, each in value.items())
    return {name: each if name in _FREE else _camel(each) for name, each in named}


def _camel_name(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _check(value: Any, known: Any, where: str) -> None:
    if known is None:
        return
    if isinstance(known, list):
        if not isinstance(value, list):
            raise Refusal(1007)
        for each in value:
            _check(each, known[0], where)
        return
    if not isinstance(value, dict):
        raise Refusal(1007)
    for name, each in value.items():
        if name not in known:
            place = f" at '{where}'" if where else ""
            raise Refusal(1007, f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.')
        _check(each, known[name], f"{where}.{name}" if where else name)
