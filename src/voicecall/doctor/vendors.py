"""Checks of who hears, who speaks and who answers: is the key taken, is the service there."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from voicecall.app.engines import brain_options
from voicecall.brains import vendors
from voicecall.config.agents import Agent
from voicecall.config.model import Config
from voicecall.config.speech import Stt, Tts, VendorStt, VendorTts
from voicecall.errors import ConfigError
from voicecall.net.http import Http
from voicecall.plugins import Speech, is_local, local

from . import Check, fail, merged, ok, warn
from .asking import Answer, ask

_RESTRICTED = b"missing_permissions"
"""In a refusal of ElevenLabs: the key is right, and may not do what was asked."""


@dataclass(frozen=True, slots=True)
class _Service:
    """A harmless question that only holders of a key may ask."""

    origin: str
    path: str
    header: str
    prefix: str = ""
    more: tuple[tuple[str, str], ...] = ()


_SERVICES: Mapping[str, _Service] = {
    "openai": _Service("https://api.openai.com", "/v1/models", "Authorization", "Bearer "),
    "deepgram": _Service("https://api.deepgram.com", "/v1/auth/token", "Authorization", "Token "),
    "elevenlabs": _Service("https://api.elevenlabs.io", "/v1/models", "xi-api-key"),
    "cartesia": _Service(
        "https://api.cartesia.ai", "/voices?limit=1", "Authorization", "Bearer ", (("Cartesia-Version", "2026-03-01"),)
    ),
}
"""As the vendors' API references have it; tried against stand-ins only."""


async def speech(id_: Speech, parts: list[Stt] | list[Tts], http: Http) -> Check:
    """See whether those that hear (`stt`) or speak (`tts`) can be had, the ones that stand in included."""
    wanted: dict[tuple[str, str, str | None], None] = {}
    for part in parts:
        for name in (part.provider, *part.fallback):
            own = getattr(part, name, None)
            key, base = "", None
            if isinstance(own, VendorStt | VendorTts):
                key, base = own.api_key.get_secret_value() if own.api_key else "", own.api_base_url
            wanted[name, key, base] = None
    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(_speech(id_, *each, http)) for each in wanted]
    return merged(id_, [task.result() for task in found])


async def _speech(id_: Speech, name: str, key: str, base: str | None, http: Http) -> Check:
    engine = local(id_) if name == "local" else name
    if is_local(id_, engine):
        return ok(id_, f"{engine}, on this machine")
    service = _SERVICES.get(name)
    if service is None:
        return ok(id_, f"{name}, of another package; not tried")
    where = f"{id_}.{name}.api_key"
    if not key:
        return fail(id_, f"{name} has no API key", f"set {name.upper()}_API_KEY, or {where}")
    headers = {service.header: service.prefix + key, **dict(service.more)}
    answer = await ask(http, "GET", (base or service.origin) + service.path, headers)
    return _judged(id_, name, where, answer, elsewhere=base is not None)


def _judged(id_: str, name: str, where: str, answer: Answer, *, elsewhere: bool) -> Check:
    if answer.good or _RESTRICTED in answer.body:
        return ok(id_, f"{name} takes the key")
    if answer.refused:
        return fail(id_, f"{name} refuses the key (HTTP {answer.status})", f"make a new key at {name}, and set {where}")
    if answer.silence:
        return fail(id_, f"{name}: {answer.silence}", "see that this machine reaches it: DNS, firewall, HTTPS_PROXY")
    if answer.status == 429:
        return warn(
            id_, f"{name} answers that it was asked too often or that credit is spent (HTTP 429)", "see the account"
        )
    if elsewhere and answer.status < 500:
        return ok(id_, f"{name} is reached at {answer.host}; the key was not tried")
    return warn(id_, f"{name} answered HTTP {answer.status}; the key could not be tried", f"see {name}'s status page")


async def brain(config: Config, http: Http) -> Check:
    """See whether those who answer can be reached, on all lines, the ones that stand in included."""
    agents: list[Agent] = []
    for number in ("", *config.lines):
        one = config.line(number).brain
        for agent in (one.model_copy(update={"fallback": None}), one.fallback):
            if agent is not None and agent not in agents:
                agents.append(agent)
    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(_agent(agent, http)) for agent in agents]
    return merged("brain", [task.result() for task in found])


