"""What each warning in the record of a call means: the check that explains it, what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from . import Check, warn

_KEY = "the vendor's key and account (check `{id}`); name another in {id}.fallback"
_REPEATS = "nothing, unless it repeats"
_WAY = "voicecall doctor --live"
_SENTENCE = "what the sentence names"
_CARRIER_LOG = "`carrier.failed` in the log has the carrier's answer"

_MEANINGS: Mapping[str, tuple[str, str, str]] = {
    "stt": ("stt", "the transcriber failed", _KEY),
    "stt-fallback": ("stt", "the transcriber failed, and another took over", _KEY),
    "tts": ("tts", "the voice failed", _KEY),
    "tts-fallback": ("tts", "the voice failed, and another took over", _KEY),
    "reconnected": ("stt", "a vendor's connection was lost and opened again", _REPEATS),
    "vendor-error": (
        "stt",
        "a vendor reported an error that stopped nothing",
        "its code in the vendor's documentation",
    ),
    "vendor-warning": ("stt", "a vendor warned", "its code in the vendor's documentation"),
    "transcriber": ("stt", "the transcriber reported what stopped nothing", "its code in the vendor's documentation"),
    "reworded": ("tts", "the voice did not read the text word for word", "another tts.provider, if every word counts"),
    "brain": ("brain", "the agent failed", "what the sentence names; brain.fallback answers in its place"),
    "brain-retried": ("brain", "the agent failed and was asked once more", _REPEATS),
    "brain-fallback": ("brain", "the agent had no answer, and another answered", _SENTENCE),
    "reply-failed": ("brain", "an answer failed before anything of it was heard", _SENTENCE),
    "reply-cut-short": ("brain", "an answer failed before its end", _SENTENCE),
    "answer-cut": ("brain", "the agent said too much, and the rest was left out", "brain.instructions: be brief"),
    "answer-too-long": ("brain", "the model wrote too much", "brain.instructions: be brief; or brain.max_tokens"),
    "late-answer-lost": ("brain", "an answer that came late was lost", _SENTENCE),
    "agent-restarted": (
        "brain",
        "the agent's program ended amid the call",
        "`process.ended`, `process.said` in the log",
    ),
    "agent-line-skipped": ("brain", "the agent's program wrote what cannot be used", "docs/brains.md says what it may"),
    "unknown-tool": ("brain", "the model called a tool that there is not", _REPEATS),
    "tool-timeout": ("brain", "a tool did not answer in time", "the log of the tool's server"),
    "tool-failed": ("brain", "a tool failed", "the log of the tool's server"),
    "mcp-server": ("brain", "a server of tools failed", "the server's own log"),
    "tool-schema": ("brain", "a tool was left out, whose arguments cannot be checked", "the tool's own schema"),
    "consult-failed": (
        "brain",
        "the agent had no answer for the model that speaks",
        "what the sentence names; realtime.consult_timeout_ms, brain.timeout_ms",
    ),
    "consult-cancelled": ("brain", "nobody waited any more for what the agent was asked", "nothing: the call went on"),
    "outcome-unproven": ("brain", "nothing in the call proves its outcome", "read the transcript before relying on it"),
    "recording": ("disk", "the recording could not be written to its end", "disk and rights (check `disk`)"),
    "realtime": (
        "realtime",
        "the model that heard and spoke was lost; transcriber, agent and voice went on without it",
        "the vendor's key, model and account under `realtime`, and its state",
    ),
    "session-renewed": ("realtime", "the model's session was replaced by a fresh one within the call", _REPEATS),
    "carrier-speech": ("stream", "no media stream worked, and the carrier spoke by itself", _WAY),
    "stream-retried": ("stream", "a media stream did not work", _WAY),
    "stream": ("stream", "the carrier reported trouble with the media stream", _WAY),
    "stream-quiet": ("stream", "the media stream brought nothing for 10 s", "the carrier's own log of the call"),
    "unreported": (
        "public-url",
        "the carrier's reports go elsewhere, or are refused",
        "voicecall doctor --live; `webhook.refused` and `webhook.path-stripped` in the log",
    ),
    "unconfirmed": ("stream", "the opening line may not have been heard", _WAY),
    "carrier-failed": ("credentials-{carrier}", "the carrier refused something", _CARRIER_LOG),
    "hangup-failed": ("credentials-{carrier}", "the carrier could not be told to hang up", _CARRIER_LOG),
    "dtmf": ("credentials-{carrier}", "the digits could not be sent", _CARRIER_LOG),
    "carrier-passed": ("number-{carrier}", "a carrier did not dial, and the next one was tried", _SENTENCE),
}
"""By code: the check, what happened, what to do."""

_LOST: tuple[tuple[str, str, str], ...] = (
    (
        "more of audio than was played",
        "the model sent sound without end, and the call was ended",
        "report it to the vendor; another realtime.provider or model",
    ),
    (
        "said nothing for",
        "the model fell silent; transcriber, agent and voice went on without it",
        "the vendor's state; another model under `realtime`, if it repeats",
    ),
    (
        "failed twice to answer",
        "the model failed twice in a row; transcriber, agent and voice went on without it",
        "what the sentence names: the account's limits, or the model under `realtime`",
    ),
    (
        "401",
        "the vendor of the model refuses us; transcriber, agent and voice went on without it",
        "the key under `realtime` (check `realtime`)",
    ),
)
"""Ways in which a model is lost: part of the sentence, what happened, what to do."""

CODES = frozenset(_MEANINGS)


def caution(code: str, text: str, carrier: str) -> Check:
    """Return what a warning means in a call of this carrier; one of another's engine is told as it stands."""
    id_, what, fix = _MEANINGS.get(code, ("call", f"`{code}`", _SENTENCE))
    if id_ in ("stt", "brain") and text.startswith("tts."):
        id_ = "tts"  # engines report under the same codes, with their section in front
    if id_ == "stt" and text.startswith("realtime."):
        id_ = "realtime"
    if code == "realtime":
        what, fix = next(((did, do) for part, did, do in _LOST if part in text), (what, fix))
    if code == "carrier-passed":
        carrier = text.partition(" ")[0]
    id_ = id_.format(carrier=carrier)
    return warn(id_, f"{what}: {text.removesuffix('.')}" if text else what, fix.format(id=id_))
