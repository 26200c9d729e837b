"""Tailscale: paths of this machine's name, for the internet (funnel) or for the own network alone (serve).

What it serves belongs to its own daemon and outlives us: each path that is added is written down first, and removed at
the end. `--set-path` cuts the path off before it hands a request on, so that each target carries its path, too.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog

from voicecall.errors import NetworkError, TunnelError
from voicecall.net.process import Finished, finish

from . import HTTPS, Announce, Route, Way, is_here
from .ledger import Entry, Ledger
from .tailscale_node import LINK, Node, Served, node, refusal, served

_ON_A_MAC = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"
_PATIENCE = 15.0
"""Seconds that one command may take."""
_WATCH = 30.0
"""Seconds between two looks whether all is still there."""
_REMOVAL = 20.0
"""Seconds that the end may wait for what was added to be removed."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Tailscale:
    """`tailscale funnel` where `public`, else `tailscale serve`."""

    def __init__(self, ledger: Ledger, *, public: bool, patience: float = _PATIENCE, watch: float = _WATCH) -> None:
        """Write down in `ledger` what is added."""
        self.name = "tailscale-funnel" if public else "tailscale-serve"
        self._ledger = ledger
        self._public = public
        self._patience = patience
        self._watch = watch
        self._complaint = ""

    async def run(self, way: Way, announce: Announce) -> None:
        """Keep the paths served; what is removed by others, or gets lost with tailscale's state, is added again."""
        known = None
        wanted = {(way.public_port, route.path) for route in way.routes}
        try:
            await self._remove([entry for entry in self._ledger.entries() if (entry.port, entry.path) not in wanted])
            while True:
                url = await self.open(way)
                if known is None and not self._ledger.entries():
                    _log.info("tunnel.adopted", tunnel=self.name)
                if url != known:
                    announce(url)
                known = url
                await asyncio.sleep(self._watch)
        finally:
            await self._take_back()

    async def open(self, way: Way) -> str:
        """Have both paths served, or neither; return the public base URL. What is served already is left as it is.

        Raises:
            TunnelError: it cannot be had.
        """
        here = await self._node()
        if self._public and way.public_port not in here.funnel_ports:
            allowed = ", ".join(map(str, here.funnel_ports))
            raise TunnelError(f"funnel cannot use port {way.public_port}", f"write one of {allowed} in tunnel.port")
        now = await self._served(here, way.public_port)
        ours = {entry.path: entry for entry in self._ledger.entries() if entry.port == way.public_port}
        self._check(way, now, frozenset(ours))
        right = now.public == self._public
        missing = [route for route in way.routes if not right or not _leads(now, route, way)]
        added: list[Entry] = []
        try:
            for route in missing:
                entry = Entry(way.public_port, route.path, route.target, self._public)
                if route.path in ours:
                    self._ledger.drop(ours[route.path])
                self._ledger.add(entry)
                added.append(entry)
                await self._do(entry, "--bg", "--yes", f"--set-path={route.path}", route.target)
        except BaseException:
            await self._take_back(added)
            raise
        return f"https://{here.host}" + (f":{way.public_port}" if way.public_port != HTTPS else "")

    async def remove(self) -> tuple[Route, ...]:
        """Remove the paths that were added, unless they lead elsewhere by now."""
        return await self._remove(self._ledger.entries())

    async def _remove(self, entries: Sequence[Entry]) -> tuple[Route, ...]:
        if not entries:
            return ()
        here, removed = await self._node(), []
        for entry in entries:
            if (await self._served(here, entry.port)).handlers.get(entry.path) == entry.target:
                await self._do(entry, f"--set-path={entry.path}", "off")
                removed.append(Route(entry.path, entry.target))
            self._ledger.drop(entry)
        return tuple(removed)

    def _check(self, way: Way, now: Served, ours: frozenset[str]) -> None:
        """Refuse what would take a path from somebody, or show to the internet what was not meant for it."""
        port = way.public_port
        another = f"write another tunnel.port than {port}"
        if now.foreign:
            raise TunnelError(f"port {port} serves something else in tailscale", another)
        for route in way.routes:
            target = now.handlers.get(route.path)
            if target is not None and route.path not in ours and not _leads(now, route, way):
                words = f"tailscale serve --https={port} --set-path={route.path} off"
                raise TunnelError(
                    f"{route.path} on port {port} leads to {target or 'something else'} in tailscale",
                    f"remove that by `{words}`, or write another tunnel.path or tunnel.port",
                )
        if now.public != self._public and now.handlers.keys() - ours:
            what = "shown to the internet" if self._public else "hidden from the internet"
            raise TunnelError(f"other paths of port {port} in tailscale would be {what} as well", another)

    async def _take_back(self, added: Sequence[Entry] | None = None) -> None:
        """Remove what was added, all or this; where that fails, it stays in the ledger."""
        try:
            async with asyncio.timeout(_REMOVAL):
                await self._remove(self._ledger.entries() if added is None else added)
        except TunnelError as error:
            self._complain(error)
        except TimeoutError:
            self._complain(TunnelError(f"tailscale took more than {_REMOVAL:g} s", "look at `tailscale status`"))

    def _complain(self, error: TunnelError) -> None:
        """Tell what could not be removed, and the same not twice."""
        if str(error) != self._complaint:
            _log.warning("tunnel.kept", tunnel=self.name, detail=error.message, hint=error.hint)
        self._complaint = str(error)

    async def _node(self) -> Node:
        ended = await self._ask("status", "--json", "--peers=false")
        if not ended.succeeded and not ended.out.lstrip().startswith("{"):
            start = "start it, such as by `sudo systemctl start tailscaled`"
            raise TunnelError("tailscale does not run on this machine", start)
        return node(ended.out)

    async def _served(self, here: Node, port: int) -> Served:
        ended = await self._ask("serve", "status", "--json")
        if not ended.succeeded:
            raise refusal(ended.err + ended.out, public=False, port=port)
        return served(ended.out, here.host, port)

    async def _do(self, entry: Entry, *arguments: str) -> None:
        """Run `funnel` or `serve`. Where it asks an administrator's consent it waits for that, and we do not."""
        kind = "funnel" if entry.public else "serve"
        ended = await self._ask(
            kind, f"--https={entry.port}", *arguments, enough=lambda line: LINK.search(line) is not None
        )
        said = f"{ended.err}\n{ended.out}"
        if not ended.succeeded or LINK.search(said):
            raise refusal(said, public=entry.public, port=entry.port)

    async def _ask(self, *arguments: str, enough: Callable[[str], bool] = lambda _: False) -> Finished:
        program = shutil.which("tailscale") or shutil.which(_ON_A_MAC)
        if program is None:
            raise TunnelError("there is no `tailscale` command", "install it, from https://tailscale.com/download")
        try:
            return await finish("tailscale", (program, *arguments), patience=self._patience, enough=enough)
        except NetworkError as error:
            raise TunnelError(str(error), "look at `tailscale status`") from error


def _leads(now: Served, route: Route, way: Way) -> bool:
    """Say whether a route is there, whoever made it and by whichever name of this machine."""
    target = now.target(route.path)
    return target is not None and is_here(target, way) and urlsplit(target).path == urlsplit(route.target).path
