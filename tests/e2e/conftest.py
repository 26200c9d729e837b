"""Real processes over loopback. A test that hangs fails; whatever a test started is gone afterwards."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Protocol

import pytest

from tests.e2e.daemon import STUBS, Daemon, House, Settings
from tests.e2e.network import Network
from tests.e2e.programs import forking
from tests.e2e.twilio import Proxy, Twilio

_PATIENCE = 90


class MakeHouse(Protocol):
    """Makes a folder with a configuration: the stubs, and what is given."""

    def __call__(self, settings: Settings | None = None) -> House:
        """Return it."""


class MakeDaemon(Protocol):
    """Starts a gateway with the stubs, and what is given."""

    def __call__(self, settings: Settings | None = None) -> Daemon:
        """Return it once it is ready."""


@pytest.fixture(autouse=True)
def _hang_fails() -> Iterator[None]:
    def give_up(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"nothing came of it within {_PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _PATIENCE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_what_is_started() -> Iterator[None]:
    """A shell has what it runs in the background ignore Ctrl-C, and what is started there inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _starting_is_quick(_ctrl_c_reaches_what_is_started: None) -> Iterator[None]:
    with forking():
        yield


@pytest.fixture
def house(tmp_path: Path) -> MakeHouse:
    numbers = itertools.count(1)

    def make(settings: Settings | None = None) -> House:
        folder = tmp_path / f"house{next(numbers)}"
        folder.mkdir()
        return House(folder, {**STUBS, **(settings or {})})

    return make


def _ended(daemon: Daemon) -> Callable[[], None]:
    def end() -> None:
        if daemon.program.process.poll() is None:
            daemon.program.kill()
        else:
            daemon.program.end()

    return end


@pytest.fixture
def start(house: MakeHouse) -> Iterator[MakeDaemon]:
    with ExitStack() as stack:

        def make(settings: Settings | None = None) -> Daemon:
            daemon = Daemon(house(settings))
            stack.callback(_ended(daemon))
            return daemon.start()

        yield make


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A gateway for tests that leave it as they found it; started as a user starts it."""
    lines: Settings = {
        'lines."+15550000001".inbound_policy': "disabled",
        'lines."+15550000002".inbound_policy': "allowlist",
        'lines."+15550000002".allow_from': ["+15550100017"],
        'lines."+15550000003".greeting': "",
        'lines."+15550000003".brain.text': "Another answer.",
    }
    daemon = Daemon(House(tmp_path_factory.mktemp("gateway"), {**STUBS, **lines}, afresh=True))
    try:
        yield daemon.start()
    finally:
        _ended(daemon)()


@pytest.fixture(scope="session")
def network_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network(tmp_path_factory.mktemp("network"))
    yield network
    network.close()


@pytest.fixture
def network(network_process: Network) -> Iterator[Network]:
    """The network as a process of its own, without faults."""
    network_process.faults()
    yield network_process
    network_process.faults()


@pytest.fixture(scope="session")
def twilio_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twilio]:
    with Proxy() as proxy:
        twilio = Twilio(tmp_path_factory.mktemp("twilio"), proxy)
        yield twilio
        twilio.close()


@pytest.fixture
def twilio(twilio_process: Twilio) -> Twilio:
    """A simulated Twilio, whose requests reach the one gateway without delay."""
    twilio_process.proxy.lead_to(twilio_process.port, twilio_process.port)
    return twilio_process
