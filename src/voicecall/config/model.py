"""The whole configuration, typed. Rooms never see it: the composition root hands each its own small options.

Values are validated where they stand; what several keys say together is judged in `load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import AfterValidator, Field, SecretStr, model_validator

from .agents import Brain, Realtime
from .budget import Budget
from .carriers import Mock, Plivo, Telnyx, Twilio
from .section import (
    HttpUrl,
    InboundPolicy,
    Language,
    Listed,
    Named,
    NotNegative,
    Number,
    Port,
    Positive,
    Section,
    UrlPath,
    WsUrl,
    nested,
)
from .speech import Stt, Tts
from .webhooks import Webhook

GREETING = "Hello, how can I help you?"


class Serve(Section):
    """The public listener: carriers' webhooks and media streams, nothing else."""

    bind: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 3334
    """Port to listen on; 0 lets the system choose."""
    path: UrlPath = "/voice/webhook"
    """Where webhooks arrive."""


class Control(Section):
    """The control listener: REST, JSON-RPC, events, metrics."""

    bind: str = "127.0.0.1"
    """Address to listen on; beyond loopback only with `control.token`."""
    port: Port = 3335
    """Port to listen on; `serve.port` + 1 when absent."""
    token: SecretStr | None = None
    """The bearer token; generated into the state directory when absent."""
    requests_per_second: Annotated[float, Field(ge=0)] = 50.0
    """How many requests each token may make, and at once twice as many; 0 is without limit."""


Provider = Literal["mock", "twilio", "telnyx", "plivo"]
PROVIDERS: tuple[str, ...] = get_args(Provider)
"""The carriers by name; each has a section."""


class Outbound(Section):
    """Calls that we place."""

    carriers: Listed[Provider] = ()
    """Carriers in the order of trying: the next only where the one before surely did not dial; else `provider`."""
    default_mode: Literal["notify", "conversation"] = "notify"
    """Whether a call says its message and ends, or goes on as a conversation."""
    notify_hangup_delay_sec: NotNegative = 3
    """Seconds between the end of the message and the hang-up."""
    machine: Literal["off", "hangup", "message"] = "off"
    """What to do when a machine answers: nothing, hang up, or leave the message."""
    machine_message: str | None = None
    """What is left on the machine; the call's own message when absent."""


class Streaming(Section):
    """Media streams."""

    enabled: bool = True
    """Whether audio is streamed; otherwise the carrier's own speech is used."""
    stream_path: UrlPath = "/voice/stream"
    """Where media streams arrive."""
    public_url: WsUrl | None = None
    """The `wss://` base, where a proxy serves it elsewhere than beside `public_url`."""
    credential_keys: Listed[SecretStr] = ()
    """Keys of stream credentials: the first signs, all verify; generated into the state directory when absent."""
    handshake_signature: Literal["log", "require"] = "log"
    """What a wrong or missing signature on the media handshake does; the credential is required either way."""
    pre_start_timeout_ms: Positive = 5000
    """How long a connection may take to name its call."""
    max_pending_connections: Positive = 32
    """Connections that have not yet named their call."""
    max_pending_connections_per_ip: Positive = 4
    """The same, per address."""
    max_connections: Positive = 128
    """All media streams."""


class Turns(Section):
    """Turn-taking."""

    endpointing_ms: NotNegative = 500
    """Silence that ends a turn that is neither clearly finished nor clearly open."""
    endpointing_min_ms: NotNegative = 300
    """The same for a turn that is clearly finished."""
    endpointing_max_ms: NotNegative = 1200
    """The same for a turn that is clearly open."""
    vad: Literal["local", "off", "energy"] = "local"
    """Who detects speech: the local model, the transcriber (`off`), or loudness alone (`energy`)."""
    barge_in: bool = True
    """Whether the caller can interrupt the agent."""
    protect_greeting: bool = True
    """Whether an outbound greeting is heard out before the caller can interrupt."""
    protect_inbound_greeting: bool = False
    """The same for an inbound greeting."""
    echo: bool = True
    """Whether our own voice, coming back from the caller's phone, is recognised and ignored."""
    model: Annotated[str, AfterValidator(Named("turns", "none", "smart-turn"))] = "none"
    """A model that judges from the sound of a pause whether the caller has finished."""
    model_path: str | None = None
    """Its file."""
    silence_reprompt_ms: NotNegative = 10000
    """How long nobody may speak before the caller is asked whether they are there; 0 is never."""
    silence_reprompts: NotNegative = 2
    """How often the caller is asked before the agent says goodbye and hangs up."""
    moment_ms: Positive = 60000
    """The same silence, for a caller who asked for a moment, or put us on hold."""
    reprompt_text: str | None = None
    """What the caller is asked then; absent: a phrase of the language."""
    goodbye_text: str | None = None
    """What is said before hanging up; absent: a phrase of the language."""
    filler_after_ms: NotNegative = 2500
    """How long the agent may think before `filler_text` is said, once; 0 is never."""
    filler_text: str | None = None
    """What is said then; absent: a phrase of the language."""
    apology_text: str | None = None
    """What is said when the agent fails; absent: a phrase of the language."""
    digits_end: Annotated[str, Field(pattern=r"^[0-9*#A-D]*$")] = "#"
    """Keys that end what the caller enters."""
    digits_count: NotNegative = 0
    """How many keys make an entry; 0 where that is not known."""
    digits_timeout_ms: Positive = 2000
    """How long after a key another one may follow."""


