"""What several keys say together, and how a value that does not fit is told."""

from __future__ import annotations

import ipaddress
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .agents import Agent, Brain
from .keys import Path
from .model import Config
from .speech import VendorStt, VendorTts

_CREDENTIALS: dict[str, dict[str, str]] = {
    "twilio": {"account_sid": "TWILIO_ACCOUNT_SID", "auth_token": "TWILIO_AUTH_TOKEN"},
    "telnyx": {
        "api_key": "TELNYX_API_KEY",
        "connection_id": "TELNYX_CONNECTION_ID",
        "public_key": "TELNYX_PUBLIC_KEY",
    },
    "plivo": {"auth_id": "PLIVO_AUTH_ID", "auth_token": "PLIVO_AUTH_TOKEN"},
}
_OF_A_KIND: dict[str, dict[str, str]] = {
    "model": {"model": "vendor:name, such as openai:gpt-5-mini"},
    "http": {"url": "the URL that answers"},
    "command": {"command": "the program and its arguments, as a list"},
    "python": {"callable": "module:name"},
}
"""What an agent of each kind cannot do without, and what to write."""
_FUNNEL_PORTS = (443, 8443, 10000)
"""Source: tailscale.com/docs/features/tailscale-funnel (2026-01)."""
LOCAL = frozenset({"local", "moonshine", "whisper", "piper"})
"""Engines of this machine, which know English only."""
_NEED_A_DETECTOR = LOCAL | {"scripted"}
"""Transcribers that do not notice by themselves when the caller speaks."""
_MODELS: dict[str, str] = {
    "openai": "openai",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "google-gla": "gemini",
    "google": "gemini",
    "gemini": "gemini",
}
"""For the vendor in the name of a language model: the section of `brain` that holds its key."""
_WORDY = ("transcript.", "dtmf.")
"""Events that say nothing without the words of the call."""
_SORTS = {
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "string_unicode": "expected text that is valid Unicode",
    "tuple_type": "expected a list",
    "missing": "is missing",
}


def vendor_of(model: str) -> str | None:
    """Return the section of `brain` with the key for a model such as `openai:gpt-5-mini`; None where there is none."""
    named = re.match(r"([a-z-]+)[:/].", model)
    return _MODELS.get(named[1]) if named else None


def misfit(error: Mapping[str, Any]) -> tuple[Path, str]:
    """Return the path and the words for one complaint of pydantic's; the value itself is never shown."""
    parts = [f"[{part}]" if isinstance(part, int) else str(part) for part in error["loc"] if part != "[key]"]
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        message = str(context["error"])
    elif kind == "literal_error":
        message = f"expected {context['expected']}"
    elif kind in ("model_type", "dict_type", "mapping_type", "model_attributes_type"):
        message = "expected a table of keys"
    elif kind in _SORTS:
        message = _SORTS[kind]
    else:
        message = str(error["msg"]).replace("Input should be", "expected a value")
    if kind.endswith("_type") and kind != "missing":
        message += f", not {_sort(error['input'])}"
    return tuple(parts), message


def _sort(value: object) -> str:
    sorts: dict[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        dict: "a table",
        list: "a list",
        type(None): "null",
    }
    return sorts.get(type(value), "a value of this type")


def is_loopback(host: str) -> bool:
    """Say whether an address to bind is reachable from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _same_address(one: str, other: str) -> bool:
    everywhere = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
    return one == other or one in everywhere or other in everywhere or {one, other} == {"localhost", "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What cannot hold together: the words stand at the first of `paths`."""

    paths: tuple[Path, ...]
    message: str
    mild: bool = False
    """Whether a file that was written for another program may stand so: it is a warning there."""


