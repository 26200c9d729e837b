"""The stand-ins' other side: what the commands know and say, and what they were asked; and who listens to a tunnel."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from voicecall.tunnels import Tunnel, Way

HOST = "voice.tail1234.ts.net"
WAY = Way(3334, "/voice/webhook", "/voice/stream", "/voice/webhook", "/voice/stream")
WEBHOOK, STREAM = "http://127.0.0.1:3334/voice/webhook", "http://127.0.0.1:3334/voice/stream"
BOTH = {"/voice/webhook": WEBHOOK, "/voice/stream": STREAM}
_STAND_INS = Path(__file__).parent / "stand_ins"


def _install(folder: Path, name: str) -> None:
    command = folder / name
    command.write_text(f"#!{sys.executable} -IS\n" + (_STAND_INS / f"{name}.py").read_text())
    command.chmod(0o755)


class Tailnet:
    """What the stand-in for `tailscale` knows."""

    def __init__(self, folder: Path, file: Path) -> None:
        _install(folder, "tailscale")
        self.file = file
        status = {
            "Version": "1.90.2-t0123456-g789",
            "BackendState": "Running",
            "AuthURL": "",
            "Self": {
                "DNSName": f"{HOST}.",
                "CapMap": {"https": None, "https://tailscale.com/cap/funnel-ports?ports=443,8443,10000": None},
            },
        }
        self.file.write_text(json.dumps({"status": status, "serve": {}, "fault": "", "asked": []}))

    def _read(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.file.read_text())
        return told

    def _change(self, *, status: dict[str, Any] | None = None, **changes: Any) -> None:
        with self.file.with_name(self.file.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            told = self._read() | changes
            told["status"] |= status or {}
            fresh = self.file.with_suffix(".fresh")
            fresh.write_text(json.dumps(told))
            fresh.replace(self.file)

    def status(self, **changes: Any) -> None:
        """Have it tell another state."""
        self._change(status=changes)

    def reset(self, **changes: Any) -> None:
        """Have nothing served any more, and another state told, at once."""
        self._change(status=changes, serve=None)

    def fault(self, name: str) -> None:
        """`stopped`, `flags`, `denied`, `foreground`, `consent`, `keeps`, or `refuses PATH`."""
        self._change(fault=name)

    def serve(
        self,
        handlers: dict[str, str],
        port: int = 443,
        *,
        funnel: bool = True,
        tcp: bool = False,
        foreground: bool = False,
    ) -> None:
        """Have this served, by somebody else, on this port; `foreground` by a command that runs in a terminal."""
        at = f"{HOST}:{port}"
        web_ = {at: {"Handlers": {path: {"Proxy": target} for path, target in handlers.items()}}} if handlers else {}
        kind = {"TCPForward": "127.0.0.1:22"} if tcp else {"HTTPS": True}
        served = {"TCP": {str(port): kind}, "Web": web_, "AllowFunnel": {at: True} if funnel else None}
        self._change(serve={"Foreground": {"session": served}} if foreground else served)

    def served(self, port: int = 443) -> dict[str, str]:
        """What is served, by path."""
        listed = (self._read()["serve"] or {}).get("Web") or {}
        handlers = listed.get(f"{HOST}:{port}", {}).get("Handlers", {})
        return {path: handler["Proxy"] for path, handler in handlers.items()}

    def public(self, port: int = 443) -> bool:
        return bool(((self._read()["serve"] or {}).get("AllowFunnel") or {}).get(f"{HOST}:{port}"))

    @property
    def changes(self) -> list[list[str]]:
        """The commands that were to change something."""
        return [words for words in self._read()["asked"] if "status" not in words]

    def reaches(self, path: str, port: int = 443) -> str | None:
        """Return the URL that a request for `path` comes to: the mount point is cut off, the target put before."""
        for mount, target in sorted(self.served(port).items(), reverse=True):
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                return target + path.removeprefix(mount.rstrip("/"))
        return None


class Cloud:
    """What the stand-in for `cloudflared` is told to say."""

    def __init__(self, folder: Path, pipe: Path) -> None:
        _install(folder, "cloudflared")
        os.mkfifo(pipe)
        self.pipe = pipe
        self._orders = os.open(pipe, os.O_RDWR)

    def say(self, *lines: str) -> None:
        os.write(self._orders, "".join(f"say {line}\n" for line in lines).encode())

    def exit(self, status: int) -> None:
        os.write(self._orders, f"exit {status}\n".encode())

    @property
    def started(self) -> list[dict[str, Any]]:
        """How it was started, each time."""
        log = self.pipe.with_name(self.pipe.name + ".log")
        return [json.loads(line) for line in log.read_text().splitlines()]


class Heard:
    """What a tunnel announced."""

    def __init__(self) -> None:
        self.urls: list[str | None] = []
        self._news = asyncio.Event()

    def __call__(self, url: str | None) -> None:
        self.urls.append(url)
        self._news.set()

    async def until(self, wanted: Callable[[list[str | None]], bool]) -> None:
        """Wait until it is so."""
        while not wanted(self.urls):
            self._news.clear()
            await self._news.wait()

    async def count(self, number: int) -> None:
        await self.until(lambda urls: len(urls) >= number)


@asynccontextmanager
async def running(tunnel: Tunnel, way: Way = WAY) -> AsyncIterator[Heard]:
    """Run a tunnel and listen; an error of it ends the block."""
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(tunnel.run(way, heard))
        yield heard
        task.cancel()


@asynccontextmanager
async def telling(answers: dict[str, Any]) -> AsyncIterator[int]:
    """Answer GET requests on this machine from a table of JSON values, which may change meanwhile; yields the port."""

    async def answer(request: web.Request) -> web.Response:
        if request.path not in answers:
            return web.Response(status=404)
        return web.Response(text=json.dumps(answers[request.path]), content_type="text/plain")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()
