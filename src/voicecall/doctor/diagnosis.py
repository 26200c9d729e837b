"""Why a call went as it did: its record and its events, read for the most probable cause. Pure.

Every finding bears the id of the check that explains it, so that a run of all checks says whether the cause is still
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any

from voicecall.core.doubts import is_silent
from voicecall.core.events import BARRED

from . import Check, Report, fail, merged, ok, warn
from .cautions import caution

Events = Sequence[Mapping[str, Any]]
"""As the outside sees them: `{seq, at, callId, type, data}` each, in their order."""

_TURNED_AWAY: Mapping[str, tuple[str, str, str]] = {
    "policy": ("inbound-policy", "the caller was turned away by inbound_policy", "inbound_policy, or allow_from"),
    "anonymous": ("inbound-policy", "the caller withheld their number, and cannot be paired", "nothing, or allowlist"),
    "tries": ("inbound-policy", "the caller was told a code as often as a day allows", "pairing.tries_per_day"),
    "crowded": ("inbound-policy", "too many callers were being paired", "voicecall pairing list, then approve"),
    "busy": ("limits", "all lines were taken", "limits.max_concurrent_calls"),
    "draining": ("daemon", "the daemon was about to stop", "voicecall serve"),
}
"""For each refusal: the check, what happened, what to change."""
_STREAM_REFUSED: Mapping[str, tuple[str, str, str]] = {
    "missing": (
        "stream",
        "the media stream came without its credential: something on the way dropped it",
        "let the proxy pass the whole path of the stream and the WebSocket's messages unchanged",
    ),
    "malformed": (
        "stream",
        "the media stream's credential was changed on the way",
        "let the proxy pass paths unchanged",
    ),
    "expired": (
        "clock",
        "the media stream's credential had expired: more than a minute passed, or clocks differ",
        "have the clocks of all gateways set from the network",
    ),
    "wrong key": (
        "stream",
        "the media stream's credential was made with another key: by another gateway, or before a new start",
        "give all gateways behind one URL the same streaming.credential_keys",
    ),
    "wrong call": ("stream", "the media stream had the credential of another call", "see `stream.refused` in the log"),
    "already used": ("stream", "the media stream's credential was used before", "see `stream.refused` in the log"),
}
_NOBODYS_FAULT: Mapping[str, str] = {
    "no-answer": "nobody answered",
    "busy": "the line was busy",
    "rejected": "the other side refused the call",
    "voicemail": "a machine answered",
}
_UNAUTHORISED = ("401", "403", "20003", "10009")
_SILENCING = frozenset({"tts", "brain", "reply-failed"})
"""Warnings that explain by themselves why nothing was said."""
_HASTY = 8.0
"""Seconds after the answer within which somebody who heard nothing hangs up."""


def diagnose(record: Mapping[str, Any], events: Events) -> Report:
    """Return what explains a call, the most probable cause first; a check that is `ok` where nothing is wrong."""
    story = _Story(record, events)
    found: dict[str, list[Check]] = {}
    for check in (check for rule in _RULES for check in rule(story)):
        found.setdefault(check.id, []).append(check)
    if not found and is_silent(record):
        return Report((warn("tts", "not a word of ours was heard in the whole call", "voicecall doctor, then --live"),))
    return Report(tuple(merged(id_, checks) for id_, checks in found.items()) or (ok("call", _ending(story)),))


class _Story:
    """What is asked of a call, again and again."""

    def __init__(self, record: Mapping[str, Any], events: Events) -> None:
        self.record = record
        self.events = events
        self.carrier = str(record["carrier"])
        self.reason = str(record.get("endReason") or "")
        self.detail = str(record.get("endDetail") or "")
        self.inbound = record["direction"] == "inbound"

    def all(self, *types: str) -> list[Mapping[str, Any]]:
        """Return the data of all events of these types."""
        return [event["data"] for event in self.events if event["type"] in types]

    def has(self, *types: str) -> bool:
        """Say whether there is an event of one of these types."""
        return any(event["type"] in types for event in self.events)

    def warned(self, codes: frozenset[str]) -> bool:
        """Say whether the record has a warning with one of these codes."""
        return any(warning.get("code") in codes for warning in self.record.get("warnings", ()))

    def says(self, code: str) -> str:
        """Return the text of the first warning with this code."""
        warnings = self.record.get("warnings", ())
        return next((str(one.get("text")) for one in warnings if one.get("code") == code), "")

    @property
    def seconds(self) -> float:
        """Seconds between answer and end; 0 where one of them is missing."""
        answered, ended = self.record.get("answeredAt"), self.record.get("endedAt")
        if not answered or not ended:
            return 0.0
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(answered)).total_seconds()


def _turned_away(story: _Story) -> Iterator[Check]:
    for data in story.all("call.initiated"):
        if data.get("refusal") in _TURNED_AWAY:
            yield fail(*_TURNED_AWAY[str(data["refusal"])])


def _crashed(story: _Story) -> Iterator[Check]:
    if story.has("call.crashed"):
        yield fail("log", "the gateway itself failed on this call", "report the traceback of `call.crashed` in the log")


def _not_dialled(story: _Story) -> Iterator[Check]:
    level = fail if story.reason == "failed" else warn
    for carrier, data in zip(_dialling(story), story.all("call.dial-failed"), strict=False):
        detail, code = str(data.get("detail", "")), str(data.get("code", ""))
        if code == BARRED:
            yield fail("budget", f"it was not dialled: {detail}", "what the sentence names; voicecall outbound show")
            continue
        unauthorised = code in _UNAUTHORISED or "HTTP 401" in detail or "HTTP 403" in detail
        yield level(
            f"{'credentials' if unauthorised else 'number'}-{carrier}",
            f"the carrier did not dial: {detail}",
            f"see its code {code} in docs/{carrier}.md" if code else "see the sentence",
        )


def _dialling(story: _Story) -> Iterator[str]:
    """Yield the carriers that the call was given to, in their order; the last one without end."""
    warnings = story.record.get("warnings", ())
    yield from (str(one["text"]).partition(" ")[0] for one in warnings if one["code"] == "carrier-passed")
    yield from repeat(story.carrier)


def _stream_refused(story: _Story) -> Iterator[Check]:
    if story.has("stream.started"):
        return
    for data in story.all("stream.refused"):
        unknown = ("stream", f"the media stream was refused: {data.get('reason')}", "see `stream.refused` in the log")
        yield fail(*_STREAM_REFUSED.get(str(data.get("reason")), unknown))


def _never_told(story: _Story) -> Iterator[Check]:
    """The webhooks of a call that the carrier took did not arrive."""
    if story.inbound or not story.has("call.dialled"):
        return
    told = ("call.ringing", "call.answered", "call.leg-ended", "call.adopted")
    if story.reason == "stale-timeout" and not story.has(*told):
        yield fail(
            "public-url",
            "the carrier dialled, and not one of its reports arrived: they go elsewhere, or are refused",
            "voicecall doctor --live; `webhook.refused` and `webhook.path-stripped` in the log",
        )
    elif story.has("call.answered") and not story.has("call.instructions-asked", "stream.started") and story.reason:
        yield fail(
            "webhook-path",
            "the call was answered, and the carrier never asked what to say: its request did not arrive",
            "voicecall doctor --live; `webhook.refused` and `webhook.path-stripped` in the log",
        )


def _no_stream(story: _Story) -> Iterator[Check]:
    over = bool(story.reason)
    answered = story.record.get("answeredAt") is not None or story.has("call.instructions-asked")
    told = ("stream.started", "stream.refused", "call.gathered", "call.told", "reply.worded")
    if not over or not answered or story.has(*told):
        return
    if story.has("call.instructions-asked") and story.reason in ("error", "hangup-user", "failed", "timeout"):
        yield fail(
            "stream",
            "the carrier was told to open a media stream, and none came: the caller heard nothing",
            "let the proxy pass WebSocket upgrades on streaming.stream_path; voicecall doctor --live",
        )


def _not_gathered(story: _Story) -> Iterator[Check]:
    """The carrier was to speak and to listen by itself, and never told what it heard."""
    if not story.reason or story.record["mode"] != "conversation" or not story.has("reply.worded"):
        return
    if not story.has("call.gathered", "call.told", "stream.started"):
        yield warn(
            "stt",
            "the carrier was to listen by itself, and told nothing of what the caller said",
            "see what the carrier heard in its own log; or streaming.enabled = true, with an stt.provider here",
        )


def _unheard(story: _Story) -> Iterator[Check]:
    """Somebody answered and left, and nothing that we said was heard."""
    if not story.has("stream.started") or story.has("reply.confirmed", "reply.finished"):
        return
    if story.has("reply.started"):
        yield fail(
            "stream",
            "audio was sent, and the carrier never confirmed that any of it was played",
            "voicecall doctor --live",
        )
    elif story.reason == "hangup-user" and story.record["mode"] == "conversation" and not story.warned(_SILENCING):
        if story.inbound and story.seconds >= _HASTY:
            fix = "inbound_greeting, unless the caller is to speak first"
            yield warn("tts", "nothing was said in the whole call", fix)
        else:
            yield warn(
                "tts", "the other side hung up before anything was said", "voicecall latency; a shorter greeting"
            )


def _warned(story: _Story) -> Iterator[Check]:
    for warning in story.record.get("warnings", ()):
        yield caution(str(warning.get("code")), str(warning.get("text", "")), story.carrier)


def _unanswered(story: _Story) -> Iterator[Check]:
    """The caller spoke, and got no answer."""
    words = [data for data in story.all("transcript.final") if data.get("text") and not data.get("echo")]
    if story.has("speech.started") and not words and story.record["mode"] == "conversation":
        yield warn("stt", "the caller was heard, and not a word was understood", "stt.provider; language of the line")
    elif words and not _follows(story.events, "transcript.final", "reply.started"):
        yield fail("brain", "the caller spoke, and the agent never answered", "voicecall doctor, check `brain`")


def _follows(events: Events, first: str, then: str) -> bool:
    """Say whether, after the first event of one type, there is one of the other."""
    places = [place for place, event in enumerate(events) if event["type"] == first]
    return bool(places) and any(event["type"] == then for event in events[places[0] :])


def _given_up(story: _Story) -> Iterator[Check]:
    match story.reason:
        case "stale-timeout" if story.has("call.adopted", "call.imported"):
            fix = "nothing, unless the daemon stops by itself: its log of the time before says why"
            yield fail("daemon", f"the call was given up: {story.detail}", fix)
        case "stale-timeout":
            yield fail("public-url", f"the call was given up: {story.detail}", "voicecall doctor --live")
        case "timeout":
            yield warn("limits", "the call reached limits.max_duration_seconds", "a higher limits.max_duration_seconds")
        case "failed" if story.has("call.leg-ended"):
            fix = "is the number right, and may the account call there? The carrier's own log of the call says more"
            yield fail(f"number-{story.carrier}", f"the carrier could not connect it: {story.detail}", fix)
        case "error" if story.detail and story.says("realtime") == story.detail:
            lost = caution("realtime", story.detail, story.carrier)
            yield fail(lost.id, lost.message, lost.fix)
        case "error" if story.has("stream.started", "stream.refused"):
            yield fail("stream", story.detail or "the media stream was lost", "voicecall doctor --live")
        case "error" | "failed":
            yield fail("call", story.detail or "the call failed", "docs/troubleshooting.md, by that sentence")
        case "voicemail":
            fix = 'outbound.machine = "message" leaves one, "hangup" does not wait'
            yield warn("call", "a machine answered", fix)
        case _:
            pass


_RULES: tuple[Callable[[_Story], Iterator[Check]], ...] = (
    _turned_away,
    _crashed,
    _not_dialled,
    _stream_refused,
    _never_told,
    _no_stream,
    _not_gathered,
    _unheard,
    _warned,
    _unanswered,
    _given_up,
)
"""The surest first."""


def _ending(story: _Story) -> str:
    if not story.reason:
        return f"the call is {story.record['state']}, and nothing is wrong so far"
    said = _NOBODYS_FAULT.get(story.reason, "nothing is wrong with this call")
    return f"{said} ({story.reason}){f': {story.detail}' if story.detail else ''}"
