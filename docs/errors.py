"""Writes every error and refusal into its page: `python docs/errors.py`. What there is is found in the code.

The tables here say of each what it means and what to do about it; `FOUND` says what the code has, by the same headings.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

from voicecall import errors
from voicecall.carriers.plivo import codes as plivo
from voicecall.carriers.telnyx import codes as telnyx
from voicecall.carriers.twilio import codes as twilio
from voicecall.core.call import EndReason
from voicecall.core.failures import KINDS, Kind

PAGE = Path(__file__).with_name("errors.md")
SOURCE = SimpleNamespace(**runpy.run_path(str(PAGE.with_name("source.py"))))
_PLACE = re.compile(r"(<!-- ([a-z-]+) -->\n).*?(<!-- /\2 -->)", re.DOTALL)

CODES: Mapping[str, str] = {
    "bad-parameters": "compare with [the operation](rest.md); the sentence names the parameter",
    "call-not-found": "`voicecall history` lists the ids; calls are in the archive that `store.url` names",
    "call-over": "nothing; `endReason` in its record says why",
    "refused": "see [the reason](#refusals)",
    "timeout": "the call goes on: ask again with the same id, or with a longer `--timeout`",
    "request": "see the sentence",
    "provider-failed": "see the sentence, and `reason` for the service's own code; [carriers' codes](#carriers-codes)",
    "store-failed": "`store.failed` in the log: disk, rights, database server; `voicecall doctor`, check `store`",
    "failed": "our fault: report the traceback in the log",
    "unauthorized": "the token in `control-token` in the state directory, or one of `voicecall token create`",
    "wrong-host": "use `127.0.0.1`, or the address in `control.bind`",
    "wrong-origin": "nothing: a page in somebody's browser was turned away",
    "not-found": "look at the path; `voicecall openapi` lists all",
    "method-not-allowed": "look at the method; `voicecall openapi` lists all",
    "too-large": "a body has 64 KiB at most",
    "stopping": "ask again once the gateway runs anew",
    "left": "nothing: nobody is there to read it",
}
"""What to do about each code."""
DOORS: Mapping[str, tuple[int, str, str]] = {
    "unauthorized": (401, "–", "The token is missing, not known, or has expired."),
    "wrong-host": (403, "–", "The listener was addressed by a name that is not its own."),
    "wrong-origin": (403, "–", "The request came from a page of another origin."),
    "not-found": (404, "–", "There is nothing at this path."),
    "method-not-allowed": (405, "–", "Not with this method."),
    "too-large": (413, "–", "The body is too long."),
    "stopping": (503, "-32603", "The gateway is stopping."),
    "left": (400, "–", "The client left before its request was complete."),
}
"""Codes of the control listener itself: the HTTP status, the number in JSON-RPC, and what it means."""
REFUSALS: Mapping[str, tuple[str, str]] = {
    "busy": ("somebody else waits for this caller's answer already", "wait for that `continue` to return"),
    "calls-per-day": ("`budget.calls_per_day` is used up", "wait, or raise it"),
    "calls-per-number": ("this number was called as often as a day allows", "`budget.calls_per_number_per_day`"),
    "configured": (
        "the number stands in the configuration's own do-not-call list",
        "take it out of `budget.do_not_call`",
    ),
    "country": ("the number's country is not among those that may be dialled", "`budget.countries`"),
    "do-not-call": (
        "whoever has this number wants no calls",
        "respect it; `voicecall do-not-call list` says since when",
    ),
    "draining": ("the gateway is stopping, and places no more calls", "ask again once it runs anew"),
    "elsewhere": ("another gateway on the same archive serves this call", "ask that one"),
    "label-taken": ("a token has this label already", "another `--label`, or `voicecall token revoke` first"),
    "max-concurrent-calls": ("all lines are taken", "wait, or raise `limits.max_concurrent_calls`"),
    "minutes-per-day": ("`budget.minutes_per_day` is used up", "wait, or raise it"),
    "money-per-day": ("what is left of `budget.money_per_day` buys no minute", "wait, or raise it"),
    "no-listener": ("this process has no public listener to be probed", "ask the gateway that carriers reach"),
    "no-network": (
        "there is no mock network here to ring from",
        "the carrier `mock`, see [the network](mock-network.md)",
    ),
    "no-price": ("money is limited and no price is known for the number", "add its prefix to `budget.prices`"),
    "no-public-url": ("the carrier could not reach this gateway", "set `public_url` or `tunnel.provider`"),
    "not-recorded": (
        "the call has no recording",
        "`recording.enabled`, for calls to come; only media streams are recorded",
    ),
    "outbound-stopped": ("all dialling was stopped", "`voicecall outbound resume`"),
    "prefix": ("the number begins with none of the prefixes that may be dialled", "`budget.prefixes`"),
    "premium-number": ("the number is in a premium or shared-cost range", "`budget.premium`, if that is meant"),
    "quiet-hours": (
        "it is quiet hours where the number is, or nobody knows what time it is there",
        "`budget.quiet_hours`",
    ),
    "rate-limit": ("this token, or an address with wrong tokens, asks too often", "`control.requests_per_second`"),
    "satellite-number": (
        "the number is in a satellite or international-network range",
        "`budget.premium`, if that is meant",
    ),
    "scope": ("the token does not allow the operation", "a token that [may do it](control.md#tokens)"),
    "short-number": ("an emergency or short number, which agents never dial", "nothing: no setting allows it"),
    "too-many-requests": ("one connection has too many requests under way", "wait for answers before asking more"),
    "too-many-subscriptions": (
        "one socket follows too many streams of events",
        "another socket, or one stream of all calls",
    ),
    "unknown-outcome": (
        "a request with this idempotency key was begun, and what came of it is not known",
        "look at the call before asking with a new key",
    ),
}
"""What each reason means, and what to do."""
STREAMS: Mapping[str, tuple[str, str]] = {
    "missing": ("no credential came along", "let the proxy pass the stream's whole path and its messages unchanged"),
    "malformed": ("the credential was changed on the way", "let the proxy pass paths and messages unchanged"),
    "expired": (
        "more than a minute passed since the carrier was told, or clocks differ",
        "set the clocks from the network",
    ),
    "wrong key": (
        "made with another key: by another gateway, or before its key was renewed",
        "give gateways behind one URL the same `streaming.credential_keys`",
    ),
    "wrong call": (
        "a credential for another call, or for none that lives here",
        "nothing, unless it repeats: report it",
    ),
    "already used": (
        "a stream with this credential was here before",
        "nothing: a carrier, or a stranger, tried it twice",
    ),
}
"""What each reason means, and what to do."""
CALLERS: Mapping[str, tuple[str, str]] = {
    "policy": ("`inbound_policy` does not admit the caller", "`inbound_policy`, `allow_from`"),
    "busy": ("all lines are taken", "`limits.max_concurrent_calls`"),
    "draining": ("the gateway is stopping", "nothing"),
    "anonymous": ("the caller withheld the number, and cannot be paired", "nothing"),
    "tries": (
        "the caller was told a code as often as a day allows",
        "`voicecall pairing list`, `pairing.tries_per_day`",
    ),
    "crowded": ("too many callers are being paired", "`voicecall pairing list`, then `approve`"),
}
"""What each reason means, and what to do."""
ENDINGS: Mapping[str, tuple[str, str]] = {
    "completed": ("a message was said to its end", "nothing"),
    "hangup-user": (
        "the other side hung up",
        "nothing; soon after the answer: [symptoms](symptoms.md#i-call-and-hear-nothing)",
    ),
    "hangup-agent": ("the agent, or whoever placed the call, hung up", "nothing"),
    "timeout": ("the call reached `limits.max_duration_seconds`", "raise it, if calls are to be longer"),
    "stale-timeout": (
        "it was never answered within its time, or its carrier knew it no longer after a restart",
        "if it repeats, webhooks do not arrive: `voicecall doctor --live`",
    ),
    "no-answer": ("nobody answered", "nothing; `limits.ring_timeout_ms` is how long it rings"),
    "busy": ("the line was busy; inbound: all of ours were taken", "inbound: `limits.max_concurrent_calls`"),
    "failed": ("the carrier could not, or would not, place the call", "`endDetail`; `carrier.failed` in the log"),
    "error": ("something failed amid the call", "`endDetail`; `voicecall doctor --call-id ID`"),
    "voicemail": ("a machine answered", "`outbound.machine` says what is done then"),
    "rejected": (
        "the other side refused; inbound: the caller was not let in",
        "inbound: `inbound_policy`, `allow_from`",
    ),
}
"""What each reason means, and what to do."""
CLASSES: Mapping[str, str] = {
    "VoicecallError": "catch it, and you catch all of them",
    "ConfigError": "[below](#faults-of-a-configuration): each fault names its key and what to write",
    "SignatureError": "`public_url` as the carrier calls it; the secret; [more](symptoms.md#the-signature-is-refused)",
    "FrameError": "nothing, unless it repeats: report it with its line of the log",
    "StreamRefused": "[below](#media-streams)",
    "ProviderError": "its sentence names the service; `retryable` says whether asking again can help",
    "NetworkError": "the network, the service's own state, a proxy on the way out",
    "CarrierError": "[carriers' codes](#carriers-codes)",
    "SpeechError": "the vendor's key and account; another in `stt.fallback` or `tts.fallback`",
    "AgentError": "the agent's own log; `brain.fallback`",
    "RealtimeError": "the vendor's key, model and account; the call goes on without it",
    "TunnelError": "its `hint`; [tunnels](tunnels.md)",
    "StoreError": "disk, rights, database server; `voicecall doctor`, check `store`",
    "StoreConflict": "nothing, unless it repeats: then look at the load",
    "RequestError": "see its code",
    "BadParameters": "`bad-parameters`",
    "CallNotFound": "`call-not-found`",
    "CallOver": "`call-over`",
    "CallRefused": "`refused`; its `reason` is [below](#refusals)",
    "OperationTimeout": "`timeout`",
}
"""What to do about each error."""
_NUMBERS = {-32700: "what came is not JSON", -32600: "it is JSON, and no request", -32601: "there is no such method"}
"""JSON-RPC's own."""


