"""URLs: what a carrier signed, where its stream goes, what a path means."""

from __future__ import annotations

import pytest

from voicecall.entrypoints.urls import (
    Route,
    StreamRoute,
    StrippedRoute,
    WebhookRoute,
    dialled_stream_url,
    find_route,
    keeps_path,
    origin,
    signed_url,
    stream_url,
)

SERVE, STREAM = "/voice/webhook", "/voice/stream"


@pytest.mark.parametrize(
    ("public_url", "target", "signed"),
    [
        ("https://v.example.com/voice/webhook", "/voice/webhook", "https://v.example.com/voice/webhook"),
        ("https://v.example.com/voice/webhook", "/voice/webhook?a=%20b&c", "https://v.example.com/voice/webhook?a=%20b&c"),
        ("https://v.example.com:8443/voice/webhook", "/voice/webhook/mock", "https://v.example.com:8443/voice/webhook/mock"),
        ("https://v.example.com/x/voice/webhook", "/voice/webhook/mock?n=1", "https://v.example.com/x/voice/webhook/mock?n=1"),
        ("https://v.example.com/hook", "/voice/webhook/mock", "https://v.example.com/hook/mock"),
        ("https://v.example.com/hook/", "/voice/webhook/mock", "https://v.example.com/hook/mock"),
        ("https://v.example.com/hook/", "/voice/webhook?a=1", "https://v.example.com/hook/?a=1"),
        ("https://v.example.com", "/voice/webhook/mock", "https://v.example.com/mock"),
    ],
)  # fmt: skip
def test_the_signed_url_is_the_public_one_and_what_follows(public_url: str, target: str, signed: str) -> None:
    assert signed_url(public_url, SERVE, target) == signed


def test_a_gateway_at_the_root_signs_what_was_asked_for() -> None:
    assert signed_url("https://v.example.com/", "/", "/mock?n=1") == "https://v.example.com/mock?n=1"
    assert signed_url("https://v.example.com/", "/", "/?n=1") == "https://v.example.com/?n=1"


@pytest.mark.parametrize(
    ("public_url", "streaming_public_url", "stream"),
    [
        ("https://v.example.com/voice/webhook", None, "wss://v.example.com/voice/stream"),
        ("https://v.example.com:8443/x/voice/webhook", None, "wss://v.example.com:8443/x/voice/stream"),
        ("https://v.example.com/hook", None, "wss://v.example.com/voice/stream"),
        ("https://v.example.com/hook", "wss://s.example.com", "wss://s.example.com/voice/stream"),
        ("https://v.example.com/hook", "wss://s.example.com/y/", "wss://s.example.com/y/voice/stream"),
        ("https://v.example.com/hook", "https://s.example.com/y/voice/stream", "wss://s.example.com/y/voice/stream"),
        ("http://127.0.0.1:3334/voice/webhook", None, "ws://127.0.0.1:3334/voice/stream"),
    ],
)
def test_the_stream_url_keeps_the_proxys_prefix(public_url: str, streaming_public_url: str | None, stream: str) -> None:
    assert stream_url(public_url, SERVE, STREAM, streaming_public_url) == stream


@pytest.mark.parametrize("stream_path", ["/voice/stream", "/voice/stream/"])
@pytest.mark.parametrize("rest", ["", "?a=%20b", "/token", "/token?a"])
def test_a_stream_is_dialled_at_its_url_and_what_follows(stream_path: str, rest: str) -> None:
    url = "wss://v.example.com/x/voice/stream"
    assert dialled_stream_url(url, stream_path, f"/voice/stream{rest}") == url + rest


def test_a_proxy_that_rewrites_the_path_is_seen() -> None:
    assert keeps_path("https://v.example.com/x/voice/webhook", SERVE)
    assert not keeps_path("https://v.example.com/hook", SERVE)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/voice/webhook", WebhookRoute(None)),
        ("/voice/webhook/mock", WebhookRoute("mock")),
        ("/voice/webhook/other", None),
        ("/voice/webhook/mock/x", None),
        ("/voice/webhook/", None),
        ("/voice%2Fwebhook", None),
        ("/voice/webhookx", None),
        ("/voice/stream", StreamRoute(None, STREAM)),
        ("/voice/stream/token", StreamRoute("token", STREAM)),
        ("/voice/stream/", None),
        ("/voice/stream/a/b", None),
        ("/webhook", StrippedRoute("/voice")),
        ("/webhook/mock", StrippedRoute("/voice")),
        ("/", StrippedRoute("/voice/webhook")),
        ("/mock", StrippedRoute("/voice/webhook")),
        ("/webhook/other", None),
        ("/voice", None),
        ("/metrics", None),
        ("", None),
        ("http://evil.example.com/voice/webhook", None),
    ],
)
def test_a_path_means_one_thing(path: str, route: Route | None) -> None:
    assert find_route(path, serve_path=SERVE, stream_paths=[STREAM], carriers={"mock"}) == route


def test_a_stream_path_below_the_webhooks_is_a_stream() -> None:
    def find(path: str) -> Route | None:
        return find_route(path, serve_path="/voice", stream_paths=[STREAM], carriers={"mock"})

    assert find("/voice/stream") == StreamRoute(None, STREAM)
    assert find("/voice/stream/token") == StreamRoute("token", STREAM)
    assert find("/voice/mock") == WebhookRoute("mock")


def test_streams_of_two_paths_are_told_apart_though_one_lies_below_the_other() -> None:
    def find(path: str) -> Route | None:
        return find_route(path, serve_path=SERVE, stream_paths=[f"{STREAM}/realtime", STREAM], carriers={"mock"})

    assert find(STREAM) == StreamRoute(None, STREAM)
    assert find(f"{STREAM}/token") == StreamRoute("token", STREAM)
    assert find(f"{STREAM}/realtime") == StreamRoute(None, f"{STREAM}/realtime")
    assert find(f"{STREAM}/realtime/token") == StreamRoute("token", f"{STREAM}/realtime")
    assert find(f"{STREAM}/realtime/a/b") is None


def test_a_gateway_at_the_root_takes_webhooks_there() -> None:
    assert find_route("/", serve_path="/", stream_paths=[STREAM], carriers={"mock"}) == WebhookRoute(None)
    assert find_route("/mock", serve_path="/", stream_paths=[STREAM], carriers={"mock"}) == WebhookRoute("mock")


@pytest.mark.parametrize(
    ("bind", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_a_listener_has_an_address_on_this_machine(bind: str, base: str) -> None:
    assert origin(bind, 80) == base
