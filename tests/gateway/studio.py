"""Who hears, answers and speaks in a gateway of these tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from tests.gateway.brains import Answers
from tests.gateway.models import Watched
from tests.gateway.spelling import (
    Alphabet,
    SpellingDetector,
    SpellingSynthesizer,
    SpellingTranscriber,
)
from voicecall.app.profiles import LEAD, conversation, hearsay, is_protected, is_worded, past
from voicecall.brains import Brain, Conversation, Mind, Opening
from voicecall.brains.careful import Careful
from voicecall.brains.tools import Toolbox
from voicecall.core.budget import Budget
from voicecall.core.events import Warned
from voicecall.core.policy import InboundPolicy
from voicecall.core.rules import Rules
from voicecall.gateway.consulting import Consultant, Consulting
from voicecall.gateway.desk import Desk
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.ears import Ears
from voicecall.gateway.making import Manner
from voicecall.gateway.media import Media
from voicecall.gateway.mouth import Mouth
from voicecall.gateway.notice import open_notice
from voicecall.gateway.pairing import Limits
from voicecall.gateway.session import Session
from voicecall.realtime import Brief
from voicecall.realtime.scripted import Script
from voicecall.speech import Voice
from voicecall.speech.fallback import FallbackSynthesizer, FallbackTranscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a gateway differs from the usual one."""

    instance: str = "one"
    brain: Brain | None = None
    rules: Rules = field(default_factory=Rules)
    policy: InboundPolicy = "open"
    allow_from: tuple[str, ...] = ()
    greeting: str = "Welcome"
    max_calls: int = 10
    pairing: Limits = Limits()  # noqa: RUF009 - it is frozen
    lease: float = 30.0
    patience: float = 10.0
    manner: Manner = Manner()  # noqa: RUF009 - it is frozen
    dials_per_second: float | None = None
    budget: Budget = Budget()  # noqa: RUF009 - it is frozen
    echo: bool = False
    """Whether our own sound is looked for in what comes in."""
    model: Callable[[Alphabet], Script] | None = None
    """What hears and speaks in conversations, where that is one model."""
    consulting: Consulting | None = None
    """How that model asks the agent, if it does."""
    toolbox: Toolbox | None = None
    """What else it can call."""
    spares: bool = False
    """Whether another transcriber and another voice stand by."""


class Studio:
    """Ears, voices, an agent and perhaps a model, for all calls of a gateway."""

    def __init__(self, options: Options, alphabet: Alphabet) -> None:
        self.options = options
        self.brain = options.brain or Answers("You are welcome")
        self.voice = SpellingSynthesizer(alphabet)
        self.ears = SpellingTranscriber(alphabet)
        self.spare_voice = SpellingSynthesizer(alphabet)
        self.spare_ears = SpellingTranscriber(alphabet)
        self.detector = SpellingDetector()
        self.model = Watched(options.model(alphabet)) if options.model is not None else None

    def open_media(self, session: Session) -> Media:
        """Return ears and mouth for a call."""
        call, post, options = session.call, session.post, self.options
        tongue = call.rules.turns.language
        if call.pairing:
            return open_notice(session, self.voice.open(Voice(), lambda trouble: None), post, lead=LEAD)
        careful = Careful([("test", self.brain)], first=options.patience, stall=options.patience, longest=6000)
        opened = Opening(call.id, call.direction, call.from_, call.to, tongue)

        def told(more: str = "") -> Conversation:
            return conversation(session.call, session.around.clock(), more)

        opening = call.greeting if call.greeting_state == "pending" and not call.prompting else ""

        def cascade() -> tuple[Ears, Mouth]:
            return self._cascade(session, careful.open(opened, hearsay(post)))

        if self.model is None or not call.rules.turns.hears:
            ears, mouth = cascade()
            return Media(ears, mouth, post, told, opening=opening)
        brief = Brief(call.id, "", lambda: past(told()), tongue)
        mind, consulting, consultant = careful.open(opened, hearsay(post)), options.consulting, None
        if consulting is not None:
            known = lambda: is_worded(session.call)  # noqa: E731
            consultant = Consultant(mind, told, post, consulting, manner=options.manner, worded=known)
        read_only = consulting is None or consulting.read_only
        desk = Desk(told, post, consultant=consultant, toolbox=options.toolbox, read_only=read_only)
        duplex = Duplex(
            self.model,
            brief,
            post,
            mind=mind,
            desk=desk,
            lead=LEAD,
            protected=lambda: is_protected(session.call),
            patience=options.patience,
        )
        heard = Ears(self.detector, duplex.hearing, post, language=tongue, echo=options.echo, said=duplex.said)
        return Media(heard, duplex, post, told, opening=opening, spare=cascade)

    def _cascade(self, session: Session, mind: Mind) -> tuple[Ears, Mouth]:
        post, options, tongue = session.post, self.options, session.call.rules.turns.language
        voices, ears = [("first", self.voice)], [("first", self.ears)]
        if options.spares:
            voices.append(("second", self.spare_voice))
            ears.append(("second", self.spare_ears))
        voice = FallbackSynthesizer(voices).open(Voice(), lambda trouble: post(Warned(trouble.code, trouble.text)))
        transcriber = FallbackTranscriber(ears) if options.spares else self.ears
        in_words = lambda: session.call.prompting  # noqa: E731
        mouth = Mouth(mind, voice, post, lead=LEAD, manner=options.manner, in_words=in_words)
        heard = Ears(self.detector, transcriber, post, language=tongue, echo=options.echo, said=mouth.said)
        return heard, mouth

    def rules(self) -> Rules:
        """Return what is decided about every call."""
        if self.model is None:
            return self.options.rules
        traits = self.model.traits
        turns = replace(self.options.rules.turns, hears=True, endpoints=traits.endpoints, interrupts=traits.interrupts)
        return replace(self.options.rules, turns=turns)
