"""What became of a probe on its way from outside to the gateway: each change is named, with its fix. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from voicecall.core.results import Arrival

from . import Check, fail, ok, warn
from .asking import Answer

_KEEP = "let the proxy keep the path (Tailscale: --set-path needs it in the target too)"
_UNAVAILABLE = frozenset({502, 503, 504})
_BARRED = frozenset({401, 403, 407})
_ASTRAY = ("path without", "no such path")
"""How the verdict begins where a request went to a path at which there is nothing."""
_LATE, _TOO_LATE = 0.25, 1.0
"""Seconds that a message may take there and back before a conversation suffers, or cannot be held."""
_UNCHANGED = "let the proxy pass path and query on as they came (nginx: proxy_pass without a path behind the address)"
_UPGRADES = (
    "let the proxy pass upgrades on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade")'
)
_OPEN = "see where the name and the proxy lead; the proxy must let everybody through to these paths, without a login"


@dataclass(frozen=True, slots=True)
class Expected:
    """What should arrive."""

    public_url: str
    path: str
    """On this machine, with the carrier's name where there is one."""
    serve_path: str
    own: str
    """Where the gateway listens on this machine, such as `http://127.0.0.1:3334`."""
    query: str
    body: bytes = b""
    signed: bool = True
    """Whether the signature was a right one."""


def webhook(expected: Expected, nonce: str, answer: Answer, arrivals: list[Arrival]) -> list[Check]:
    """Return what a webhook through the public URL shows, given its answer and what arrived of it."""
    posted = [one for one in arrivals if not one.upgrade and one.method == "POST"]
    if not posted:
        other = next((one for one in arrivals if not one.upgrade), None)
        if other is not None:
            message = f"a POST arrived as {other.method}: something on the way turned it into another request"
            return [fail("public-url", message, "write the URL to which it is redirected in public_url")]
        return [_not_arrived(expected, answer)]
    arrival = posted[-1]
    checks = [_reached(expected, nonce, answer, arrival)]
    changed = _path(expected, arrival)
    checks.append(changed)
    checks.append(_signature(expected, arrival, changed))
    return checks


def _not_arrived(expected: Expected, answer: Answer) -> Check:
    url = expected.public_url
    if answer.silence:
        fix = "see that the name resolves to the proxy or tunnel, that this runs, and that its certificate is valid"
        return fail("public-url", f"{url} cannot be reached: {answer.silence}", fix)
    if answer.location:
        fix = "write the address that needs no redirection in public_url: carriers sign the one they are told"
        return fail("public-url", f"{url} redirects (HTTP {answer.status}) to {answer.location}", fix)
    if answer.status in _UNAVAILABLE:
        message = f"{url} is answered by a proxy that does not reach this gateway (HTTP {answer.status})"
        return fail("public-url", message, f"point the proxy at {expected.own}, and see that it may connect there")
    if answer.status == 404:
        message = f"{url} is answered HTTP 404, and not by this gateway: the proxy has no route for this path"
        return fail("public-url", message, f"have the proxy pass {urlsplit(url).path} to {expected.own}")
    if answer.status in _BARRED:
        message = f"{url} is answered HTTP {answer.status} by something other than this gateway: it lets nobody in"
        return fail("public-url", message, _OPEN)
    if answer.status == 413:
        message = f"{url} is answered HTTP 413, and not by this gateway: the proxy takes no bodies of this size"
        return fail("public-url", message, "have the proxy take bodies of 64 KiB (nginx: client_max_body_size 64k)")
    message = f"{url} is answered HTTP {answer.status} by something other than this gateway"
    return fail("public-url", message, f"see where the name and the proxy lead; it should be {expected.own}")


