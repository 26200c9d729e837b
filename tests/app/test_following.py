"""A tunnel gets another URL while the gateway runs, and the numbers that were pointed at the old one follow."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from tests.app.test_tunnels import Scripted
from tests.carriers.numbering import OLD, OURS, Town
from tests.entrypoints.house import FakeDesk
from tests.tunnels.commands import WAY, Cloud
from voicecall.app.following import Following
from voicecall.app.numbers import Change, Numbers
from voicecall.app.tunnels import Exposure
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.config.model import Config, Tunnel as Options
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints import PublicOptions
from voicecall.entrypoints.public import PublicListener
from voicecall.net.http import Http
from voicecall.tunnels.cloudflared import Cloudflared

ONE, TWO, THREE = (f"https://{name}.trycloudflare.com/voice/webhook" for name in ("one", "two", "three"))
EACH = pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo"])


class Tunnelled(Town):
    """A gateway behind a tunnel, with the three carriers around it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.config = self.config.model_copy(update={"tunnel": Options(provider="cloudflared")})

    def announced(self, url: str) -> None:
        """The daemon has told carriers to find it there."""
        self.state.announce("http://127.0.0.1:3335", url)

    def point(self, carrier: str, url: str) -> None:
        self.do(lambda numbers: numbers.point(carrier, OURS, url))

    def follows(self, *urls: str, seconds: float = 300.0, until: Callable[[], None] = lambda: None) -> None:
        """Let the tunnel have these URLs, an hour each; after the last, `until` is called after `seconds`."""

        async def main() -> None:
            async with Http(self.wire) as http, asyncio.TaskGroup() as tasks:
                following = Following(Numbers(self.config, self.state, http))
                task = tasks.create_task(following.run())
                for url in urls:
                    self.announced(url)
                    following.moved(url)
                    await asyncio.sleep(seconds)
                    until()
                await asyncio.sleep(seconds)
                task.cancel()

        run_virtual(main)


@pytest.fixture
def log() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def town(tmp_path: Path) -> Tunnelled:
    return Tunnelled(tmp_path)


@EACH
def test_a_number_follows_and_goes_back_to_what_was_there_first(town: Tunnelled, carrier: str, log: Any) -> None:
    was = town.calls_go_to(carrier)
    town.announced(ONE)
    town.point(carrier, ONE)
    town.follows(ONE, TWO, THREE)
    assert town.calls_go_to(carrier)[0].partition("#")[0] == THREE
    told = [(one["event"], one["before"].partition("#")[0], one["url"]) for one in log]
    assert told == [("number.pointed", ONE, TWO), ("number.pointed", TWO, THREE)]
    assert {one["number"] for one in log} == {"…0010"}
    town.do(lambda numbers: numbers.undo(carrier, OURS))
    assert town.calls_go_to(carrier) == was


@EACH
def test_a_number_follows_over_a_restart_under_the_carriers_own_path(town: Tunnelled, carrier: str) -> None:
    town.announced(ONE)
    town.point(carrier, f"{ONE}/{carrier}")
    with town.state.lock():
        town.follows(TWO)
    assert town.calls_go_to(carrier)[0].partition("#")[0] == f"{TWO}/{carrier}"


def test_a_number_that_somebody_was_quicker_to_point_follows_on(town: Tunnelled, log: Any) -> None:
    town.announced(ONE)
    town.point("twilio", ONE)
    number = town.twilio.numbers[OURS]
    number.voice_url = number.status_callback = f"{TWO}#rc=2&rp=all"
    town.follows(TWO, THREE)
    assert town.calls_go_to("twilio")[0].partition("#")[0] == THREE
    assert [one["event"] for one in log] == ["number.pointed"]


def test_nothing_is_asked_while_the_url_stays(town: Tunnelled) -> None:
    town.announced(ONE)
    town.point("twilio", ONE)
    town.wire.asked.clear()
    town.follows(ONE, ONE)
    assert town.wire.asked == []


@EACH
def test_a_number_that_we_did_not_point_is_left_alone(town: Tunnelled, carrier: str, log: Any) -> None:
    town.announced(ONE)
    town.follows(ONE, TWO)
    assert town.calls_go_to(carrier)[0] == OLD
    town.point(carrier, "https://lasting.example.org/voice/webhook")
    town.follows(THREE)
    assert town.calls_go_to(carrier)[0].startswith("https://lasting.example.org/")
    assert not log


def test_a_number_that_somebody_changed_since_is_left_alone_and_told_once(town: Tunnelled, log: Any) -> None:
    town.announced(ONE)
    town.point("twilio", ONE)
    town.point("plivo", ONE)
    town.twilio.numbers[OURS].voice_url = OLD
    town.fail(503, "POST /Number/{number}/", "POST /Application/{id}/")
    town.follows(TWO)
    assert town.twilio.numbers[OURS].voice_url == OLD
    told = [(one["carrier"], one["detail"]) for one in log if one["event"] == "number.let-be"]
    assert told == [("twilio", "somebody changed the number's settings since")]