class Limits(Section):
    """What is allowed at most."""

    max_concurrent_calls: Positive = 10
    """Live calls, ringing ones included."""
    max_duration_seconds: Positive = 300
    """Length of an answered call."""
    ring_timeout_ms: Positive = 30000
    """How long an outbound call may ring."""
    transcript_timeout_ms: Positive = 180000
    """How long `continue` waits for the caller's answer."""
    stale_call_seconds: NotNegative = 120
    """A call never answered and older is ended after asking the carrier; 0 is never."""
    dials_per_second: Annotated[float, Field(gt=0)] | None = None
    """Pace of dialling; absent: the carrier's usual pace, and unbounded on `mock`."""


class WebhookSecurity(Section):
    """What is believed of a proxy in front of the public listener."""

    allowed_hosts: Listed[str] = ()
    """Hosts that forwarded headers may name."""
    trust_forwarding_headers: bool = False
    """Whether forwarded headers are believed at all."""
    trusted_proxy_ips: Listed[str] = ()
    """Peers from which they are believed."""
    max_in_flight_per_ip: Positive = 8
    """Webhooks in flight per address."""


class Tunnel(Section):
    """The way in from outside."""

    provider: Literal["none", "ngrok", "tailscale-funnel", "tailscale-serve", "cloudflared"] = "none"
    """Who carries requests to the public listener."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    """The public port."""
    path: UrlPath | None = None
    """The public path; `serve.path` when absent."""
    repoint: bool = True
    """Whether numbers that `voicecall number point` led to the tunnel's URL are led to its next one."""
    ngrok_auth_token: SecretStr | None = None
    """The account's token at ngrok."""
    ngrok_domain: str | None = None
    """A reserved domain at ngrok."""
    cloudflared_token: SecretStr | None = None
    """The token of a tunnel that is looked after in Cloudflare's dashboard; a quick tunnel when absent."""
    cloudflared_name: str | None = None
    """The name of a tunnel whose credentials `cloudflared tunnel create` left on this machine."""
    cloudflared_domain: str | None = None
    """The host name that leads to that tunnel."""


class StoreOptions(Section):
    """The archive of calls."""

    url: SecretStr | None = None
    """A SQLAlchemy URL of SQLite or PostgreSQL; SQLite in the state directory when absent."""


class RecordingOptions(Section):
    """Recordings of calls. Whoever is on the line may have to be told, or asked: that depends on where they are."""

    enabled: bool = False
    """Whether the sound of every call with a media stream is kept: stereo WAV files in the state directory."""
    keep_days: Annotated[float, Field(ge=0)] = 30
    """How long a recording is kept; 0 is for ever."""


class Pairing(Section):
    """How unknown callers get onto the stored allowlist, where the policy is `pairing`."""

    code_lifetime_seconds: Positive = 600
    """How long a code can be approved."""
    tries_per_day: Positive = 3
    """How often one number can be told a code in 24 hours."""


