"""What decides about one call, fixed when it begins: what its carrier can do, the patience, how turns are taken."""

from __future__ import annotations

from typing import Literal

import msgspec

Mode = Literal["notify", "conversation"]


class Capabilities(msgspec.Struct, frozen=True):
    """What can be done on a carrier."""

    streaming: bool = True
    prompts: bool = False
    """Whether the carrier can speak and listen by itself, without a media stream."""
    documents: bool = True
    """Whether it takes instructions in the answers to its webhooks, so that these may wait for a decision."""
    listens_apart: bool = False
    """Whether listening by itself is a step of its own, which also answers an inbound leg."""
    digits_at_dial: bool = False
    """Whether it sends the first digits itself, once the call is answered."""
    digits_end_stream: bool = False
    """Whether sending digits ends the media stream; the carrier then asks what to do next."""
    redirects: bool = False
    """Whether a live leg can be given other instructions at any time, not only when it asks."""
    one_stream: bool = False
    """Whether an open media stream must be closed by us before another can be had."""
    redirects_on_close: bool = False
    """Whether it does not take those along but asks for them, and only once its media stream is over."""
    return_delay: float = 0.0
    """Seconds from the end of its media stream until a leg asks what to do."""
    machine_detection: bool = False
    """Whether it says by itself that a machine answered."""
    recording: bool = False
    """Whether it can record the call."""
    transfer: bool = False
    """Whether it can connect the caller with somebody else."""
    codecs: tuple[str, ...] = ("PCMU",)
    """What its media streams may carry: `PCMU`, `PCMA`, `L16/8000`, `L16/16000`; the first where none is configured."""
    marks_return_on_clear: bool = True
    credential_in_start: bool = True
    """Whether the stream's credential travels in its start message (else in the URL's path)."""
    signs_handshake: bool = False
    """Whether the handshake of a media stream bears the carrier's signature."""
    dials_per_second: float | None = None
    """How fast it may be dialled where nothing is configured; None is without bound."""


class Route(msgspec.Struct, frozen=True):
    """One way to place a call."""

    carrier: str
    from_: str
    can: Capabilities


class TurnRules(msgspec.Struct, frozen=True):
    """How this call takes turns. All times in seconds."""

    language: str = "en"
    """What is spoken: a BCP 47 tag."""
    endpointing: float = 0.5
    """Silence that ends a turn that is neither clearly finished nor clearly open."""
    endpointing_min: float = 0.3
    endpointing_max: float = 1.2
    transcript_patience: float = 3.0
    """How long after the endpoint to wait for a transcript that is still being made."""
    barge_in: bool = True
    barge_in_patience: float = 1.5
    """How long speech is held, after the caller fell silent, while words are awaited."""
    barge_in_doubt: float = 0.45
    """How long speech is held by a sound that is not surely speech."""
    barge_in_longest: float = 10.0
    """How long speech is held by what is surely speech, and has no words."""
    protect_greeting: bool = True
    """Whether an outbound greeting is heard out before the caller can interrupt."""
    protect_inbound_greeting: bool = False
    """The same for an inbound one."""
    early: bool = False
    """Whether the agent may be asked before the caller has surely finished."""
    silence: float = 0.0
    """How long nobody may speak before the caller is asked whether they are there; 0 is for ever."""
    reprompts: int = 2
    """How often the caller is asked before the call is ended."""
    reprompt: str = ""
    goodbye: str = ""
    moment: float = 60.0
    """The same silence, for a caller who asked for a moment, or put us on hold."""
    digits_end: str = "#"
    """Keys that end what the caller enters."""
    digits_count: int = 0
    """How many keys the caller enters; 0 where that is not known."""
    digits_patience: float = 2.0
    """How long after a key another one may follow."""
    hears: bool = False
    """Whether the agent hears for itself: a turn is answered without its words, which are written down once known."""
    endpoints: Literal["gateway", "provider"] = "gateway"
    """Who says that the caller's turn is over: we, or the provider of an agent that hears."""
    interrupts: Literal["gateway", "provider"] = "gateway"
    """The same for interruptions."""
    provider_patience: float = 3.0
    """How long after the caller fell silent the provider may take to say that the turn is over."""
    barge_in_unworded: float = 0.35
    """How long sure speech holds an agent that hears, until it has lost the floor."""
    barge_in_words: float = 0.8
    """How long a short interruption of it waits for its words, once the provider took it for a turn."""


class Rules(msgspec.Struct, frozen=True):
    """Everything configured that decides about one call, fixed when the call begins. All times in seconds."""

    max_duration: float = 300.0
    last_sentence: float = 10.0
    """How long past `max_duration` a sentence may be finished."""
    ring_timeout: float = 30.0
    stale: float = 120.0
    """A call never answered and older is ended after asking the carrier; 0 is never."""
    notify_hangup_delay: float = 3.0
    transcript_timeout: float = 180.0
    stream_start: float = 10.0
    """How long after the answer a media stream may take to start."""
    stream_grace: float = 2.0
    """How long a dropped media stream may take to come back."""
    can: Capabilities = Capabilities()
    streaming: bool = True
    """Whether the call's audio is streamed; otherwise the carrier speaks and listens."""
    playback: float = 4.0
    """How long after audio was first sent the carrier may take to confirm that it plays."""
    machine: Literal["off", "hangup", "message"] = "off"
    """What becomes of an outbound call that a machine answers."""
    machine_message: str = ""
    """What is left on the machine; empty for the call's own greeting."""
    hangup_patience: float = 10.0
    """How long the carrier may take to confirm a hang-up."""
    price: float | None = None
    """What a started minute of an outbound call costs; None where that is not known."""
    turns: TurnRules = TurnRules()


def without_model(rules: Rules) -> Rules:
    """Return the rules of a call in which no model hears and speaks by itself."""
    turns = msgspec.structs.replace(rules.turns, hears=False, endpoints="gateway", interrupts="gateway")
    return msgspec.structs.replace(rules, turns=turns)
