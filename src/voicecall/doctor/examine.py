"""All checks, run side by side: first what this machine tells, then who has to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voicecall.app.numbers import Numbers, unreachable
from voicecall.client import AsyncClient, DaemonUnreachable
from voicecall.config.address import elsewhere, of
from voicecall.config.load import Loaded, load
from voicecall.config.model import PROVIDERS
from voicecall.config.state import StateError
from voicecall.core.operations import Live
from voicecall.core.results import Outbound
from voicecall.errors import ConfigError, Fault, VoicecallError
from voicecall.net.http import Http

from . import Check, Report, accounts, exposure, fail, machine, merged, ok, people, vendors, warn
from .archive import store
from .asking import PATIENCE, Answer
from .live import prove
from .realtime import realtime

_ELSEWHERE = frozenset({"public_url", "skip_signature_verification", "allow_from"})
"""Keys whose doubts have checks of their own."""


async def examine(
    path: Path | None,
    *,
    fix: bool = False,
    live: bool = False,
    clock: Callable[[], float],
    http: Http | None = None,
) -> Report:
    """Return what all checks find about the configuration in `path`, or about the one that is found without.

    `fix` mends what can be mended without harm; `live` sends probes through the public URL. `clock` gives Unix seconds.
    """
    try:
        loaded = load(path)
    except ConfigError as error:
        return Report(tuple(_faulty(error)))
    if http is not None:
        return await _all(loaded, http, clock, fix=fix, live=live)
    async with Http() as own:
        return await _all(loaded, own, clock, fix=fix, live=live)


def _faulty(error: ConfigError) -> list[Check]:
    """Return the checks of a configuration with faults; a fault of a carrier's section is told of the carrier too."""
    said = "; ".join(str(fault) for fault in error.faults)
    checks = [fail("config", said, "voicecall config check shows each fault in a line of its own")]
    for carrier in PROVIDERS:
        of_it = [fault for fault in error.faults if fault.key.startswith(f"{carrier}.")]
        if of_it:
            message = "; ".join(_words(fault) for fault in of_it)
            checks.append(fail(f"credentials-{carrier}", message, f"see the section [{carrier}] of the configuration"))
    return checks


def _words(fault: Fault) -> str:
    return f"{fault.key}: {fault.message}"


async def _all(loaded: Loaded, http: Http, clock: Callable[[], float], *, fix: bool, live: bool) -> Report:
    config = loaded.config
    at_carriers = accounts.carriers_of(config)
    settings = Numbers(config, loaded.state, http)
    reached = _reached(loaded)
    lines = [config.line(number) for number in ("", *config.lines)]
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(_daemon(loaded))
        archive = tasks.create_task(store(loaded))
        files = tasks.create_task(asyncio.to_thread(machine.models, config))
        known = {name: tasks.create_task(accounts.credentials(one, http)) for name, one in at_carriers.items()}
        numbers = {
            name: tasks.create_task(accounts.number(name, config, settings, reached, fix=fix)) for name in at_carriers
        }
        stt = tasks.create_task(vendors.speech("stt", [line.stt for line in lines], http))
        tts = tasks.create_task(vendors.speech("tts", [line.tts for line in lines], http))
        agents = tasks.create_task(vendors.brain(config, http))
        model = tasks.create_task(realtime(config))
    daemon, calls, outbound = asked.result()
    answers: list[Answer] = [answer for task in known.values() for answer in task.result()[1]]
    report = Report(
        (
            _config(loaded),
            machine.state_dir(loaded, fix=fix),
            machine.disk(loaded),
            machine.ports(config, ours=daemon.level == "ok"),
            files.result(),
            archive.result(),
            machine.log(config),
            daemon,
            exposure.public_url(config),
            exposure.webhook_path(config),
            exposure.signature(config),
            exposure.stream(config),
            exposure.tunnel(config, down=daemon.level == "ok" and reached is None and elsewhere() is None),
            people.inbound_policy(config),
            people.limits(config, calls),
            people.budget(config, outbound),
            *(task.result()[0] for task in known.values()),
            *(task.result() for task in numbers.values()),
            stt.result(),
            tts.result(),
            agents.result(),
            model.result(),
            accounts.clock(answers, clock()),
        )
    )
    if not live:
        return report
    if daemon.level != "ok":
        return _with(
            report, [fail("daemon", "the way from outside is tried with a running daemon only", "voicecall serve")]
        )
    return _with(report, await prove(loaded, at_carriers, http, clock))


def _reached(loaded: Loaded) -> str | None:
    """Return where carriers find the gateway: the configured URL, else the one that the daemon has from its tunnel."""
    if loaded.config.public_url is not None:
        return loaded.config.public_url
    try:
        url = loaded.state.announced_public_url()
    except StateError:
        return None  # the check `state-dir` tells of it
    return None if url is None or unreachable(url) else url


def _with(report: Report, found: list[Check]) -> Report:
    """Return a report with what else was found, under the ids that are there already."""
    more = {check.id: [one for one in found if one.id == check.id] for check in report.checks}
    return Report(tuple(merged(check.id, [*more[check.id], check]) for check in report.checks))


def _config(loaded: Loaded) -> Check:
    if not loaded.enabled:
        return fail(
            "config", "the configuration says `enabled: false`, and `serve` ends at once", "set enabled to true"
        )
    told = str(loaded.file or "no file: defaults and environment")
    doubts = [warning for warning in loaded.warnings if warning.key not in _ELSEWHERE]
    if doubts:
        message = f"{told}: " + "; ".join(_words(warning) for warning in doubts)
        return warn("config", message, "voicecall config check shows each in a line of its own")
    return ok("config", told)


async def _daemon(loaded: Loaded) -> tuple[Check, list[dict[str, Any]], Outbound | None]:
    """Return whether a daemon answers, the records of the calls that live there, and what it may dial."""
    start = "voicecall serve"
    try:
        url, token = elsewhere() or of(loaded)
    except VoicecallError as error:
        return fail("daemon", f"its token cannot be read: {error}", "see the check `state-dir`"), [], None
    try:
        async with asyncio.timeout(PATIENCE), AsyncClient(url, token, timeout=PATIENCE) as client:
            live = await client.perform(Live())
            outbound = await client.outbound.show()
    except (DaemonUnreachable, TimeoutError):
        return warn("daemon", f"none answers at {url}: no call is taken or placed", start), [], None
    except VoicecallError as error:
        fix = "another daemon may have this port: see control.port, control.token and VOICECALL_STATE_DIR"
        return fail("daemon", f"something answers at {url} and refuses us: {error}", fix), [], None
    calls = len(live)
    return ok("daemon", f"answers at {url}; {calls} live call{'' if calls == 1 else 's'}"), live, outbound
