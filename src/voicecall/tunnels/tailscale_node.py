"""What the `tailscale` command says, read: the state of this machine, what it serves, and why it refuses. Pure.

Source: tailscale.com/docs/reference/tailscale-cli, `status --json` and `serve status --json` (2026-01-26).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from voicecall.errors import TunnelError

OLDEST = (1, 52)
"""The first version with these flags."""
FUNNEL_PORTS = (443, 8443, 10000)
LINK = re.compile(r"https://login\.tailscale\.com/\S+")
"""Where an administrator is sent to allow something."""
_FUNNEL_CAPABILITY = re.compile(r"https://tailscale\.com/cap/funnel-ports\?ports=([\d,-]+)")
_ADMIN = "https://login.tailscale.com/admin/dns"


class _Self(msgspec.Struct, frozen=True):
    dns_name: str = msgspec.field(name="DNSName", default="")
    capabilities: tuple[str, ...] | None = msgspec.field(name="Capabilities", default=None)
    cap_map: dict[str, object] | None = msgspec.field(name="CapMap", default=None)


class _Status(msgspec.Struct, frozen=True):
    version: str = msgspec.field(name="Version", default="")
    state: str = msgspec.field(name="BackendState", default="")
    auth_url: str = msgspec.field(name="AuthURL", default="")
    self_: _Self | None = msgspec.field(name="Self", default=None)


class Node(msgspec.Struct, frozen=True):
    """This machine in its network."""

    host: str
    """Its full name."""
    funnel_ports: tuple[int, ...] = FUNNEL_PORTS
    """The public ports that it may open to the internet."""


def node(text: str) -> Node:
    """Return what `status --json` says of this machine.

    Raises:
        TunnelError: it is not connected, or cannot do what is needed.
    """
    try:
        status = msgspec.json.decode(text.encode(), type=_Status)
    except msgspec.MsgspecError:
        raise TunnelError("tailscale tells its state in an unknown form", "update tailscale") from None
    version = re.match(r"(\d+)\.(\d+)", status.version)
    if version and (int(version[1]), int(version[2])) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise TunnelError(f"tailscale is of version {version[0]}", f"update it; {needed} or newer is needed")
    if status.state == "NeedsLogin":
        raise TunnelError("tailscale is not logged in", f"run `tailscale up`{_or_open(status.auth_url)}")
    if status.state == "NeedsMachineAuth":
        raise TunnelError("this machine waits for approval", "approve it at https://login.tailscale.com/admin/machines")
    if status.state != "Running":
        raise TunnelError(f"tailscale is not connected ({status.state or 'no state'})", "run `tailscale up`")
    host = status.self_.dns_name.rstrip(".") if status.self_ else ""
    if not host or status.self_ is None:
        raise TunnelError("this machine has no name in tailscale", f"turn MagicDNS on at {_ADMIN}")
    said = (*(status.self_.capabilities or ()), *(status.self_.cap_map or ()))
    allowed = [match[1] for match in map(_FUNNEL_CAPABILITY.fullmatch, said) if match]
    return Node(host, _ports(allowed[0]) if allowed else FUNNEL_PORTS)


def _or_open(url: str) -> str:
    return f", or open {url}" if url else ""


def _ports(listed: str) -> tuple[int, ...]:
    """Return the ports of `443,8443,10000`, ranges such as `1-3` included."""
    found: list[int] = []
    for part in filter(None, listed.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


class _Port(msgspec.Struct, frozen=True):
    https: bool = msgspec.field(name="HTTPS", default=False)


class _Handler(msgspec.Struct, frozen=True):
    proxy: str = msgspec.field(name="Proxy", default="")


class _Web(msgspec.Struct, frozen=True):
    handlers: dict[str, _Handler] = msgspec.field(name="Handlers", default_factory=dict)


class _Serving(msgspec.Struct, frozen=True):
    tcp: dict[str, _Port] | None = msgspec.field(name="TCP", default=None)
    web: dict[str, _Web] | None = msgspec.field(name="Web", default=None)
    funnel: dict[str, bool] | None = msgspec.field(name="AllowFunnel", default=None)
    foreground: dict[str, _Serving] | None = msgspec.field(name="Foreground", default=None)
    """What commands serve that run in a terminal."""


class Served(msgspec.Struct, frozen=True):
    """What this machine serves on one public port."""

    handlers: Mapping[str, str] = {}
    """By path, the URL that it leads to; empty where it leads to none."""
    public: bool = False
    """Whether the internet reaches it: all paths of a port or none."""
    foreign: bool = False
    """Whether the port serves something else than HTTPS."""

    def target(self, path: str) -> str | None:
        """Return the URL that a request for `path` comes to; None where it comes to none.

        The longest mount point counts; it is cut off, and its target put before the rest.
        """
        mount = path
        while True:
            for spelling in (mount, f"{mount.rstrip('/')}/"):
                if spelling in self.handlers:
                    before, rest = self.handlers[spelling], path.removeprefix(mount.rstrip("/"))
                    return (f"{before.rstrip('/')}{rest}" if rest else before) or None
            if mount in ("", "/"):
                return None
            mount = mount.rpartition("/")[0] or "/"


def served(text: str, host: str, port: int) -> Served:
    """Return what `serve status --json` says of one port.

    Raises:
        TunnelError: it cannot be read.
    """
    try:
        serving = msgspec.json.decode(text.encode() or b"null", type=_Serving | None) or _Serving()
    except msgspec.MsgspecError:
        raise TunnelError("tailscale tells what it serves in an unknown form", "update tailscale") from None
    at, all_ = f"{host}:{port}", (serving, *(serving.foreground or {}).values())
    ports = [one.tcp[str(port)] for one in all_ if one.tcp and str(port) in one.tcp]
    handlers = [one.web[at].handlers for one in all_ if one.web and at in one.web]
    return Served(
        {path: handler.proxy for each in handlers for path, handler in each.items()},
        public=any(one.funnel.get(at, False) for one in all_ if one.funnel),
        foreign=any(not one.https for one in ports),
    )


def refusal(said: str, *, public: bool, port: int) -> TunnelError:
    """Return why `funnel` or `serve` did not do as told, in our words, and what to do."""
    what = "Tailscale Funnel" if public else "Tailscale Serve"
    link = LINK.search(said)
    if link:
        return TunnelError(f"{what} is not allowed for this machine", f"open {link[0]} , allow it, and try again")
    low = said.lower()
    if "access denied" in low or "permission denied" in low:
        return TunnelError(
            "this user may not change what tailscale serves", "run `sudo tailscale set --operator=$USER` once"
        )
    if "foreground already exists" in low:
        hint = "end the `tailscale` command that serves it in some terminal, or write another tunnel.port"
        return TunnelError(f"port {port} is taken in tailscale", hint)
    if "flag provided but not defined" in low or "unknown flag" in low or "unknown subcommand" in low:
        needed = ".".join(map(str, OLDEST))
        return TunnelError("this tailscale does not know the flags", f"update it; {needed} or newer is needed")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it does not say why")
    return TunnelError(f"{what} was refused", telling)
