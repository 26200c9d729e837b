"""The results of operations, as every door gives them: JSON with names in `camelCase`. Times are RFC 3339, in UTC."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from voicecall.core.asking import Scope


class _Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object; members that are not known are passed over."""


class Placed(_Result, frozen=True, kw_only=True):
    """A call that is placed."""

    call_id: str
    state: str
    queued: bool = False
    """Whether it waits for its turn to be dialled."""


class Answered(_Result, frozen=True, kw_only=True):
    """What the other side said."""

    call_id: str
    transcript: str
    timed_out: bool = False
    """Whether nobody answered in time."""


class Spoken(_Result, frozen=True, kw_only=True):
    """Something was said."""

    call_id: str
    heard: bool
    """Whether it was heard to its end."""


class Sent(_Result, frozen=True, kw_only=True):
    """Digits were sent."""

    call_id: str


class Ended(_Result, frozen=True, kw_only=True):
    """A call that is over."""

    call_id: str
    state: str
    end_reason: str


class TranscriptLine(_Result, frozen=True, kw_only=True):
    """What somebody said."""

    at: str
    speaker: Literal["agent", "caller"]
    text: str
    heard: str | None = None
    """What the caller heard of it, where that is less than `text`."""
    keys: bool = False
    """Whether `text` are keys that were pressed."""


class Caution(_Result, frozen=True, kw_only=True):
    """Something that was not as it should be."""

    at: str
    code: str
    text: str


class Evidence(_Result, frozen=True, kw_only=True):
    """Where in the call something was said."""

    field: str
    """The member of `data` that it speaks for: its path, such as `guests` or `address.city`."""
    line: int
    """Which line of the transcript, from 0."""
    quote: str
    """Words of that line."""


class Outcome(_Result, frozen=True, kw_only=True):
    """What came of a call."""

    disposition: str
    summary: str
    data: dict[str, Any] | None
    """As the schema wants it; null where that could not be had, or there is no schema and the agent noted none."""
    evidence: list[Evidence] = []
    error: str | None = None
    """Why the agent could not say what came of the call, or not all of it."""


class Latencies(_Result, frozen=True, kw_only=True):
    """How long the stages of each turn took."""

    turns: list[dict[str, float]] = []
    """`turn`, and milliseconds by stage."""


class Record(_Result, frozen=True, kw_only=True):
    """All that is known of a call."""

    call_id: str
    carrier: str
    carrier_call_id: str | None
    direction: Literal["outbound", "inbound"]
    mode: Literal["notify", "conversation"]
    state: str
    from_: str = msgspec.field(name="from")
    to: str
    started_at: str
    answered_at: str | None
    ended_at: str | None
    end_reason: str | None
    end_detail: str | None
    warnings: list[Caution]
    transcript: list[TranscriptLine]
    outcome: Outcome | None = None
    latency: Latencies
    cost: float | None = None
    """Estimated from `budget.prices`."""
    metadata: dict[str, str]


class Event(_Result, frozen=True, kw_only=True):
    """Something that happened."""

    seq: int
    """Rises over all calls."""
    at: str
    call_id: str
    type: str
    data: dict[str, Any]


class Recording(_Result, frozen=True, kw_only=True):
    """The sound of a call: a stereo WAV file, the caller left and the agent right."""

    call_id: str
    path: str
    """On the machine of the daemon."""
    seconds: float
    bytes: int


class Stage(msgspec.Struct, frozen=True):
    """How long one stage of turns took."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float


class Latency(_Result, frozen=True, kw_only=True):
    """How long the stages of recent turns took."""

    stages: list[Stage]


class Token(_Result, frozen=True, kw_only=True):
    """A token of the control listener, without the token."""

    label: str
    may: Scope
    created_at: str
    expires_at: str | None = None


class NewToken(Token, frozen=True, kw_only=True):
    """A token that was just made."""

    token: str
    """Shown this once; only its hash is kept."""


class Pairing(_Result, frozen=True, kw_only=True):
    """A caller, and how far the pairing is."""

    number: str
    """E.164."""
    state: Literal["pending", "approved", "revoked"]
    at: str
    code: str | None = None
    """While it can be approved."""
    expires_at: str | None = None
    """When the code does."""


class DoNotCall(_Result, frozen=True, kw_only=True):
    """A number that is not called."""

    number: str
    """E.164."""
    reason: str
    at: str | None
    """None for what the configuration lists."""


class Use(_Result, frozen=True, kw_only=True):
    """A limit, and how much of it is used."""

    name: str
    """The key of the configuration, such as `budget.calls_per_day`."""
    limit: float | None
    """None: unlimited."""
    used: float


class Outbound(_Result, frozen=True, kw_only=True):
    """What may be dialled."""

    stopped: bool
    """Whether nobody is dialled until it is resumed."""
    stopped_at: str | None = None
    reason: str | None = None
    limits: list[Use]
    """Of the last 24 hours."""


class Webhook(_Result, frozen=True, kw_only=True):
    """A receiver of outgoing webhooks, and how it goes."""

    name: str
    host: str
    """Of its URL; the rest may be secret."""
    events: list[str]
    """Patterns of what it is told."""
    state: Literal["ok", "failing", "gone"]
    """`gone`: it answered 410, and is told nothing until the gateway is started anew."""
    lag_seconds: float
    """For how long the oldest message waits that was not yet taken; 0 without one."""
    failures: int
    """In a row."""
    delivered_at: str | None
    """When a message was last taken."""
    retry_at: str | None
    """When the next attempt is due, after a failure."""
    error: str | None
    """What was wrong when an attempt last failed."""
    error_at: str | None


class WebhookTest(_Result, frozen=True, kw_only=True):
    """What came of a `webhook.test`."""

    name: str
    id: str
    """The message's `webhook-id`."""
    accepted: bool
    status: int | None
    """HTTP; null where there was no answer."""
    error: str | None
    """What was wrong; null where it was accepted."""


class Arrival(_Result, frozen=True, kw_only=True):
    """A request of a probe, as it arrived at the public listener."""

    method: str
    target: str
    """Path and query."""
    host: str
    upgrade: str
    """What the header of that name said."""
    forwarded: dict[str, str]
    """What proxies said of it."""
    verdict: str
    """`verified`, or why not."""
    url: str
    """The URL that was taken for the signed one."""
    tried: list[str]
    """The forms of it that were tried."""
    body: str
    """SHA-256 of the body."""


class Probed(_Result, frozen=True, kw_only=True):
    """A probe: where it is to be sent, and what has arrived of it."""

    public_url: str
    stream_url: str
    credential: str
    """What its media stream shows; it opens nothing else."""
    arrivals: list[Arrival]
