"""Which URL a carrier signed, where its stream goes, and what a request's path means. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class WebhookRoute:
    """A carrier's webhook; without a carrier, the one whose signature it bears."""

    carrier: str | None


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """A media stream; the credential is there where the carrier hands it over in the path."""

    credential: str | None
    path: str
    """Of those at which streams are served, without a slash at its end."""


@dataclass(frozen=True, slots=True)
class StrippedRoute:
    """A webhook whose path lost its first segments to a proxy."""

    missing: str
    """What the proxy cut off."""


Route = WebhookRoute | StreamRoute | StrippedRoute


def find_route(path: str, *, serve_path: str, stream_paths: Collection[str], carriers: Collection[str]) -> Route | None:
    """Return what a request path means, or None when there is nothing."""
    serve_path, stream_paths = serve_path.rstrip("/"), [one.rstrip("/") for one in stream_paths]
    bare = "" if path == "/" else path
    if path and bare == serve_path:
        return WebhookRoute(None)
    if path and bare in stream_paths:
        return StreamRoute(None, bare)
    parent, _, last = path.rpartition("/")
    if parent == serve_path and last in carriers:
        return WebhookRoute(last)
    if parent in stream_paths and last:
        return StreamRoute(last, parent)
    segments = serve_path.split("/")
    for cut in range(2, len(segments) + 1):
        rest = "".join(f"/{segment}" for segment in segments[cut:])
        if path == (rest or "/") or (parent == rest and last in carriers):
            return StrippedRoute("/".join(segments[:cut]))
    return None


def signed_url(public_url: str, serve_path: str, target: str) -> str:
    """Return the URL that the carrier signed for a request target under `serve_path`, query included."""
    scheme, host, path = _parts(public_url)
    rest = target.removeprefix(serve_path.rstrip("/"))
    return f"{scheme}://{host}{path.rstrip('/') if rest.startswith('/') else path}{rest}"


def stream_url(public_url: str, serve_path: str, stream_path: str, streaming_public_url: str | None = None) -> str:
    """Return the WebSocket URL at which carriers reach `stream_path`.

    The prefix of a proxy is what `public_url`'s path has before `serve_path`; one that rewrites more than that has none
    unless `streaming_public_url` gives it.
    """
    if streaming_public_url is not None:
        scheme, host, path = _parts(streaming_public_url)
        prefix = path.rstrip("/").removesuffix(stream_path)
    else:
        scheme, host, path = _parts(public_url)
        prefix = path.removesuffix(serve_path) if keeps_path(public_url, serve_path) else ""
    return f"{'ws' if scheme in {'http', 'ws'} else 'wss'}://{host}{prefix.rstrip('/')}{stream_path}"


def dialled_stream_url(stream_url: str, stream_path: str, target: str) -> str:
    """Return the URL at which a carrier asked for a stream, given the target of its request, query included."""
    return stream_url + target.removeprefix(stream_path.rstrip("/"))


def keeps_path(public_url: str, serve_path: str) -> bool:
    """Say whether requests for `public_url` can arrive at `serve_path` without a proxy that rewrites them."""
    return _parts(public_url)[2].endswith(serve_path)


def origin(bind: str, port: int) -> str:
    """Return the base URL at which this machine reaches a listener bound to `bind`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(bind)  # noqa: S104 - compared, not bound
    return f"http://{host or (f'[{bind}]' if ':' in bind else bind)}:{port}"


def _parts(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc, parts.path