def contradictions(config: Config) -> Iterator[Contradiction]:
    """Yield everything in which keys that are each well-formed disagree."""
    serve, control = config.serve, config.control
    if serve.port == control.port != 0 and _same_address(serve.bind, control.bind):
        yield Contradiction(
            (("control", "port"), ("control", "bind"), ("serve", "port"), ("serve", "bind")),
            f"`serve.port` and `control.port` are both {serve.port} on one address: give one of them another port",
        )
    if not is_loopback(control.bind) and control.token is None:
        yield Contradiction(
            (("control", "bind"), ("control", "token")),
            "reaches beyond loopback and needs an explicit `control.token` (or write 127.0.0.1)",
        )
    if control.token is not None and not control.token.get_secret_value():
        yield Contradiction((("control", "token"),), "is empty: write a long random text, or leave the key out")
    for section, path in (("streaming", config.streaming.stream_path), ("realtime", config.realtime.stream_path)):
        if path is not None and path.rstrip("/") == serve.path.rstrip("/"):
            yield Contradiction(
                ((section, "stream_path"), ("serve", "path")), "is the same as `serve.path`: write another path"
            )
    if config.budget.money_per_day is not None and not config.budget.prices:
        yield Contradiction(
            (("budget", "money_per_day"), ("budget", "prices")),
            'limits money while no price is known: write `budget.prices`, such as `"+1" = 0.014`',
        )
    yield from _impossible_tunnel(config)
    yield from _disordered_waits(config)
    yield from _missing_credentials(config)
    yield from _half_a_key(config)
    yield from _incomplete_agents(config)
    yield from _unheard(config)
    yield from _speechless(config)
    yield from _deaf_or_mute(config)
    yield from _webhooks(config)


def _webhooks(config: Config) -> Iterator[Contradiction]:
    names: set[str] = set()
    for place, webhook in enumerate(config.webhooks):
        at = ("webhooks", f"[{place}]")
        if webhook.name in names:
            yield Contradiction(((*at, "name"),), f"another webhook is named {webhook.name!r}: write another name")
        names.add(webhook.name)
        wordy = [pattern for pattern in webhook.events if pattern.startswith(_WORDY)]
        if wordy and not webhook.transcripts:
            yield Contradiction(
                ((*at, "events"), (*at, "transcripts")),
                f"{wordy[0]!r} is about what was said or pressed, which leaves only with `transcripts = true`",
            )


def _impossible_tunnel(config: Config) -> Iterator[Contradiction]:
    tunnel = config.tunnel
    if tunnel.provider == "tailscale-funnel" and tunnel.port not in _FUNNEL_PORTS:
        allowed = ", ".join(map(str, _FUNNEL_PORTS))
        yield Contradiction((("tunnel", "port"), ("tunnel", "provider")), f"funnel can use {allowed} only")
    if tunnel.provider == "cloudflared" and tunnel.cloudflared_name and not tunnel.cloudflared_domain:
        yield Contradiction(
            (("tunnel", "cloudflared_domain"), ("tunnel", "cloudflared_name")),
            "is missing: write the host name that leads to that tunnel",
        )


def _disordered_waits(config: Config) -> Iterator[Contradiction]:
    low, middle, high = (("turns", f"endpointing{bound}_ms") for bound in ("_min", "", "_max"))
    turns = config.turns
    if turns.endpointing_min_ms > turns.endpointing_ms:
        yield Contradiction((low, middle), "is above `turns.endpointing_ms`: write a lower number")
    if turns.endpointing_ms > turns.endpointing_max_ms:
        yield Contradiction((high, middle), "is below `turns.endpointing_ms`: write a higher number")


def _missing_credentials(config: Config) -> Iterator[Contradiction]:
    provider = config.provider
    for key, variable in _CREDENTIALS.get(provider, {}).items():
        if provider == "telnyx" and key == "public_key" and config.skip_signature_verification:
            continue
        if not _text(getattr(getattr(config, provider), key)):
            yield Contradiction(
                ((provider, key), ("provider",)), f"is missing for provider `{provider}`: write it, or set {variable}"
            )


def _half_a_key(config: Config) -> Iterator[Contradiction]:
    pair = ("api_key_sid", "api_key_secret")
    missing = [key for key in pair if not _text(getattr(config.twilio, key))]
    if len(missing) == 1:
        (given,) = set(pair) - set(missing)
        paths = (("twilio", missing[0]), ("twilio", given))
        yield Contradiction(paths, f"is missing: `twilio.{given}` is of no use without it")


