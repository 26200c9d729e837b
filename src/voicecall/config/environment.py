"""What the environment says about the configuration: `VOICECALL_<SECTION>__<KEY>` and vendors' usual variables."""

from __future__ import annotations

import json
from collections.abc import Mapping

from voicecall.errors import Fault

from .keys import Path, Tree, bare, dotted, member_of, own_spelling, section_of, spelled, unknown
from .model import Config
from .section import Section

PREFIX = "VOICECALL_"
VENDORS: dict[str, tuple[str, ...]] = {
    "TWILIO_ACCOUNT_SID": ("twilio.account_sid",),
    "TWILIO_AUTH_TOKEN": ("twilio.auth_token",),
    "TELNYX_API_KEY": ("telnyx.api_key",),
    "TELNYX_CONNECTION_ID": ("telnyx.connection_id",),
    "TELNYX_PUBLIC_KEY": ("telnyx.public_key",),
    "PLIVO_AUTH_ID": ("plivo.auth_id",),
    "PLIVO_AUTH_TOKEN": ("plivo.auth_token",),
    "OPENAI_API_KEY": ("stt.openai.api_key", "tts.openai.api_key", "brain.openai.api_key", "realtime.openai.api_key"),
    "DEEPGRAM_API_KEY": ("stt.deepgram.api_key", "tts.deepgram.api_key"),
    "ELEVENLABS_API_KEY": ("stt.elevenlabs.api_key", "tts.elevenlabs.api_key"),
    "CARTESIA_API_KEY": ("tts.cartesia.api_key",),
    "ANTHROPIC_API_KEY": ("brain.anthropic.api_key",),
    "GOOGLE_API_KEY": ("brain.gemini.api_key", "realtime.gemini.api_key"),
    "GEMINI_API_KEY": ("brain.gemini.api_key", "realtime.gemini.api_key"),
    "NGROK_AUTHTOKEN": ("tunnel.ngrok_auth_token",),
    "NGROK_DOMAIN": ("tunnel.ngrok_domain",),
}
"""Usual variables and the keys that they set; a later one wins."""
_ELSEWHERE = frozenset({"VOICECALL_CONFIG", "VOICECALL_CONTROL_URL", "VOICECALL_STATE_DIR"})
_OWN: dict[str, Path] = {"VOICECALL_CONTROL_TOKEN": ("control", "token")}


def overlay(
    tree: Tree, environ: Mapping[str, str], origins: dict[Path, str], faults: list[Fault], warnings: list[Fault]
) -> None:
    """Lay the environment over `tree`; `origins` collects the variable that each path came from."""
    usual = dict(VENDORS)
    if (environ.get("VOICECALL_PROVIDER") or tree.get("provider")) == "twilio":
        usual["TWILIO_FROM_NUMBER"] = ("from_number",)
    for name, keys in usual.items():
        for key in keys if environ.get(name) else ():
            _put(tree, tuple(key.split(".")), environ[name], name, origins)
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name in _ELSEWHERE:
            continue
        path = _OWN.get(name) or tuple(name.removeprefix(PREFIX).lower().split("__"))
        annotation = _known(path)
        if isinstance(annotation, str):
            strict = len(path) > 1
            (faults if strict else warnings).append(Fault(dotted(path), f"{annotation} (in the environment: {name})"))
        elif value or bare(annotation) is str:
            unknown_inside: list[tuple[Path, str]] = []
            _put(tree, path, spelled(_typed(value, annotation), annotation, {}, unknown_inside, path), name, origins)
            faults += [Fault(dotted(at), f"{text} (in the environment: {name})") for at, text in unknown_inside]


def usual(key: str, environ: Mapping[str, str]) -> str | None:
    """Return the usual variable that is set for a key (dotted), or None."""
    names = [name for name, keys in VENDORS.items() if key in keys and environ.get(name)]
    return names[-1] if names else None


def _known(path: Path) -> object:
    """Return the annotation of a key, or, as text, why there is no such key."""
    section: type[Section] = Config
    for depth, part in enumerate(path):
        name = own_spelling(section, part)
        if name is None:
            return unknown(section, path[: depth + 1])
        annotation = section.model_fields[name].annotation
        inner = section_of(annotation)
        if depth == len(path) - 1:
            return annotation
        if inner is None:
            return f"unknown key: `{dotted(path[: depth + 1])}` is a value, not a table"
        section = inner
    return "unknown key"


def _typed(value: str, annotation: object) -> object:
    """Return what a variable means where only text can be written; text that cannot be meant stays as it is."""
    kind, member = bare(annotation), member_of(annotation)
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(value.lower(), value)
    if member is not None or section_of(annotation) is not None:
        if value.lstrip()[:1] in ("[", "{"):
            return _json(value)
        return [part.strip() for part in value.split(",")] if member is not None and member[0] is list else value
    if kind in (int, float):
        try:
            return int(value) if kind is int else float(value)
        except ValueError:
            return value
    return value


def _json(value: str) -> object:
    try:
        tree: object = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return tree


def _put(tree: Tree, path: Path, value: object, name: str, origins: dict[Path, str]) -> None:
    table = tree
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file has something else than a table here, which is a fault of its own
        table = inner
    table[path[-1]] = value
    origins[path] = name
