"""The one tool that an agent is given, `voice_call`: its actions, its schema, its words. Drawn from the operations.

Everything that shows the tool shows what stands here: MCP, `voicecall tool-schema`, the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from voicecall.core.administration import ADMINISTRATION
from voicecall.core.failures import told
from voicecall.core.operations import (
    TABLE,
    Continue,
    Dtmf,
    End,
    Events,
    History,
    Initiate,
    Latency,
    Live,
    Operation,
    Recording,
    Simulate,
    Speak,
    Status,
    Transcript,
    Wait,
)
from voicecall.errors import BadParameters, VoicecallError

NAME = "voice_call"
Form = Literal["json", "openai", "anthropic"]

_NAMES: Mapping[type[Operation], str] = {
    Initiate: "initiate_call",
    Continue: "continue_call",
    Speak: "speak_to_user",
    End: "end_call",
    Status: "get_status",
    Dtmf: "send_digits",
    Live: "list_live_calls",
    History: "list_calls",
    Transcript: "get_transcript",
    Events: "get_events",
    Recording: "get_recording",
    Latency: "get_latency",
}
"""What an operation is called here; any other goes by its own name."""
_APART = frozenset({Wait, Simulate})
"""No actions: the first is `get_status` with `wait`, the second is for people who try things out."""
_ALSO = {"send_dtmf": "send_digits"}
"""Other names of actions, which older agents use."""

ACTIONS: Mapping[str, type[Operation]] = {
    _NAMES.get(kind, kind.name): kind for kind in TABLE if kind not in _APART and kind not in ADMINISTRATION
}

_INTRODUCTION = """\
Make and steer phone calls. Place one with `initiate_call`; in a conversation say something and hear the answer with \
`continue_call`, and hang up with `end_call`. `get_status` with `wait` returns once the call has ended. \
The actions, each with its parameters:"""
_WORDS: Mapping[str, str] = {
    "action": "What to do.",
    "callId": "Which call: the id that `initiate_call` returned.",
    "message": "What is said to the other side, word for word.",
    "to": "Whom to call: an E.164 number such as +15550101234. Default: the configured number.",
    "mode": "`notify` says the message and hangs up; `conversation` stays on the line.",
    "carrier": "Over which carrier. Default: the configured one.",
    "dtmf": "Digits to send once the call is answered: 0-9 * # A-D; w pauses half a second.",
    "objective": "What the agent on the phone should achieve. The other side is not told.",
    "schema": "A JSON Schema of an object: what is to be found out. `outcome.data` of the final record holds it.",
    "language": "What is spoken, as a BCP 47 tag such as `de`.",
    "metadata": "Your own labels for the call.",
    "digits": "Digits to send: 0-9 * # A-D; w pauses half a second.",
    "wait": "Answer only once the call has ended.",
    "timeout": "With `wait`: give up after so many seconds; the call goes on.",
    "since": "For calls a time (RFC 3339) or a span back from now (`2h`); for events a sequence number.",
    "limit": "How many at most.",
    "number": "Only calls from or to this number.",
    "state": "Only calls in this state.",
    "last": "How many calls to look at.",
    "idempotencyKey": "Name this wish: asked again under the same name within a day, it is not done twice.",
}
_MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent asked for."""

    operation: Operation
    idempotency_key: str | None = None


def read(arguments: Mapping[str, Any]) -> Asked:
    """Return what is asked for; parameters that are null count as absent.

    Raises:
        BadParameters: the action or a parameter is missing, unknown or of another type.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    action = given.pop("action", None)
    kind = ACTIONS.get(_ALSO.get(action, action)) if isinstance(action, str) else None
    if kind is None:
        raise BadParameters(f"action: expected one of {', '.join(ACTIONS)}")
    key = given.pop("idempotencyKey", None) if kind.changes else None
    if key is not None and not (isinstance(key, str) and 0 < len(key) <= _MAX_KEY):
        raise BadParameters(f"idempotencyKey: expected 1 to {_MAX_KEY} characters")
    if kind is Status:
        wait = given.pop("wait", False)
        if not isinstance(wait, bool):
            raise BadParameters("wait: expected true or false")
        if wait:
            kind = Wait
    try:
        return Asked(msgspec.convert(given, kind), key)
    except msgspec.ValidationError as error:
        raise BadParameters(f"{action}: {error}") from error


def failure(error: VoicecallError) -> dict[str, str]:
    """Return why something was not done: `{code, message, reason?}`."""
    found = told(error)
    return {"code": found.code, "message": found.message} | ({"reason": found.reason} if found.reason else {})


def description() -> str:
    """Return what the tool does and what each action takes, for a language model."""
    lines = [_INTRODUCTION]
    for action, kind in ACTIONS.items():
        summary = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        lines.append(f"- `{action}` ({', '.join(_signature(kind))}): {summary}")
    return "\n".join(lines)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the parameters: one flat object, as every vendor of models takes it."""
    properties: dict[str, Any] = {"action": {"type": "string", "enum": list(ACTIONS)}}
    definitions: dict[str, Any] = {}
    for kind in (*ACTIONS.values(), Wait):
        _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
        for name, found in parts.pop(kind.__name__).get("properties", {}).items():
            properties[name] = _either(properties.get(name), _plain(found))
        definitions |= parts
    properties["wait"] = {"type": "boolean"}
    properties["idempotencyKey"] = {"type": "string", "minLength": 1, "maxLength": _MAX_KEY}
    for name, one in properties.items():
        one["description"] = _WORDS.get(name, name)
    whole = {"type": "object", "properties": properties, "required": ["action"], "additionalProperties": False}
    return whole | ({"$defs": definitions} if definitions else {})


def document(form: Form = "json") -> dict[str, Any]:
    """Return the tool as one JSON value: as plain JSON Schema, or as an API of models wants it."""
    match form:
        case "json":
            dialect = "https://json-schema.org/draft/2020-12/schema"
            return {"$schema": dialect, "title": NAME, "description": description(), **schema()}
        case "openai":
            function = {"name": NAME, "description": description(), "parameters": schema()}
            return {"type": "function", "function": function}
        case "anthropic":
            return {"name": NAME, "description": description(), "input_schema": schema()}


def _signature(kind: type[Operation]) -> list[str]:
    """Return the parameters of an action, those that may be left out with a question mark."""
    fields = [(field.encode_name, field.required) for field in msgspec.structs.fields(kind)]
    names = [name if required or name == "message" else f"{name}?" for name, required in fields]
    if kind is Status:
        names += ["wait?", "timeout?"]
    return [*names, "idempotencyKey?"] if kind.changes else names


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter without its default and without null: absent is how one says nothing."""
    one = {name: value for name, value in found.items() if name not in ("default", "title", "description")}
    kinds = [kind for kind in one.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:
        one = dict(kinds[0])
    if "enum" in one:
        one = {"type": "string", "enum": [value for value in one["enum"] if value is not None]}
    return one


def _either(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what two actions call by the same name."""
    if one is None or one == other:
        return other
    return {"anyOf": [*one.get("anyOf", [one]), other]}
