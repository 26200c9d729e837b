"""Who is told what happens to calls: the webhooks of the configuration, each ready to run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

from voicecall.config.model import Config
from voicecall.core.hooks import Receiver, read_secret
from voicecall.gateway.hook import Hook
from voicecall.net.http import Http
from voicecall.store import Store

_chance = secrets.SystemRandom().random


def make_hooks(
    config: Config, store: Store, http: Http, *, instance: str, clock: Callable[[], float]
) -> Iterator[Hook]:
    """Yield a hook for each webhook."""
    for webhook in config.webhooks:
        written = (webhook.secret, *webhook.old_secrets)
        receiver = Receiver(
            name=webhook.name,
            url=webhook.url,
            secrets=tuple(read_secret(secret.get_secret_value()) for secret in written),
            events=webhook.events,
            words=webhook.transcripts,
        )
        yield Hook(receiver, store, http, instance=instance, clock=clock, chance=_chance)