def _classes() -> list[type[BaseException]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.VoicecallError)]


FOUND: Mapping[str, tuple[set[str], Mapping[str, object]]] = {
    "codes": ({kind.code for kind in KINDS} | SOURCE.door_codes() | {"wrong-host", "wrong-origin"}, CODES),
    "errors": ({one.__name__ for one in _classes()}, CLASSES),
    "refusals": (SOURCE.named("CallRefused", "_used_up"), REFUSALS),
    "streams": (SOURCE.named("StreamRefused"), STREAMS),
    "callers": (SOURCE.named("Verdict", "NotTold"), CALLERS),
    "endings": (set(get_args(EndReason)), ENDINGS),
}
"""What the code has, and the table that speaks of it."""


def _rows(*rows: tuple[str, ...]) -> str:
    head, *others = rows
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ("---",) * len(head), *others))


def _first(documentation: str | None) -> str:
    return re.split(r"(?<=\.)\s", " ".join((documentation or "").split()))[0]


def _meaning(kind: Kind) -> str:
    return "The gateway itself failed." if kind.error is errors.VoicecallError else _first(kind.error.__doc__)


def _codes() -> str:
    rows = [(f"`{kind.code}`", ", ".join(map(str, kind.statuses)), str(kind.number), _meaning(kind)) for kind in KINDS]
    rows += [(f"`{code}`", str(status), number, words) for code, (status, number, words) in DOORS.items()]
    return _rows(
        ("code", "HTTP", "JSON-RPC", "means", "do"),
        *((*row, CODES[row[0].strip("`")]) for row in rows),
    )


