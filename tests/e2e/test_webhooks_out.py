"""Outgoing webhooks of a real daemon: what a receiver gets, over a kill as well, and the commands about them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from tests.e2e.conftest import MakeHouse
from tests.e2e.daemon import SHORT, Daemon, House, Json
from voicecall.core.administration import ListWebhooks, TryWebhook

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Receiver:
    """Verifies what it is sent, as its users do, and answers with `status`."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.attempts: list[tuple[str, Json]] = []
        """Ids and messages, whatever was answered."""
        self._news = threading.Condition()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Answer an attempt."""
        message = Webhook(SECRET).verify(body, headers)
        with self._news:
            self.attempts.append((headers["webhook-id"], message))
            self._news.notify_all()
            return self.status

    def have(self, count: int) -> list[tuple[str, Json]]:
        """Return so many attempts, once there are as many."""
        with self._news:
            self._news.wait_for(lambda: len(self.attempts) >= count)
            return self.attempts[:count]


@contextmanager
def receiving() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = told.take(headers, self.rfile.read(int(headers["content-length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}/hook?key=hidden"
        yield told
        server.shutdown()
        thread.join()


@contextmanager
def telling(house: House, receiver: Receiver) -> Iterator[Daemon]:
    webhook = {"name": "crm", "url": receiver.url, "secret": {"env": "HOOK_SECRET"}}
    house.environment |= {"VOICECALL_WEBHOOKS": json.dumps([webhook]), "HOOK_SECRET": SECRET}
    daemon = Daemon(house).start()
    try:
        yield daemon
    finally:
        daemon.program.kill()


def test_a_call_is_told_signed_and_again_after_a_kill(house: MakeHouse) -> None:
    folder = house()
    with receiving() as receiver:
        with telling(folder, receiver) as daemon:
            call = daemon.place(SHORT)
            record = daemon.final(call)
            told = [message for _, message in receiver.have(3)]
            assert [message["type"] for message in told] == ["call.initiated", "call.answered", "call.ended"]
            assert {message["data"]["callId"] for message in told} == {call}
            assert told[2]["data"]["record"] == {name: value for name, value in record.items() if name != "transcript"}

            assert daemon.perform(TryWebhook(receiver="crm"))["accepted"]
            assert receiver.have(4)[3][1]["type"] == "webhook.test"
            receiver.status = 500
            daemon.final(daemon.place(SHORT))
            lost, _ = receiver.have(5)[4]
            daemon.logged("webhook-out.failing", "127.0.0.1")
            (state,) = daemon.perform(ListWebhooks())
            assert (state["name"], state["state"], state["error"]) == ("crm", "failing", "answered 500")
            assert daemon.metric("voicecall_webhook_failures_total") >= 1
            assert daemon.metric("voicecall_webhook_messages_total") == 3
            assert "hidden" not in daemon.log
        receiver.attempts.clear()
        receiver.status = 204
        with telling(folder, receiver) as daemon:
            (again, first), *others = receiver.have(3)
            assert (again, first["type"]) == (lost, "call.initiated")
            assert [message["type"] for _, message in others] == ["call.answered", "call.ended"]
            assert daemon.stop() == 0
