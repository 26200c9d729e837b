"""What the configuration says about one call: its rules, how it is received, who answers it and in which voice."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from voicecall.brains import Conversation, Line as Told, Mind, Opening, Report, Trouble, Volunteered
from voicecall.brains.prompt import consulting, system
from voicecall.config.check import LOCAL
from voicecall.config.model import Config, LineOptions, Turns
from voicecall.config.section import is_language
from voicecall.core import utterances as events
from voicecall.core.call import Call
from voicecall.core.events import Event, Warned
from voicecall.core.languages import language
from voicecall.core.rules import Rules, TurnRules
from voicecall.errors import BadParameters, SpeechError
from voicecall.gateway.admission import Reception
from voicecall.gateway.consulting import Consultant, Consulting
from voicecall.gateway.desk import Desk
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.ears import Ears
from voicecall.gateway.making import Manner
from voicecall.gateway.media import Media
from voicecall.gateway.memory import Recall, Records
from voicecall.gateway.mouth import Mouth
from voicecall.gateway.notice import open_notice
from voicecall.gateway.recording import Recordings
from voicecall.gateway.session import Session
from voicecall.realtime import Brief, Past, Realtime
from voicecall.speech import SynthesizerStream
from voicecall.speech.plain import NoVoice
from voicecall.speech.pronounce import Pronunciations
from voicecall.speech.spoken import spoken

from .engines import Engines, voice

LEAD = 0.3
"""Seconds of audio that the far end may have in its buffer: enough against jitter, little enough to be cut short."""
NO_MODEL = events.ModelLost("The call began with a model, and there is none in the configuration any more.")
_RINGING, _WAITING = 5.0, 1.5
"""Seconds that servers of tools may take to be known: while it rings, and while a caller waits to be greeted."""
_WARNING_BEFORE_END = 30.0
"""Seconds before the longest duration at which the agent is told."""


def rules(config: Config, tongue: str, *, early: bool) -> Rules:
    """Return what is decided about every call in which this language is spoken.

    `early`: whether the agent may be asked before the caller has surely finished.
    """
    limits, turns, said = config.limits, config.turns, language(tongue)
    goodbye = turns.goodbye_text if turns.goodbye_text is not None else said.goodbye or None
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
            language=tongue,
            endpointing=turns.endpointing_ms / 1000,
            endpointing_min=turns.endpointing_min_ms / 1000,
            endpointing_max=turns.endpointing_max_ms / 1000,
            barge_in=turns.barge_in,
            protect_greeting=turns.protect_greeting,
            protect_inbound_greeting=turns.protect_inbound_greeting,
            early=early,
            silence=turns.silence_reprompt_ms / 1000 if goodbye is not None else 0.0,
            reprompts=turns.silence_reprompts,
            reprompt=_or(turns.reprompt_text, said.reprompt),
            goodbye=goodbye or "",
            moment=turns.moment_ms / 1000,
            digits_end=turns.digits_end,
            digits_count=turns.digits_count,
            digits_patience=turns.digits_timeout_ms / 1000,
        ),
    )


def manner(turns: Turns, line: LineOptions, tongue: str) -> Manner:
    """Return how the agent speaks on a line, in this language."""
    said, pronounced = language(tongue), Pronunciations(line.tts.pronunciations)
    return Manner(
        language=tongue,
        speakable=lambda text: spoken(pronounced.apply(text), tongue),
        filler=_or(turns.filler_text, said.filler),
        filler_after=turns.filler_after_ms / 1000,
        apology=_or(turns.apology_text, said.apology),
    )


def check_language(tag: str, line: LineOptions) -> None:
    """See whether a call on this line can be held in a language.

    Raises:
        BadParameters: it is none, or the engines of this machine do not know it.
    """
    if not is_language(tag):
        raise BadParameters("language: write a BCP 47 tag, such as en, de or en-GB")
    if tag.split("-")[0].lower() == "en":
        return
    for key, speech in (("stt", line.stt), ("tts", line.tts)):
        for name in (speech.provider, *speech.fallback):
            if name in LOCAL:
                named = f"{key}.provider" if name == speech.provider else f"{key}.fallback"
                raise BadParameters(
                    f"language: `{named}` has {name}, which knows English and not {tag}; "
                    "write a vendor there, such as deepgram, openai or elevenlabs"
                )


def _or(given: str | None, usual: str) -> str:
    return usual if given is None else given


def hearsay(post: Callable[[Event], None]) -> Callable[[Report], None]:
    """Return what an agent reports to."""

    def take(report: Report) -> None:
        match report:
            case Volunteered(text):
                post(events.Volunteered(text))
            case Trouble(code, text):
                post(Warned(code, text))
            case _:
                assert_never(report)

    return take


class Profiles:
    """Per line, where lines differ. Every engine that any line needs is made here, so that all are loaded at start."""

    def __init__(
        self, config: Config, engines: Engines, recordings: Recordings | None = None, records: Records | None = None
    ) -> None:
        """Calls are recorded where there are `recordings`; `records` are earlier calls.

        Raises:
            ConfigError: something is named that is not installed.
        """
        self._recordings = recordings
        self._records = records
        self._config = config
        self._engines = engines
        self.detector = engines.detector(config.turns.vad)
        self._apart = config.turns.vad != "off"
        self.turn_model = engines.turn_model(config.turns)
        self.model = engines.realtime(config.realtime) if config.realtime.enabled else None
        """What hears and speaks in conversations, where that is one model."""
        for number in ("", *config.lines):
            line = config.line(number)
            engines.transcriber(line.stt, apart=self._apart)
            engines.synthesizer(line.tts)
            engines.brain(line.brain)
            if self._serves(line):
                engines.servers(line.brain)

    def reception(self, number: str) -> Reception:
        """Return how calls to this number of ours are met."""
        line = self._config.line(number)
        return Reception(line.inbound_policy, tuple(line.allow_from), line.greeting)

    def rules(self, line_number: str = "", language: str = "") -> Rules:
        """Return what is decided about calls on one of our lines; `language` in place of the line's own.

        Raises:
            BadParameters: the language is none, or nobody here knows it.
        """
        line = self._config.line(line_number)
        if language:
            check_language(language, line)
        early = self.model is None and self._engines.brain(line.brain).early
        made = rules(self._config, language or line.language, early=early)
        if self.model is None:
            return made
        traits = self.model.traits
        turns = replace(made.turns, hears=True, endpoints=traits.endpoints, interrupts=traits.interrupts)
        return replace(made, turns=turns)

    def open_media(self, session: Session) -> Media:
        """Return ears and mouth for a call."""
        call, post = session.call, session.post
        line, tongue = self._line(call), call.rules.turns.language
        if call.pairing:
            return open_notice(session, self._voice(line, tongue, post), post, lead=LEAD)
        opening = call.greeting if call.greeting_state == "pending" and not call.prompting else ""
        recording = self._recordings.open(call.id, post) if self._recordings is not None else None
        told = lambda more: conversation(session.call, session.around.clock(), more)  # noqa: E731

        def cascade() -> tuple[Ears, Mouth]:
            return self._cascade(session, line, tongue)

        if self.model is None and call.rules.turns.hears:
            post(NO_MODEL)
        if self.model is None or not call.rules.turns.hears:
            ears, mouth = cascade()
            return Media(ears, mouth, post, told, opening=opening, recording=recording)
        ears, duplex = self._duplex(self.model, session, line, tongue)
        return Media(ears, duplex, post, told, opening=opening, recording=recording, spare=cascade)

    def _mind(self, session: Session, line: LineOptions, tongue: str) -> Mind:
        call = session.call
        opening = Opening(call.id, call.direction, call.from_, call.to, tongue)
        return self._engines.brain(line.brain).open(opening, hearsay(session.post))

    def _duplex(self, model: Realtime, session: Session, line: LineOptions, tongue: str) -> tuple[Ears, Duplex]:
        """Return what a model needs to hear and speak in a call."""
        post = session.post

        def told() -> Conversation:
            return conversation(session.call, session.around.clock())

        options = self._config.realtime
        instructions = system(options.instructions or line.brain.instructions or "", told(), speaks=True)
        mind, consultant = self._mind(session, line, tongue), None
        if options.tool_policy != "none":
            instructions = f"{instructions}\n\n{consulting(options.consult_policy)}"
            consultant = Consultant(
                mind,
                told,
                post,
                self._consulting(session.call, tongue),
                manner=manner(self._config.turns, line, tongue),
                worded=lambda: is_worded(session.call),
            )
        desk = Desk(
            told,
            post,
            consultant=consultant,
            toolbox=self._engines.servers(line.brain).open(hearsay(post)) if self._serves(line) else None,
            read_only=options.tool_policy != "owner",
            patience=_RINGING if session.call.direction == "outbound" else _WAITING,
        )
        brief = Brief(session.call.id, instructions, lambda: past(told()), tongue)
        duplex = Duplex(
            model,
            brief,
            post,
            mind=mind,
            desk=desk,
            lead=LEAD,
            protected=lambda: is_protected(session.call),
            gated=self._apart and self._config.turns.echo,
        )
        ears = Ears(
            self.detector,
            duplex.hearing,
            post,
            language=tongue,
            apart=self._apart,
            echo=self._config.turns.echo,
            said=duplex.said,
            retracted=duplex.hearing.retracted,
        )
        return ears, duplex

    def _serves(self, line: LineOptions) -> bool:
        """Say whether a model may use the tools of MCP servers by itself."""
        options = self._config.realtime
        allowed = options.tool_policy != "none" and options.consult_policy != "always"
        return self.model is not None and allowed and bool(line.brain.servers)

    def _consulting(self, call: Call, tongue: str) -> Consulting:
        """Return how the agent behind a model is asked."""
        options = self._config.realtime
        fast, recall = options.fast_context, None
        if fast.enabled and self._records is not None:
            number = call.from_ if call.direction == "inbound" else call.to
            recall = Recall(self._records, call.id, number, timeout=fast.timeout_ms / 1000, most=fast.max_results)
        return Consulting(
            always=options.consult_policy == "always",
            read_only=options.tool_policy != "owner",
            timeout=options.consult_timeout_ms / 1000,
            recall=recall,
            falls_back=fast.fallback_to_consult,
            late=language(tongue).late,
        )

    def _cascade(self, session: Session, line: LineOptions, tongue: str) -> tuple[Ears, Mouth]:
        """Return transcriber, agent and voice for a call."""
        post = session.post
        mouth = Mouth(
            self._mind(session, line, tongue),
            self._voice(line, tongue, post),
            post,
            lead=LEAD,
            manner=manner(self._config.turns, line, tongue),
            in_words=lambda: session.call.prompting,
        )
        ears = Ears(
            self.detector,
            self._engines.transcriber(line.stt, apart=self._apart),
            post,
            language=tongue,
            apart=self._apart,
            echo=self._config.turns.echo,
            said=mouth.said,
            model=self.turn_model,
        )
        return ears, mouth

    def _voice(self, line: LineOptions, tongue: str, post: Callable[[Event], None]) -> SynthesizerStream:
        """Return the voice of a call; where there is none for its language, one that says so."""
        try:
            return self._engines.synthesizer(line.tts).open(
                voice(line.tts, tongue), lambda trouble: post(Warned(trouble.code, trouble.text))
            )
        except SpeechError as error:
            return NoVoice(error)

    def _line(self, call: Call) -> LineOptions:
        return self._config.line(call.to if call.direction == "inbound" else "")


def conversation(call: Call, now: float, more: str = "") -> Conversation:
    """Return what the agent is told when it is its turn: of its own lines, only what was heard.

    `more`: what the caller has said that is no line yet.
    """
    lines = []
    for line in sorted(call.lines, key=lambda line: line.at):
        heard = line.text if line.heard is None else line.heard
        lines.append(Told(line.speaker, heard, interrupted=line.heard is not None, keys=line.keys))
    if more:
        lines.append(Told("caller", more))
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
        language=call.rules.turns.language,
        now=now,
        seconds_left=left if left is not None and left <= _WARNING_BEFORE_END else None,
    )


def is_worded(call: Call) -> bool:
    """Say whether all is known that the caller said."""
    return not (call.turns.untold or call.turns.awaited)


def is_protected(call: Call) -> bool:
    """Say whether the caller cannot interrupt what is being said."""
    return bool(call.turns.reply) and (call.turns.protected or not call.rules.turns.barge_in)


def past(told: Conversation) -> tuple[Past, ...]:
    """Return what was said so far, for a model that joins a call."""
    return tuple(Past(line.speaker, line.text) for line in told.lines if line.text)
