"""A daemon that answers from a table, and what a command did."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Daemon:
    """Answers requests by method and path (without its query), and remembers them."""

    url: str = ""
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    seen: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, value: Any, status: int = 200) -> None:
        self.answers[method, path] = (status, value)

    def refuse(self, method: str, path: str, status: int, code: str, detail: str) -> None:
        problem = {"type": "about:blank", "title": "No", "status": status, "detail": detail, "code": code}
        self.answers[method, path] = (status, problem)


@dataclass
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


Cli = Callable[..., Ran]


@contextmanager
def listening() -> Iterator[Daemon]:
    """Listen on a free port."""
    told = Daemon()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            told.seen.append((self.command, self.path, body))
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            path = self.path.partition("?")[0]
            if path == "/v1/events":
                text = "".join(f": comment\nid: {one['seq']}\ndata: {json.dumps(one)}\n\n" for one in told.events)
                self._reply(200, "text/event-stream", text)
            else:
                status, value = told.answers.get((self.command, path), (404, {"status": 404, "code": "route"}))
                self._reply(status, "application/json", json.dumps(value))

        do_POST = do_DELETE = do_GET  # noqa: N815 - the names are the base class's

        def _reply(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        yield told
        server.shutdown()
        thread.join()