async def _agent(agent: Agent, http: Http) -> Check:
    match agent.kind:
        case "demo" | "fixed" | "echo":
            return ok("brain", f"{agent.kind}, built in")
        case "model":
            return await _model(agent, http)
        case "openclaw":
            return await _openclaw(agent, http)
        case "http":
            return await _service(agent, http)
        case "command":
            return _command(agent)
        case "python":
            return _python(agent)
        case _:
            return ok("brain", f"{agent.kind}, of another package; not tried")


async def _model(agent: Agent, http: Http) -> Check:
    options = brain_options(agent)
    try:
        vendor, name = vendors.find(options)
    except ConfigError as error:
        return fail("brain", error.faults[0].message, f"see {error.faults[0].key}")
    key, base = options.api_key, vendor.base_url.rstrip("/")
    match vendor.api:
        case "anthropic":
            url, headers = f"{base}/v1/models", {"x-api-key": key, "anthropic-version": "2023-06-01"}
        case "gemini":
            url, headers = f"{base}/v1beta/models", {"x-goog-api-key": key}
        case _:
            url, headers = f"{base}/models", {"Authorization": f"Bearer {key}"} if key else {}
    answer = await ask(http, "GET", url, headers)
    if answer.good and name.encode() not in answer.body and len(answer.body) < 16 * 1024 and vendor.api == "chat":
        return warn("brain", f"{vendor.title} serves no model {name!r}", "write one that it lists in brain.model")
    return _judged("brain", vendor.title, vendor.key or "brain.token", answer, elsewhere=bool(options.base_url))


async def _openclaw(agent: Agent, http: Http) -> Check:
    options = brain_options(agent)
    headers = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}
    answer = await ask(http, "GET", options.url.rstrip("/") + "/v1/models", headers)
    who = f"the OpenClaw gateway at {answer.host}"
    if answer.good:
        return ok("brain", f"{who} takes the token")
    if answer.refused:
        fix = "set brain.openclaw.token to gateway.auth.token of its file"
        return fail("brain", f"{who} refuses the token (HTTP {answer.status})", fix)
    if answer.silence:
        return fail(
            "brain", f"{who} does not answer: {answer.silence}", "openclaw gateway start, or brain.openclaw.gateway_url"
        )
    if answer.status in (404, 405):
        fix = "set gateway.http.endpoints.chatCompletions.enabled to true in its file"
        return warn("brain", f"{who} is reached, but lists no models: chat completions may be switched off", fix)
    return warn("brain", f"{who} answered HTTP {answer.status}", "see its log")


async def _service(agent: Agent, http: Http) -> Check:
    """A request without a body: whatever a service answers to that, it is there."""
    url = agent.url or ""
    headers = {"Authorization": f"Bearer {agent.token.get_secret_value()}"} if agent.token else {}
    answer = await ask(http, "HEAD", url, headers)
    if answer.silence:
        return fail(
            "brain", f"the agent at brain.url does not answer: {answer.silence}", "start it, or correct brain.url"
        )
    if answer.refused:
        return warn("brain", f"the agent at {answer.host} answers HTTP {answer.status}", "see brain.token")
    if answer.status == 404:
        return warn("brain", f"{answer.host} has nothing at the path of brain.url (HTTP 404)", "correct brain.url")
    return ok("brain", f"the agent at {answer.host} is reached")


def _command(agent: Agent) -> Check:
    program = agent.command[0] if agent.command else ""
    if shutil.which(program) is None:
        return fail("brain", f"there is no program {program!r}", "write its full path in brain.command")
    return ok("brain", f"the program {program}")


def _python(agent: Agent) -> Check:
    module, _, name = (agent.callable or "").partition(":")
    try:
        there = bool(name) and importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        return fail("brain", f"brain.callable {agent.callable!r} cannot be imported", "install it, or set PYTHONPATH")
    return ok("brain", f"the function {agent.callable}")