def _incomplete_agents(config: Config) -> Iterator[Contradiction]:
    for path, agent in _agents(config):
        for key, wanted in _OF_A_KIND.get(agent.kind, {}).items():
            if not getattr(agent, key):
                yield Contradiction(
                    ((*path, key), (*path, "kind")), f"is missing for kind `{agent.kind}`: write {wanted}"
                )
        yield from _unreachable_model(path, agent)
        yield from _half_servers(path, agent)


def _agents(config: Config) -> Iterator[tuple[Path, Agent]]:
    """Yield everybody who may answer, and where that stands."""
    brains: list[tuple[Path, Brain]] = [(("brain",), config.brain)]
    own = (number for number, line in config.lines.items() if line.brain is not None)
    brains += [(("lines", number, "brain"), config.line(number).brain) for number in own]
    for path, brain in brains:
        yield path, brain
        if brain.fallback is not None:
            yield (*path, "fallback"), brain.fallback


def _half_servers(path: Path, agent: Agent) -> Iterator[Contradiction]:
    for place, server in enumerate(agent.servers):
        if not server.url and not server.command:
            at = ((*path, "servers", f"[{place}]"), (*path, "servers"))
            yield Contradiction(at, "has neither `url` nor `command`: write one of them")


def _unreachable_model(path: Path, agent: Agent) -> Iterator[Contradiction]:
    if agent.kind != "model" or not agent.model:
        return
    name = vendor_of(agent.model)
    if name is None:
        if not agent.base_url and not re.match("ollama[:/].", agent.model):
            yield Contradiction(
                ((*path, "model"),),
                f"{agent.model!r} is of no vendor that is known here: write vendor:name, where vendor is openai, "
                "anthropic, google-gla or ollama; for another server that speaks as OpenAI does, write `base_url` too",
                mild=True,
            )
        return
    vendor = getattr(agent, name)
    if name == "openai" and (agent.base_url or vendor.api_base_url):
        return  # a server that is like OpenAI's may do without
    if not _text(vendor.api_key) and not _text(agent.token):
        yield Contradiction(
            ((*path, name, "api_key"), (*path, "model"), (*path, "kind")),
            f"is missing for `{agent.model}`: write it, or set {name.upper()}_API_KEY",
            mild=True,
        )


def _deaf_or_mute(config: Config) -> Iterator[Contradiction]:
    """Vendors without a key, and local engines for languages that they do not speak."""
    for number in ("", *config.lines):
        line, at = config.line(number), ("lines", number) if number else ()
        for part, speech in (("stt", line.stt), ("tts", line.tts)):
            if number and (speech, line.language) == (getattr(config, part), config.language):
                continue  # said of the general one
            for name in (speech.provider, *speech.fallback):
                vendor = getattr(speech, name, None)
                chosen = ((*at, part, "provider"), (part, "provider"), (part, "fallback"))
                if isinstance(vendor, VendorStt | VendorTts) and not _text(vendor.api_key):
                    yield Contradiction(
                        ((*at, part, name, "api_key"), (part, name, "api_key"), *chosen),
                        f"is missing for `{name}`: write it, or set {name.upper()}_API_KEY",
                        mild=True,
                    )
                if name in LOCAL and line.language.split("-")[0].lower() != "en":
                    yield Contradiction(
                        ((*at, "language"), ("language",)),
                        f"is {line.language}, and the engines of this machine know English only: "
                        f"in `{part}.{'provider' if name == speech.provider else 'fallback'}`, write a vendor such as "
                        "deepgram, openai or elevenlabs",
                    )


_TURN_DETECTION: Mapping[str, tuple[str, ...]] = {
    "openai": ("server_vad", "semantic_vad", "local"),
    "gemini": ("automatic", "local"),
    "scripted": ("provider", "local"),
}


