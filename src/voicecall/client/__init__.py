"""The gateway's twin on the other side of its control listener, for programs: operations in, results out.

What is sent and what the answers mean stands in `wire` and `following`, which do nothing; `Client` (blocking) and
`AsyncClient` are two thin shells around them, with the same methods. The command line is a user like any other.
"""

from .blocking import Client
from .concurrent import AsyncClient
from .wire import DaemonUnreachable

__all__ = ["AsyncClient", "Client", "DaemonUnreachable"]