def test_a_carrier_that_fails_is_asked_again(town: Tunnelled, log: Any) -> None:
    town.announced(ONE)
    town.point("twilio", ONE)
    town.fail(503, "POST /IncomingPhoneNumbers/{sid}.json")
    town.follows(TWO, until=lambda: town.fail(200))
    assert town.calls_go_to("twilio")[0].partition("#")[0] == TWO
    events = [one["event"] for one in log]
    assert (events[0], events[-1], events.count("number.pointed")) == ("number.failed", "number.pointed", 1)
    assert len(events) < 12
    assert OURS not in str(log)


def test_a_gateway_with_a_url_of_its_own_marks_no_number_as_the_tunnels(town: Tunnelled) -> None:
    town.announced(ONE)
    town.config = town.config.model_copy(update={"public_url": ONE})
    town.point("twilio", ONE)
    assert town.do(_behind(TWO)) == ()


def _behind(url: str) -> Callable[[Numbers], Awaitable[tuple[tuple[str, str], ...]]]:
    async def ask(numbers: Numbers) -> tuple[tuple[str, str], ...]:
        return numbers.left_behind(url)

    return ask


@pytest.mark.parametrize(("public_url", "told"), [(None, [ONE, TWO]), ("https://own.example.org/voice/webhook", [])])
def test_the_numbers_are_told_of_each_url_unless_another_counts(public_url: str | None, told: list[str]) -> None:
    class Noting(Following):
        def __init__(self) -> None:
            self.told: list[str] = []

        def moved(self, url: str) -> None:
            self.told.append(url)

        async def run(self) -> None:
            await asyncio.Event().wait()

    async def main() -> list[str]:
        noting = Noting()
        options = PublicOptions(public_url=public_url)
        listener = PublicListener(options, {"twilio": TWILIO}, FakeDesk(), lambda: 0.0)
        play = [(0.0, "https://one.trycloudflare.com"), (5.0, None), (5.0, "https://two.trycloudflare.com")]
        exposure = Exposure(Scripted(play), WAY, listener, lambda: None, public_url=public_url, following=noting)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(exposure.run())
            await asyncio.sleep(60)
            task.cancel()
        return noting.told

    assert run_virtual(main) == told


def test_a_quick_tunnel_that_dies_takes_the_number_along_to_its_next_name(
    town: Tunnelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    cloud = Cloud(folder, tmp_path / "cloud")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CLOUD", str(cloud.pipe))

    class Watched(Numbers):
        async def follow(self, carrier: str, number: str, url: str) -> Change:
            change = await super().follow(carrier, number, url)
            followed.set()
            return change

    async def main() -> None:
        listener = PublicListener(PublicOptions(), {"twilio": TWILIO}, FakeDesk(), lambda: 0.0)
        async with asyncio.timeout(20.0), Http(town.wire) as http, asyncio.TaskGroup() as tasks:
            numbers = Watched(town.config, town.state, http)

            def announce() -> None:
                town.announced(listener.public_url)

            exposure = Exposure(
                Cloudflared(metrics=()), WAY, listener, announce, following=Following(numbers), public_url=None
            )
            exposing = tasks.create_task(exposure.run())
            cloud.say("INF |  https://one.trycloudflare.com  |")
            await exposure.settled()
            await numbers.point("twilio", OURS, ONE)
            cloud.exit(7)
            cloud.say("INF |  https://two.trycloudflare.com  |")
            await followed.wait()
            assert (listener.public_url, listener.stream_url) == (TWO, "wss://two.trycloudflare.com/voice/stream")
            exposing.cancel()

    followed = asyncio.Event()
    asyncio.run(main())
    assert town.calls_go_to("twilio")[0].partition("#")[0] == TWO


TWILIO = TwilioCarrier("AC1", "token")
FORM = {"CallSid": "CA1", "CallStatus": "completed", "From": "+15550100001", "To": OURS, "AccountSid": "AC1"}


def test_what_is_signed_for_the_new_url_is_taken_and_what_is_for_the_old_one_is_not() -> None:
    async def main() -> dict[str, list[int]]:
        options = PublicOptions(port=0, default_carrier="twilio")
        listener = PublicListener(options, {"twilio": TWILIO}, FakeDesk(), lambda: 1000.0)
        found: dict[str, list[int]] = {}
        async with asyncio.timeout(5.0), listener, Http() as http:
            for now in (ONE, TWO):
                listener.tunnelled(now)
                assert listener.stream_url == now.replace("https", "wss").replace("webhook", "stream")
                found[now] = []
                for url in (ONE, TWO):
                    signed = url + "".join(name + FORM[name] for name in sorted(FORM))
                    mac = base64.b64encode(hmac.new(b"token", signed.encode(), hashlib.sha1).digest()).decode()
                    headers = {"X-Twilio-Signature": mac, "Content-Type": "application/x-www-form-urlencoded"}
                    body = urlencode(FORM).encode()
                    status, _ = await http.send("POST", listener.own_url, headers, body, timeout=2.0)
                    found[now].append(status)
        return found

    assert asyncio.run(main()) == {ONE: [201, 403], TWO: [403, 201]}


def test_numbers_follow_unless_that_is_turned_off() -> None:
    assert Config().tunnel.repoint
    assert not Config.model_validate({"tunnel": {"repoint": False}}).tunnel.repoint
