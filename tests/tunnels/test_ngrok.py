"""ngrok: an agent that runs is adopted; else the SDK, here a stand-in of its shape, and once the real one."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any, Self

import pytest

from tests.tunnels.commands import WAY, Heard, running, telling
from voicecall.errors import TunnelError
from voicecall.tunnels import Way
from voicecall.tunnels.ngrok import Ngrok

NOBODY = "http://127.0.0.1:9"


class Sdk:
    """What of `ngrok` is used: builders that return themselves, a session, a listener."""

    def __init__(self, *, error: Exception | None = None, hangs: bool = False) -> None:
        self._error = error
        self._hangs = hangs
        self.asked: dict[str, Any] = {}
        self.closed: list[str] = []
        self.address = "https://blue.ngrok.app/"

    def SessionBuilder(self) -> Self:  # noqa: N802 - the SDK's name
        return self

    def authtoken(self, token: str) -> Self:
        self.asked["token"] = token
        return self

    def metadata(self, text: str) -> Self:
        self.asked["metadata"] = text
        return self

    def handle_disconnection(self, handler: Any) -> Self:
        self.asked["disconnected"] = handler
        return self

    def handle_heartbeat(self, handler: Any) -> Self:
        self.asked["heartbeat"] = handler
        return self

    async def connect(self) -> Self:
        if self._hangs:
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error
        return self

    def http_endpoint(self) -> Self:
        return self

    def domain(self, name: str) -> Self:
        self.asked["domain"] = name
        return self

    async def listen_and_forward(self, url: str) -> Listener:
        self.asked["forward"] = url
        return Listener(self)

    async def close(self) -> None:
        self.closed.append("session")


class Listener:
    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk

    def url(self) -> str:
        return self._sdk.address

    async def close(self) -> None:
        self._sdk.closed.append("listener")


def ngrok(sdk: Any, domain: str = "", **options: Any) -> Ngrok:
    settings: dict[str, Any] = {"agent": NOBODY, "sdk": lambda: sdk} | options
    return Ngrok("token", domain, **settings)


async def test_an_endpoint_is_opened_and_closed_again() -> None:
    sdk = Sdk()
    async with running(ngrok(sdk, "voice.ngrok.app")) as heard:
        await heard.count(1)
    assert heard.urls == ["https://blue.ngrok.app"]
    assert (sdk.asked["token"], sdk.asked["domain"]) == ("token", "voice.ngrok.app")
    assert sdk.asked["forward"] == "http://127.0.0.1:3334"
    assert sdk.closed == ["listener", "session"]


async def test_a_loss_is_announced_and_so_is_what_comes_after_it() -> None:
    sdk = Sdk()
    async with running(ngrok(sdk)) as heard:
        await heard.count(1)
        sdk.asked["disconnected"]("connect.ngrok-agent.com:443", "gone")
        await heard.count(2)
        sdk.address = "https://green.ngrok.app"
        sdk.asked["heartbeat"](12)
        await heard.count(3)
    assert heard.urls == ["https://blue.ngrok.app", None, "https://green.ngrok.app"]
    sdk.asked["heartbeat"](12)


async def test_a_url_that_changes_without_a_word_is_noticed() -> None:
    sdk = Sdk()
    async with running(ngrok(sdk, watch=0.01)) as heard:
        await heard.count(1)
        sdk.address = "https://green.ngrok.app"
        await heard.count(2)
    assert heard.urls == ["https://blue.ngrok.app", "https://green.ngrok.app"]


def agent(*tunnels: tuple[str, str]) -> dict[str, Any]:
    listed = [{"name": "one", "public_url": url, "config": {"addr": address}} for url, address in tunnels]
    return {"/api/tunnels": {"tunnels": listed}}


async def test_an_agent_that_leads_here_is_used_until_it_is_gone() -> None:
    answers = agent(("https://other.ngrok.app", "http://localhost:80"), ("https://it.ngrok.app", "localhost:3334"))
    async with telling(answers) as port, running(ngrok(Sdk(), agent=f"http://127.0.0.1:{port}", watch=0.01)) as heard:
        await heard.count(1)
        answers.clear()
        await heard.count(3)
    assert heard.urls == ["https://it.ngrok.app", None, "https://blue.ngrok.app"]


@pytest.mark.parametrize(
    "told",
    [
        agent(("https://it.ngrok.app", "http://localhost:3335")),
        agent(("http://it.ngrok.app", "http://localhost:3334")),
        agent(("https://it.ngrok.app", "http://localhost:3334")),
        {"/api/tunnels": {"tunnels": None}},
        {"/api/tunnels": "oops"},
        {},
    ],
    ids=["another port", "no https", "another domain", "none", "no object", "no agent"],
)
async def test_an_agent_that_does_not_is_left_alone(told: dict[str, Any]) -> None:
    tunnel = "voice.ngrok.app"
    async with telling(told) as port, running(ngrok(Sdk(), tunnel, agent=f"http://127.0.0.1:{port}")) as heard:
        await heard.count(1)
    assert heard.urls == ["https://blue.ngrok.app"]


ERRORS: list[tuple[Exception, str]] = [
    (ValueError("failed to connect session", "authentication failed\n\nERR_NGROK_105\n"), "compare tunnel.ngrok_auth_"),
    (ValueError("failed to start listener", "bound elsewhere ERR_NGROK_334"), "tunnel.ngrok_domain is in use"),
    (ValueError("failed to connect session", "ERR_NGROK_121"), "pip install --upgrade ngrok"),
    (ValueError("failed to connect session", "tls handshake error"), "tls handshake error: see https://ngrok.com"),
    (OSError("no route"), "ngrok: no route"),
    (RuntimeError(), "ngrok: RuntimeError"),
]


@pytest.mark.parametrize(("error", "told"), ERRORS)
async def test_what_the_sdk_raises_says_what_to_do(error: Exception, told: str) -> None:
    with pytest.raises(TunnelError) as refused:
        await ngrok(Sdk(error=error)).run(WAY, Heard())
    assert re.search(told, str(refused.value)), str(refused.value)


async def test_a_token_that_the_sdk_quotes_is_not_passed_on() -> None:
    error = ValueError("failed to connect session", "Your authtoken: sesame\n\nERR_NGROK_105")
    with pytest.raises(TunnelError) as refused:
        await Ngrok("sesame", agent=NOBODY, sdk=lambda: Sdk(error=error)).run(WAY, Heard())
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "Your authtoken: ***" in refused.value.message


async def test_an_sdk_that_does_not_answer_is_given_up() -> None:
    with pytest.raises(TunnelError, match=r"did not answer within 0\.02 s"):
        await ngrok(Sdk(hangs=True), patience=0.02).run(WAY, Heard())


async def test_an_sdk_of_another_version_is_said_to_be_one() -> None:
    with pytest.raises(TunnelError, match=r"another version: .*pip install --upgrade ngrok"):
        await ngrok(object()).run(WAY, Heard())


async def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ngrok", None)
    with pytest.raises(TunnelError, match=r"pip install 'voicecall\[ngrok\]'"):
        await Ngrok("token", agent=NOBODY).run(WAY, Heard())


async def test_without_a_token_it_is_said_where_to_put_it() -> None:
    with pytest.raises(TunnelError, match=r"set tunnel\.ngrok_auth_token, or NGROK_AUTHTOKEN"):
        await Ngrok("", agent=NOBODY, sdk=Sdk).run(WAY, Heard())


@pytest.mark.parametrize("way", [Way(1, "/a", "/b", "/a", "/b", 8443), Way(1, "/a", "/b", "/x/a", "/b")])
async def test_what_it_cannot_do_is_refused(way: Way) -> None:
    with pytest.raises(TunnelError, match=r"tunnel\.(port|path)"):
        await ngrok(Sdk()).run(way, Heard())


async def test_the_real_sdk_takes_what_we_give_it_and_says_that_nobody_is_there() -> None:
    pytest.importorskip("ngrok")
    with pytest.raises(TunnelError, match=r"failed to connect session: .*https://ngrok\.com/docs/errors"):
        await Ngrok("token", "voice.ngrok.app", agent=NOBODY, server="127.0.0.1:9").run(WAY, Heard())


async def test_nothing_is_left_to_remove() -> None:
    assert await ngrok(Sdk()).remove() == ()
