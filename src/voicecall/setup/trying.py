"""Answers tried on the world: by the doctor's checks, on the configuration as it would be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import get_args

import httpx2

from voicecall.app.carriers import from_number
from voicecall.app.numbers import Numbers
from voicecall.config.load import Draft, Loaded
from voicecall.config.model import Config, Tunnel
from voicecall.doctor import Check, accounts, exposure, fail, machine, people, vendors
from voicecall.errors import ConfigError, ProviderError, RequestError
from voicecall.net.http import Http

from . import REACH, Choice, Question, Trial, Tried

_IN_VAIN = ("none", "tailscale-serve")
"""No tunnel, and one for the own network, in which no carrier is."""
_TUNNELS = tuple(name for name in get_args(Tunnel.model_fields["provider"].annotation) if name not in _IN_VAIN)
_FIXED = Choice("fixed", "by a URL that leads here already: a proxy, or a tunnel of your own")
_NOWAY = Choice("none", "not yet: it places and takes no calls")


class Trying:
    """This machine, the carriers and the vendors. No failure is raised."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        is_ours: Callable[[Draft], bool] = lambda _: False,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`clock` gives Unix seconds; `is_ours` says whether our own daemon has the ports.

        `transport` is in place of the network.
        """
        self._clock = clock
        self._is_ours = is_ours
        self._transport = transport

    def offers(self, question: Question, draft: Draft) -> tuple[Choice, ...]:
        """Return what can be chosen here and now, the best first."""
        if question.key == REACH:
            return ways(draft.config)
        if question.key.endswith("from_number"):
            return asyncio.run(self._numbers(draft))
        return ()

    def tried(self, trial: Trial, draft: Draft) -> tuple[Check, ...]:
        """Return what the doctor finds."""
        return asyncio.run(self._tried(trial.name, draft))

    async def _tried(self, name: Tried, draft: Draft) -> tuple[Check, ...]:
        config = draft.config
        async with Http(self._transport) as http:
            match name:
                case "credentials":
                    return await self._credentials(draft, http)
                case "number":
                    numbers = Numbers(config, draft.state, http)  # where it leads is looked at later
                    return (await accounts.number(config.provider, config, numbers, None, fix=False),)
                case "way":
                    return _way(config)
                case "inbound-policy":
                    return (people.inbound_policy(config),)
                case "brain":
                    return (await vendors.brain(config, http),)
                case "stt":
                    return (await vendors.speech("stt", [config.stt], http),)
                case "tts":
                    return (await vendors.speech("tts", [config.tts], http),)
                case "machine":
                    loaded = Loaded(config, None, draft.state)
                    ours = self._is_ours(draft)
                    return (
                        machine.state_dir(loaded, fix=False),
                        machine.disk(loaded),
                        machine.ports(config, ours=ours),
                        await asyncio.to_thread(machine.models, config),
                    )

    async def _credentials(self, draft: Draft, http: Http) -> tuple[Check, ...]:
        name = draft.config.provider
        carrier = accounts.carriers_of(draft.config).get(name)
        if carrier is None:
            faults = [
                f"{one.key}: {one.message}" for one in (*draft.misfits, *draft.faults) if one.key.startswith(f"{name}.")
            ]
            message = "; ".join(faults) or "the credentials are not complete"
            return (fail(f"credentials-{name}", message, "answer all of the questions"),)
        check, answers = await accounts.credentials(carrier, http)
        clock = accounts.clock(answers, self._clock())
        return (check,) if clock.level == "ok" else (check, clock)

    async def _numbers(self, draft: Draft) -> tuple[Choice, ...]:
        """Return the numbers of the account, the one that is configured first; none where nobody tells."""
        config = draft.config
        try:
            async with Http(self._transport) as http, asyncio.timeout(10.0):
                owned = await Numbers(config, draft.state, http).owned(config.provider)
        except (ProviderError, RequestError, ConfigError, TimeoutError):
            return ()
        ours = from_number(config, config.provider)
        return tuple(Choice(number) for number in sorted(owned, key=lambda number: number != ours))


def ways(config: Config) -> tuple[Choice, ...]:
    """Return how carriers may get here: tunnels that this machine has what it takes for come first."""
    ready, lacking = [], []
    for name in _TUNNELS:
        tunnel = config.tunnel.model_copy(update={"provider": name})
        check = exposure.tunnel(config.model_copy(update={"tunnel": tunnel, "public_url": None}))
        if check.level == "ok":
            ready.append(Choice(name, "a tunnel, which the gateway opens"))
        else:
            lacking.append(Choice(name, f"{check.message}: {check.fix}"))
    return (*ready, _FIXED, *lacking, _NOWAY)


def _way(config: Config) -> tuple[Check, ...]:
    found = (exposure.public_url(config), exposure.webhook_path(config), exposure.stream(config))
    if config.tunnel.provider == "none":
        return found
    return (*found, exposure.tunnel(config))
