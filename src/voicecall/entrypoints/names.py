"""Whether a request was meant for the control listener: under a name of ours, and from no page of another origin. Pure.

A page in somebody's browser can send requests to this machine. By DNS rebinding it gets them to carry its own name as
`Host`; else browsers name its origin (`Origin`), or at least that it is another one (`Sec-Fetch-Site`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::[0-9]{1,5})?")
_OURS = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of our own pages, and of what the user asked for himself (Fetch Metadata, W3C)."""


class Names:
    """The names of a listener that is bound to `bind`, beside those that are `allowed`."""

    def __init__(self, bind: str, allowed: Iterable[str]) -> None:
        self._any_address = bind in _EVERYWHERE
        self._hosts = _LOOPBACK | {host.lower() for host in allowed}
        if not self._any_address:
            self._hosts |= {bind.lower()}

    def objection(self, headers: Headers) -> str | None:
        """Return `wrong-host` or `wrong-origin`, or None if the request is meant for us."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if not self._knows(host):
            return "wrong-host"
        ours = {f"http://{host}", f"https://{host}"}
        if any(origin.lower() not in ours for origin in origins):
            return "wrong-origin"
        if any(site.lower() not in _OURS for site in headers.getlist("sec-fetch-site")):
            return "wrong-origin"
        return None

    def _knows(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1] or match[2]
        return name in self._hosts or (self._any_address and _is_address(name))


def _is_address(name: str) -> bool:
    """A rebinding attack needs a name; an address is what it says."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