class Log(Section):
    """The log on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["text", "json"] = "text"
    """One line of text, or one JSON object, for each event."""
    file: str | None = None
    """A file that gets the same lines and is rotated."""
    transcripts: bool = False
    """Whether words of a call may be logged."""


class Line(Section):
    """What is different on one of our numbers. Keys that are absent keep their general value."""

    also: ClassVar[dict[str, str]] = {"greeting": "inbound_greeting", "policy": "inbound_policy"}

    inbound_greeting: str | None = None
    """Spoken first; also written `greeting`."""
    inbound_policy: InboundPolicy | None = None
    """Who may call."""
    allow_from: Listed[Number] | None = None
    """Numbers that may call."""
    brain: Brain | None = None
    """Who answers; keys given here lie over those of `brain`."""
    stt: Stt | None = None
    """How the caller is heard; lies over `stt`."""
    tts: Tts | None = None
    """How the agent sounds; lies over `tts`."""
    language: Language | None = None
    """What is spoken."""


@dataclass(frozen=True, slots=True)
class LineOptions:
    """What holds for calls to one of our numbers."""

    greeting: str
    inbound_policy: InboundPolicy
    allow_from: tuple[str, ...]
    brain: Brain
    stt: Stt
    tts: Tts
    language: str


class Config(Section):
    """The configuration of one gateway."""

    provider: Provider = "mock"
    """The carrier that dials unless a call names another."""
    from_number: Number | None = None
    """Default caller id."""
    to_number: Number | None = None
    """Default target."""
    public_url: HttpUrl | None = None
    """The webhook URL as carriers see it: the truth for signatures and stream URLs."""
    inbound_policy: InboundPolicy = "disabled"
    """Who may call."""
    allow_from: Listed[Number] = ()
    """Numbers that may call, for `allowlist` and `pairing`."""
    inbound_greeting: str = GREETING
    """Spoken first on inbound calls; empty greets nobody."""
    language: Language = "en"
    """What is spoken on our lines: a BCP 47 tag."""
    skip_signature_verification: bool = False
    """Believe unsigned webhooks. For development only."""
    serve: Serve = nested()
    control: Control = nested()
    twilio: Twilio = nested()
    telnyx: Telnyx = nested()
    plivo: Plivo = nested()
    mock: Mock = nested()
    outbound: Outbound = nested()
    budget: Budget = nested()
    streaming: Streaming = nested()
    stt: Stt = nested()
    tts: Tts = nested()
    brain: Brain = nested()
    realtime: Realtime = nested()
    turns: Turns = nested()
    limits: Limits = nested()
    webhook_security: WebhookSecurity = nested()
    tunnel: Tunnel = nested()
    store: StoreOptions = nested()
    recording: RecordingOptions = nested()
    pairing: Pairing = nested()
    log: Log = nested()
    webhooks: Listed[Webhook] = ()
    """Who is told what happens to calls."""
    lines: Mapping[Number, Line] = Field(default_factory=dict)
    """What is different per dialled number."""

    @model_validator(mode="before")
    @classmethod
    def _put_control_beside_serve(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        serve, control = data.get("serve"), data.get("control", {})
        port = serve.get("port") if isinstance(serve, dict) else None
        if isinstance(control, dict) and "port" not in control and isinstance(port, int) and 0 <= port < 65535:
            return {**data, "control": {**control, "port": port + 1 if port else 0}}
        return data

    @property
    def stream_path(self) -> str:
        """Where carriers are sent for media streams; they are served at `streaming.stream_path` in any case."""
        own = self.realtime.stream_path if self.realtime.enabled else None
        return own or self.streaming.stream_path

    @property
    def stream_base(self) -> str | None:
        """The configured `wss://` base before any path of media streams."""
        base = self.streaming.public_url
        return base and base.rstrip("/").removesuffix(self.streaming.stream_path)

    def line(self, number: str) -> LineOptions:
        """Return what holds for calls to `number`, with or without its `+`."""
        line = self.lines.get("+" + number.removeprefix("+"), Line())
        return LineOptions(
            greeting=self.inbound_greeting if line.inbound_greeting is None else line.inbound_greeting,
            inbound_policy=line.inbound_policy or self.inbound_policy,
            allow_from=self.allow_from if line.allow_from is None else line.allow_from,
            brain=_over(self.brain, line.brain),
            stt=_over(self.stt, line.stt),
            tts=_over(self.tts, line.tts),
            language=line.language or self.language,
        )


Some = TypeVar("Some", bound=Section)


def _over(general: Some, special: Some | None) -> Some:
    """Return `general` with the keys that `special` was given."""
    if special is None:
        return general
    given: dict[str, Any] = {}
    for name in special.model_fields_set:
        above, below = getattr(special, name), getattr(general, name)
        given[name] = _over(below, above) if isinstance(above, Section) and below is not None else above
    return general.model_copy(update=given)