def _reached(expected: Expected, nonce: str, answer: Answer, arrival: Arrival) -> Check:
    url = expected.public_url
    if answer.silence:
        fix = "raise the proxy's time limit for answers"
        return fail("public-url", f"a webhook arrived, and its answer did not come back: {answer.silence}", fix)
    ours = nonce.encode() in answer.body
    if not ours and arrival.verdict in ("verified", "not looked at"):
        fix = "have the proxy pass answers on as they are: carriers read instructions in them"
        return fail("public-url", f"the answer of {url} was changed on the way (HTTP {answer.status})", fix)
    host, port = urlsplit(url).netloc, urlsplit(url).port
    if arrival.host == host:
        return ok("public-url", f"{url} reaches this gateway")
    told = f"{url} reaches this gateway, as {arrival.host or 'a request without a host'}"
    other = arrival.host.rpartition(":")[2] if ":" in arrival.host else ""
    if arrival.host.partition(":")[0] == host.partition(":")[0] and other != str(port or ""):
        return ok("public-url", f"{told}: the port was changed on the way, and public_url counts")
    return ok("public-url", f"{told}: the proxy rewrites Host, and public_url counts")


def _path(expected: Expected, arrival: Arrival) -> Check:
    path, _, query = arrival.target.partition("?")
    wanted = expected.path
    if path != wanted:
        return _other_path(expected, path)
    if query == expected.query:
        return ok("webhook-path", f"webhooks arrive at {wanted}, query included")
    if not query:
        return fail("webhook-path", "the query was dropped on the way, and it is part of what is signed", _UNCHANGED)
    return fail("webhook-path", f"the query was changed on the way: ?{expected.query} arrived as ?{query}", _UNCHANGED)


def _other_path(expected: Expected, path: str) -> Check:
    wanted = expected.path
    if wanted.endswith(path) and path != "/":
        gone = wanted.removesuffix(path)
        message = f"the proxy removed {gone} from the path: {wanted} arrived as {path}"
        fix = (
            f"let the proxy keep {gone} (nginx: proxy_pass without a path; Tailscale: --set-path needs it in the "
            f"target too), or set serve.path = {path.removesuffix(wanted.removeprefix(expected.serve_path)) or '/'!r}"
        )
        return fail("webhook-path", message, fix)
    if path == "/":
        message = f"the proxy removed the whole path: {wanted} arrived as /"
        return fail("webhook-path", message, _KEEP)
    if path == f"/{wanted}":
        fix = "end the prefix in a slash on both sides, or on neither (nginx: location /x/ and proxy_pass http://address/)"
        return fail("webhook-path", f"a slash was doubled on the way: {wanted} arrived as {path}", fix)
    if path.endswith(wanted):
        more = path.removesuffix(wanted)
        message = f"the path arrived with {more} in front: {path}"
        fix = f"let the proxy remove {more}, or set serve.path = '{more}{expected.serve_path}'"
        return fail("webhook-path", message, fix)
    return fail("webhook-path", f"the proxy rewrote the path: {wanted} arrived as {path}", _UNCHANGED)


def _signature(expected: Expected, arrival: Arrival, changed: Check) -> Check:
    if arrival.verdict == "not looked at":
        return warn("signature", "signatures are not looked at", "take skip_signature_verification out")
    if arrival.verdict.startswith(_ASTRAY):
        return fail("signature", f"no signature was looked at: {changed.message}", changed.fix)
    if arrival.verdict == "signature missing" and expected.signed:
        fix = "have the proxy pass all headers on (nginx: proxy_pass_request_headers on)"
        return fail("signature", "the signature itself was dropped on the way: it is in a header", fix)
    if arrival.body != sha256(expected.body).hexdigest():
        fix = "have the proxy pass bodies on as they are: no filters, no limit below 64 KiB"
        return fail("signature", "the body was changed on the way, and it is what is signed", fix)
    if not expected.signed:
        return ok("signature", "the body arrives unchanged; only the carrier itself could sign it")
    if arrival.verdict == "verified":
        return ok("signature", "a signature made with the real secret was verified at the far end")
    if changed.level == "fail":
        return fail("signature", f"a right signature was refused: {changed.message}", changed.fix)
    tried = ", ".join(arrival.tried[:3])
    message = f"a right signature was refused ({arrival.verdict}); tried were {tried}"
    return fail("signature", message, "make public_url, in the daemon's configuration, the URL that carriers call")


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of a media stream's WebSocket."""

    refusal: str = ""
    """Why it was not opened, or not kept open; empty where it was."""
    status: str = ""
    """HTTP, of a refusal, or the close code."""
    times: tuple[float, ...] = ()
    """Seconds that messages took there and back."""
    sent: int = 0