def _speechless(config: Config) -> Iterator[Contradiction]:
    """A model that hears and speaks, and cannot be had."""
    name = config.realtime.provider
    vendor = getattr(config.realtime, name, None)
    if not config.realtime.enabled or vendor is None:
        return
    if name != "scripted" and not _text(vendor.api_key):
        yield Contradiction(
            (("realtime", name, "api_key"), ("realtime", "provider"), ("realtime", "enabled")),
            f"is missing for `{name}`: write it, or set {name.upper()}_API_KEY",
            mild=True,
        )
    if config.realtime.consult_policy == "always" and config.realtime.tool_policy == "none":
        yield Contradiction(
            (("realtime", "consult_policy"), ("realtime", "tool_policy")),
            "is always, and `realtime.tool_policy` lets the agent do nothing: write safe-read-only or owner there",
            mild=True,
        )
    ways = _TURN_DETECTION[name]
    if vendor.turn_detection not in (None, *ways):
        yield Contradiction(
            (("realtime", name, "turn_detection"),),
            f"{vendor.turn_detection!r} is none of its ways: write {', '.join(ways[:-1])} or {ways[-1]}",
        )
    if vendor.turn_detection == "local" and config.turns.vad == "off":
        yield Contradiction(
            (("turns", "vad"), ("realtime", name, "turn_detection")),
            f"is off, and `realtime.{name}.turn_detection` leaves the end of turns to us: write local, or another way",
        )


def _unheard(config: Config) -> Iterator[Contradiction]:
    """Transcribers that wait for a detector which is off."""
    own = (number for number, line in config.lines.items() if line.stt is not None)
    for number in ("", *own) if config.turns.vad == "off" else ():
        stt, at = config.line(number).stt, ("lines", number) if number else ()
        for name in (stt.provider, *stt.fallback):
            if name in _NEED_A_DETECTOR:
                yield Contradiction(
                    (("turns", "vad"), (*at, "stt", "provider"), ("stt", "provider"), ("stt", "fallback")),
                    f"is off, and `{name}` does not notice by itself when the caller speaks: write local, or take a "
                    "vendor such as deepgram in `stt.provider` and `stt.fallback`",
                )


def _text(value: object) -> str:
    secret = getattr(value, "get_secret_value", None)
    return str(secret() if secret is not None else value or "")


def doubts(config: Config) -> Iterator[tuple[Path, str]]:
    """Yield what is allowed and probably not meant, as path and words."""
    if config.public_url is not None and not urlsplit(config.public_url).path.endswith(config.serve.path):
        yield (
            ("public_url",),
            f"its path does not end with `serve.path` ({config.serve.path}): the proxy must rewrite it, and media "
            "streams are expected without a prefix unless `streaming.public_url` gives one",
        )
    if config.tunnel.provider == "tailscale-serve" and config.provider != "mock" and config.public_url is None:
        yield (
            ("tunnel", "provider"),
            "tailscale-serve is reached from the own network only, and carriers are not in it: write tailscale-funnel",
        )
    if config.skip_signature_verification:
        yield ("skip_signature_verification",), "unsigned webhooks are believed: anybody can fake calls"
    if config.inbound_policy == "allowlist" and not config.allow_from and not config.lines:
        yield ("allow_from",), "is empty, so the allowlist lets nobody in"
    asked = config.realtime.enabled and config.realtime.tool_policy != "none"
    if asked and config.brain.kind == "demo" and not config.brain.fallback:
        yield (
            ("brain", "kind"),
            "is the demo agent, which knows nothing that a model could ask it: name another, or write none in "
            "`realtime.tool_policy`",
        )
    for place, webhook in enumerate(config.webhooks):
        url = urlsplit(webhook.url)
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            yield ("webhooks", f"[{place}]", "url"), "is not encrypted: whoever is on the way reads along; write https"
    for path, agent in _agents(config):
        if agent.kind == "command" and agent.command and shutil.which(agent.command[0]) is None:
            yield (*path, "command"), f"there is no program {agent.command[0]!r} that could be run from this folder"