def _errors() -> str:
    tree = str(errors.__doc__).partition("\n\n")[2].rstrip()
    rows = [(f"`{one.__name__}`", _first(one.__doc__), CLASSES[one.__name__]) for one in _classes()]
    return f"```text\n{tree}\n```\n\n" + _rows(("error", "means", "do"), *rows)


def _of(table: Mapping[str, tuple[str, str]], head: str) -> str:
    return _rows((head, "means", "do"), *((f"`{reason}`", *words) for reason, words in table.items()))


def _warnings() -> str:
    """Return the rows of the page about the log, all in one table."""
    page = PAGE.with_name("troubleshooting.md").read_text("utf-8").partition("## Warnings in a call's record")[2]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \| (.*) \|$", page.partition("\n## ")[0], re.MULTILINE)
    return _rows(("code", "what happened", "do"), *rows)


def _of_carrier(sentences: Mapping[int, str] | Mapping[str, str]) -> str:
    """Return the codes that mean the same in one row."""
    by_sentence: dict[str, list[str]] = {}
    for code, sentence in sentences.items():
        by_sentence.setdefault(sentence, []).append(str(code))
    return _rows(("code", "what it means, and what to do"), *((", ".join(c), said) for said, c in by_sentence.items()))


def _told(found: Iterator[tuple[str, str]]) -> str:
    told = dict.fromkeys(
        (key, said) for key, said in found if re.search(r"\w{3}", said.replace("(in the environment", ""))
    )
    rows = sorted((f"`{key}`" if key else "the file", said.replace("|", "\\|")) for key, said in told)
    return _rows(("key", "message"), *rows)


def parts() -> Mapping[str, str]:
    """Return what belongs into each place of the page."""
    return {
        "codes": _codes(),
        "numbers": _rows(("number", "means"), *((str(number), words) for number, words in _NUMBERS.items())),
        "errors": _errors(),
        "refusals": _of(REFUSALS, "`reason`"),
        "streams": _of(STREAMS, "`reason`"),
        "callers": _of(CALLERS, "`reason`"),
        "endings": _of(ENDINGS, "`endReason`"),
        "warnings": _warnings(),
        "faults": _told(SOURCE.faults()),
        "doubts": _told(SOURCE.doubts()),
        "twilio": _of_carrier(twilio.SENTENCES),
        "telnyx": _of_carrier(telnyx.SENTENCES),
        "plivo": _of_carrier(plivo.SENTENCES),
        "plivo-streams": _of_carrier(plivo.STREAM_REASONS),
    }


def page_with_tables(page: str) -> str:
    """Return the page with its tables as they should be."""
    made = parts()
    return _PLACE.sub(lambda place: place[1] + made[place[2]] + place[3], page)


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text("utf-8")), "utf-8")