def stream(expected: Expected, url: str, opened: Opened, arrivals: list[Arrival], *, credential: str = "") -> Check:
    """Return what a media stream through the public URL shows. `credential` is the one that it had in its path."""
    way = "in the path" if credential else "in its first message"
    lost = next((one for one in arrivals if one.verdict.startswith(_ASTRAY)), None)
    here = [one for one in arrivals if one is not lost]
    if any(one.verdict == "no upgrade" for one in here):
        return fail("stream", f"the proxy does not pass WebSocket upgrades on to {expected.path}", _UPGRADES)
    if lost is not None and not here:
        path = lost.target.partition("?")[0].removesuffix(f"/{credential}")
        fix = f"let the proxy pass {urlsplit(url).path} to {expected.own}{expected.path}, the path included"
        return fail("stream", f"a media stream for {expected.path} arrived at {path}, where there is none", fix)
    if not here:
        return _not_opened(expected, url, opened)
    verdict = here[-1].verdict
    if verdict != "verified":
        return fail("stream", f"the media stream's {verdict}, given {way}", _credential(verdict))
    if opened.refusal or len(opened.times) < opened.sent:
        return _broken(opened)
    return _pace(url, way, opened)


def _broken(opened: Opened) -> Check:
    came = f"of {opened.sent} messages of a media stream {len(opened.times)} came back"
    if opened.refusal:
        fix = (
            "raise the proxy's time limits above the longest call (nginx: proxy_read_timeout 2h; proxy_send_timeout 2h)"
        )
        return fail("stream", f"{came}, and then the proxy closed it ({opened.refusal})", fix)
    return fail(
        "stream", f"{came}: something holds them", "switch off buffering for this path (nginx: proxy_buffering off)"
    )


def _not_opened(expected: Expected, url: str, opened: Opened) -> Check:
    status = opened.status
    if status == "426":
        return fail("stream", f"the proxy does not pass WebSocket upgrades on to {expected.path}", _UPGRADES)
    if status in map(str, _BARRED):
        message = f"{url} is answered HTTP {status} by something other than this gateway: it lets nobody in"
        return fail("stream", message, _OPEN)
    if status in map(str, _UNAVAILABLE):
        message = f"{url} is answered by a proxy that does not reach this gateway (HTTP {status})"
        return fail("stream", message, f"point the proxy at {expected.own} for this path too")
    if status in ("404", "400", "200", "405"):
        message = f"{url} is answered HTTP {status}, and not by this gateway: the proxy has no route for media streams"
        fix = f"have the proxy pass {urlsplit(url).path} to {expected.own}, with upgrades"
        return fail("stream", message, fix)
    fix = f"have the proxy pass {urlsplit(url).path} to {expected.own}, with upgrades"
    return fail("stream", f"{url} could not be opened: {opened.refusal}", fix)


def _credential(verdict: str) -> str:
    if verdict.endswith("expired"):
        return "have the clock set from the network"
    if verdict.endswith("wrong key"):
        return "give all gateways behind one URL the same streaming.credential_keys"
    return "let the proxy pass paths and messages on unchanged"


def _pace(url: str, way: str, opened: Opened) -> Check:
    times = sorted(opened.times)
    half, most = times[len(times) // 2], times[-(-len(times) * 95 // 100) - 1]
    told = f"messages through {url} are back after {half * 1000:.0f} ms (p50), {most * 1000:.0f} ms (p95)"
    if most >= _TOO_LATE:
        fix = "switch off buffering for this path (nginx: proxy_buffering off), or take a proxy that is nearer"
        return fail("stream", f"{told}: a conversation cannot be held", fix)
    if most >= _LATE:
        return warn("stream", f"{told}: answers come late", "take a proxy or tunnel that is nearer to the carrier")
    return ok("stream", f"{told}; the credential arrives {way}")
