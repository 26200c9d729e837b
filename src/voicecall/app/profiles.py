"""What the configuration says about one call: its rules, how it is received, who answers it and in which voice."""

from __future__ import annotations

from voicecall.brains import Conversation
from voicecall.brains import Line as Told
from voicecall.config.model import Config, LineOptions
from voicecall.core.call import Call
from voicecall.core.rules import Rules, TurnRules
from voicecall.errors import ConfigError, Fault
from voicecall.gateway.ears import Ears
from voicecall.gateway.media import Media
from voicecall.gateway.mouth import Mouth
from voicecall.gateway.session import Session
from voicecall.gateway.switchboard import Reception

from .engines import Engines, voice

LEAD = 0.3
"""Seconds of audio that the far end may have in its buffer: enough against jitter, little enough to be cut short."""
_WARNING_BEFORE_END = 30.0
"""Seconds before the longest duration at which the agent is told."""


def check_available(config: Config) -> None:
    """Refuse what the configuration may name and this version cannot do, rather than do something else.

    Raises:
        ConfigError: it asks for such things; all of them are listed.
    """
    faults = []
    lines = ((f"lines.{number}.inbound_policy", line.inbound_policy) for number, line in config.lines.items())
    for key, policy in (("inbound_policy", config.inbound_policy), *lines):
        if policy == "pairing":
            faults.append(Fault(key, "pairing is not available in this version; use allowlist, with allow_from"))
    if config.realtime.enabled:
        faults.append(Fault("realtime.enabled", "speech to speech is not available in this version; set it to false"))
    if config.tunnel.provider != "none":
        faults.append(
            Fault("tunnel.provider", "tunnels are not started by this version; start your own and set public_url")
        )
    if faults:
        raise ConfigError(faults)


def rules(config: Config) -> Rules:
    """Return what is decided about every call."""
    limits, turns = config.limits, config.turns
    return Rules(
        max_duration=float(limits.max_duration_seconds),
        ring_timeout=limits.ring_timeout_ms / 1000,
        stale=float(limits.stale_call_seconds),
        notify_hangup_delay=float(config.outbound.notify_hangup_delay_sec),
        streaming=config.streaming.enabled,
        machine=config.outbound.machine,
        machine_message=config.outbound.machine_message or "",
        transcript_timeout=limits.transcript_timeout_ms / 1000,
        turns=TurnRules(
            endpointing=turns.endpointing_ms / 1000,
            endpointing_min=turns.endpointing_min_ms / 1000,
            endpointing_max=turns.endpointing_max_ms / 1000,
            barge_in=turns.barge_in,
            protect_greeting=turns.protect_greeting,
        ),
    )


class Profiles:
    """Per line, where lines differ. Every engine that any line needs is made here, so that all are loaded at start."""

    def __init__(self, config: Config, engines: Engines) -> None:
        """Raises ConfigError when something is named that is not installed."""
        self._config = config
        self._engines = engines
        self.detector = engines.detector(config.turns.vad)
        for number in ("", *config.lines):
            line = config.line(number)
            engines.transcriber(line.stt)
            engines.synthesizer(line.tts)
            engines.brain(line.brain)

    def reception(self, number: str) -> Reception:
        """Return how calls to this number of ours are met."""
        line = self._config.line(number)
        return Reception(line.inbound_policy, tuple(line.allow_from), line.greeting)

    def open_media(self, session: Session) -> Media:
        """Return ears and mouth for a call."""
        line = self._line(session.call)
        mouth = Mouth(
            self._engines.brain(line.brain),
            self._engines.synthesizer(line.tts),
            voice(line.tts),
            session.post,
            lead=LEAD,
            patience=line.brain.timeout_ms / 1000,
            in_words=lambda: session.call.prompting,
        )
        ears = Ears(self.detector, self._engines.transcriber(line.stt), session.post)
        return Media(ears, mouth, session.post, lambda: conversation(session.call, session.around.clock()))

    def _line(self, call: Call) -> LineOptions:
        return self._config.line(call.to if call.direction == "inbound" else "")


def conversation(call: Call, now: float) -> Conversation:
    """Return what the agent is told when it is its turn: of its own lines, only what was heard."""
    lines = []
    for line in call.lines:
        heard = line.text if line.heard is None else line.heard
        lines.append(Told(line.speaker, heard, interrupted=line.heard is not None))
    left = None
    if call.answered_at is not None:
        left = call.answered_at + call.rules.max_duration - now
    return Conversation(
        call_id=call.id,
        direction=call.direction,
        from_=call.from_,
        to=call.to,
        lines=tuple(lines),
        objective=call.objective,
        now=now,
        seconds_left=left if left is not None and left <= _WARNING_BEFORE_END else None,
    )
