"""A full disk: said by name, nothing dialled that is not on record, and all well again once there is room."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.e2e.conftest import MakeHouse
from tests.e2e.daemon import SHORT, Daemon, House, said
from tests.e2e.network import Network
from voicecall.core.operations import Speak
from voicecall.errors import StoreError

_SIZE = 4 * 1024 * 1024


class Disk(Protocol):
    """Where a house has its state directory."""

    def fill(self, daemon: Daemon) -> None:
        """Leave no room."""

    def free(self, daemon: Daemon) -> None:
        """Make room again."""


class Mounted:
    """A small disk of its own: only root can have one."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, _: Daemon | None = None) -> None:
        with self._filler.open("wb", buffering=0) as file:
            for size in (65536, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self, _: Daemon | None = None) -> None:
        self._filler.unlink()


class Rationed:
    """Files that may not grow: anybody can have that."""

    def fill(self, daemon: Daemon) -> None:
        self._limit(daemon, 1)

    def free(self, daemon: Daemon) -> None:
        self._limit(daemon, resource.RLIM_INFINITY)

    def _limit(self, daemon: Daemon, most: int) -> None:
        pid = daemon.program.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.fixture
def mount(house: MakeHouse, network: Network) -> Iterator[Callable[[], House]]:
    """Mount a small disk as the state directory of a house, where that is possible."""
    mounted: list[Path] = []

    def make() -> House:
        home = house(network.settings)
        home.state.mkdir(mode=0o700)
        options = f"size={_SIZE},mode=0700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(home.state)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
            pytest.skip("only root can mount a disk")
        mounted.append(home.state)
        return home

    yield make
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)  # noqa: S603, S607


def _survives_a_full_disk(daemon: Daemon, disk: Disk, network: Network) -> None:
    before = daemon.place()
    daemon.until(before, "reply.finished")
    leg = daemon.status(before)["carrierCallId"]
    legs = network.legs()
    disk.fill(daemon)
    with pytest.raises(StoreError, match="disk is full"):
        daemon.place()
    with pytest.raises(StoreError, match="disk is full"):
        daemon.perform(Speak(call_id=before, message="Can you hear me?"))
    with daemon.http() as http:
        unkeyed = http.post(f"/v1/calls/{before}/speak", json={"message": "Can you hear me?"})
        assert unkeyed.status_code == 503
        assert http.get("/readyz").status_code == 503
    assert "disk is full" in daemon.logged("store.failed")
    assert network.legs() == legs
    disk.free(daemon)

    after = daemon.place(SHORT)
    assert daemon.final(after)["endReason"] == "hangup-user"
    assert said(daemon.status(after)) == [("agent", "Good evening.")]
    assert network.legs() == legs + 1
    with daemon.http() as http:
        assert http.get("/readyz").status_code == 200
    unrecorded = daemon.final(before)
    assert unrecorded["endReason"] == "error"
    assert "could not be recorded" in unrecorded["endDetail"]
    assert network.told(leg)["ended"]


def test_a_disk_that_fills_up_under_a_running_gateway(mount: Callable[[], House], network: Network) -> None:
    daemon = Daemon(mount())
    try:
        _survives_a_full_disk(daemon.start(), Mounted(daemon.house.state), network)
    finally:
        daemon.program.kill()


def test_files_that_may_not_grow_under_a_running_gateway(house: MakeHouse, network: Network) -> None:
    daemon = Daemon(house(network.settings))
    try:
        _survives_a_full_disk(daemon.start(), Rationed(), network)
    finally:
        daemon.program.kill()


def test_a_gateway_does_not_start_on_a_full_disk_and_does_once_there_is_room(mount: Callable[[], House]) -> None:
    home = mount()
    disk = Mounted(home.state)
    disk.fill()
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert str(home.state) in refused.complaint
    assert "No space left on device" in refused.complaint or "disk is full" in refused.complaint
    disk.free()
    daemon = Daemon(home)
    try:
        assert daemon.start().final(daemon.place(SHORT))["state"] == "ended"
    finally:
        daemon.program.kill()
