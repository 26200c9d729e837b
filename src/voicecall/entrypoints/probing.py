"""What the public listener does with probes: it takes note of what arrived, and lets nothing of it go further."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping

from voicecall.carriers import HttpReply, Webhook
from voicecall.core.credentials import check
from voicecall.core.ids import CallId
from voicecall.core.results import Arrival
from voicecall.errors import StreamRefused
from voicecall.gateway.probes import Probes, call_id
from voicecall.net import MediaSocket

from .webhooks import Webhooks

_TOLD = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "forwarded", "x-real-ip")
"""Headers of a proxy that are told."""
_LONGEST = 512
"""Characters of what is told of a request's parts."""
_FRAMES = 500
"""Messages that come back, at most."""
_PATIENCE = 10.0
_NORMAL, _REFUSED = 1000, 1008


class Probing:
    """Answers probes."""

    def __init__(self, probes: Probes, webhooks: Webhooks, keys: Iterable[bytes], clock: Callable[[], float]) -> None:
        """`keys` are those of stream credentials; `clock` gives Unix seconds."""
        self._probes = probes
        self._webhooks = webhooks
        self._keys = tuple(keys)
        self._clock = clock

    @property
    def idle(self) -> bool:
        """Whether no probe is under way, so that no request needs to be looked at."""
        return self._probes.idle

    def find(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Return the name of the probe that a request is of, if it is of one."""
        return self._probes.find(target, headers)

    def note(
        self,
        probe: str,
        request: tuple[str, str],
        headers: Mapping[str, str],
        verdict: str,
        *,
        url: str = "",
        tried: Iterable[str] = (),
        body: bytes = b"",
    ) -> None:
        """Take note of a request, which is a method and a target, and of what became of it."""
        method, target = request
        arrival = Arrival(
            method=method,
            target=_short(target),
            host=_short(headers.get("host", "")),
            upgrade=_short(headers.get("upgrade", "")),
            forwarded={name: _short(headers[name]) for name in _TOLD if name in headers},
            verdict=verdict,
            url=_short(url),
            tried=[_short(one) for one in tried],
            body=hashlib.sha256(body).hexdigest(),
        )
        self._probes.note(probe, arrival)

    def webhook(self, probe: str, target: str, webhook: Webhook, carrier: str | None) -> HttpReply:
        """Return the answer to a webhook of a probe; it names the probe, so that another program cannot pass for us."""
        verdict, tried = self._webhooks.verdict(webhook, carrier)
        request = (webhook.method, target)
        self.note(probe, request, webhook.headers, verdict, url=webhook.url, tried=tried, body=webhook.body)
        return HttpReply(200 if verdict == "verified" else 403, f"voicecall probe {probe}\n".encode())

    async def stream(
        self, probe: str, target: str, headers: Mapping[str, str], credential: str | None, socket: MediaSocket
    ) -> None:
        """Send every message of a probe's media stream back, once it has shown its credential, and close it."""
        try:
            async with asyncio.timeout(_PATIENCE):
                token = credential if credential is not None else await socket.recv()
                verdict = self._verdict(probe, token if isinstance(token, str) else None)
                self.note(probe, ("GET", target.replace(credential or "\0", "…")), headers, verdict)
                if verdict == "verified":
                    for _ in range(_FRAMES):
                        message = await socket.recv()
                        if not isinstance(message, str):
                            break
                        await socket.send(message)
        except TimeoutError:
            verdict = "too slow"
        await socket.close(_NORMAL if verdict == "verified" else _REFUSED, verdict)

    def _verdict(self, probe: str, token: str | None) -> str:
        try:
            check(self._keys, token, call_id=CallId(call_id(probe)), now=self._clock())
        except StreamRefused as refused:
            return f"credential {refused.reason}"
        return "verified"


def _short(text: str) -> str:
    return text[:_LONGEST]
