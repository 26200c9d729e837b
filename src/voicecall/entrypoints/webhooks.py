"""A carrier's webhook, from its bytes to its answer: who sent it, is it signed, what does it say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from voicecall.carriers import Carrier, Delivery, HttpReply, Webhook
from voicecall.errors import FrameError, SignatureError, StoreError

from . import Desk
from .origins import Forwarded

_log: structlog.stdlib.BoundLogger = structlog.get_logger()
_UNSIGNED = b"voicecall was reached, but the signature of a carrier is missing.\n"
_FORGED = b"voicecall was reached, but the signature is missing or wrong; its log says more.\n"


class Webhooks:
    """Verifies webhooks, reads them and hands them to the desk."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        desk: Desk,
        clock: Callable[[], float],
        *,
        default: str,
        skip_verification: bool = False,
    ) -> None:
        """Serve these carriers by name. `clock` gives Unix seconds; `default` names whose an unsigned webhook is."""
        self._carriers = carriers
        self._ordered = sorted(carriers.values(), key=lambda carrier: carrier.name != default)
        self._desk = desk
        self._clock = clock
        self._skip = skip_verification

    async def handle(
        self, webhook: Webhook, named: str | None, verified: Callable[[], None], forwarded: Forwarded | None = None
    ) -> HttpReply:
        """Return the answer. `named` is the carrier in the path; `verified` is called once the sender is known.

        `forwarded` is what a proxy says about where it was sent: it tells why the signature is wrong.
        """
        try:
            senders = self._senders(webhook, named)
        except SignatureError as error:
            log = _log.bind(carrier=named, peer=webhook.peer, reason=str(error), tried=error.tried)
            if forwarded is not None and forwarded.origin is None:
                log = log.bind(forwarded_host=forwarded.host, not_believed=forwarded.doubt)
            log.warning("webhook.refused")
            unsigned = named is None and not any(one.recognises(webhook.headers) for one in self._ordered)
            return HttpReply(403, _UNSIGNED if unsigned else _FORGED)
        verified()
        if self._skip and not webhook.body:
            return senders[0].document(None) or HttpReply()
        try:
            carrier, deliveries = _parse(senders, webhook)
        except FrameError as error:
            _log.warning("webhook.malformed", carrier=senders[0].name, peer=webhook.peer, reason=str(error))
            return HttpReply(400, b"malformed\n")
        try:
            return await self._desk.deliver(carrier.name, deliveries)
        except StoreError as error:
            _log.error("webhook.unsaved", carrier=carrier.name, reason=str(error))
            return HttpReply(503, b"try again\n")

    def verdict(self, webhook: Webhook, named: str | None) -> tuple[str, tuple[str, ...]]:
        """Return `verified`, `not looked at`, or what is wrong with the signature, and the URL forms tried."""
        try:
            self._senders(webhook, named)
        except SignatureError as error:
            return str(error), error.tried
        return "not looked at" if self._skip else "verified", ()

    def _senders(self, webhook: Webhook, named: str | None) -> list[Carrier]:
        """Return whose webhook it may be, the likeliest first; exactly one unless verification is skipped."""
        if named is not None:
            senders = [self._carriers[named]]
        else:
            senders = [carrier for carrier in self._ordered if carrier.recognises(webhook.headers)][:1]
        if self._skip:
            return senders or self._ordered
        if not senders:
            raise SignatureError("signature missing", [webhook.url])
        senders[0].verify(webhook, self._clock())
        return senders


def _parse(senders: list[Carrier], webhook: Webhook) -> tuple[Carrier, tuple[Delivery, ...]]:
    for carrier in senders[:-1]:
        try:
            return carrier, carrier.parse(webhook)
        except FrameError:
            continue
    return senders[-1], senders[-1].parse(webhook)
