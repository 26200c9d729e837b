"""Checks of what is allowed: who may call, how many calls there may be, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voicecall.config.model import Config, LineOptions
from voicecall.core.results import Outbound

from . import Check, merged, ok, warn


def inbound_policy(config: Config) -> Check:
    """Say in words who may call."""
    own = [(number, config.line(number)) for number in config.lines]
    general = _admits("", config.line(""))
    return merged("inbound-policy", [general, *(_admits(f"…{number[-4:]}: ", line) for number, line in own)])


def _admits(prefix: str, line: LineOptions) -> Check:
    many = len(line.allow_from)
    match line.inbound_policy:
        case "disabled":
            message = "nobody can call: inbound_policy is `disabled`, its default"
            fix = 'inbound_policy = "allowlist" with allow_from, or "pairing", or "open"'
            return warn("inbound-policy", prefix + message, fix)
        case "allowlist" if not many:
            message = "nobody can call: inbound_policy is `allowlist`, and allow_from is empty"
            return warn("inbound-policy", prefix + message, 'allow_from = ["+15551234567"], the numbers that may call')
        case "allowlist":
            return ok("inbound-policy", f"{prefix}{many} number{'s' if many > 1 else ''} may call (allowlist)")
        case "pairing":
            text = "unknown callers hear a code, and may call once it was approved (pairing)"
            return ok("inbound-policy", prefix + text)
        case "open":
            return warn(
                "inbound-policy",
                prefix + "anybody can call, at your cost: inbound_policy is `open`",
                'inbound_policy = "pairing" or "allowlist", unless the line is meant for the public',
            )


def limits(config: Config, live: Sequence[Mapping[str, Any]] = ()) -> Check:
    """Say which limit would end or refuse calls, given the records of the calls that live."""
    bounds = config.limits
    found = []
    if bounds.stale_call_seconds == 0:
        found.append(
            warn(
                "limits",
                "calls that are never answered are kept for ever and take up lines (limits.stale_call_seconds is 0)",
                "limits.stale_call_seconds = 120",
            )
        )
    if live and len(live) >= bounds.max_concurrent_calls:
        stuck = sum(1 for call in live if call.get("answeredAt") is None)
        found.append(
            warn(
                "limits",
                f"all {bounds.max_concurrent_calls} lines are taken ({stuck} by calls that nobody answered): "
                "new calls are refused",
                "`voicecall status` shows them, `end --call-id ID` ends one; or raise limits.max_concurrent_calls",
            )
        )
    if bounds.max_duration_seconds < 60:
        message = f"calls are ended after {bounds.max_duration_seconds} s (limits.max_duration_seconds)"
        found.append(warn("limits", message, "limits.max_duration_seconds = 300"))
    if bounds.ring_timeout_ms < 10_000:
        message = f"calls ring for {bounds.ring_timeout_ms / 1000:g} s only (limits.ring_timeout_ms)"
        found.append(warn("limits", message, "limits.ring_timeout_ms = 30000"))
    if found:
        return merged("limits", found)
    return ok("limits", f"{bounds.max_concurrent_calls} calls at once, {bounds.max_duration_seconds} s each")


def budget(config: Config, outbound: Outbound | None) -> Check:
    """Say what keeps the gateway from dialling, given what a running daemon says of it."""
    found = []
    if outbound is not None and outbound.stopped:
        why = f": {outbound.reason}" if outbound.reason else ""
        found.append(warn("budget", f"nobody is dialled: dialling was stopped{why}", "voicecall outbound resume"))
    for use in () if outbound is None else outbound.limits:
        if use.limit is not None and use.used >= use.limit:
            message = f"nobody is dialled: {use.name} is used up ({use.used:g} of {use.limit:g} in 24 hours)"
            found.append(warn("budget", message, f"wait, or raise {use.name}"))
    if found:
        return merged("budget", found)
    bounds = config.budget
    if (
        config.provider != "mock"
        and (bounds.calls_per_day, bounds.minutes_per_day, bounds.money_per_day) == (None,) * 3
    ):
        return ok("budget", "no bound on calls, minutes or money of a day is set (budget.calls_per_day)")
    return ok("budget", "dialling is allowed")
