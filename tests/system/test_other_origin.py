"""A page in a real browser, on another origin, can do nothing: not even where it has the token."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.e2e.daemon import PHONE, Daemon

PAGE = """<!doctype html><meta charset="utf-8"><title>elsewhere</title>
<form id="form" method="post" enctype="text/plain" action="CONTROL/v1/calls" target="frame">
<input name='{"to": "PHONE", "message": "from a form", "x": "' value='"}'></form><iframe name="frame"></iframe>
<script>
const wish = JSON.stringify({to: "PHONE", message: "from a page", mode: "conversation"});
const rpc = JSON.stringify({jsonrpc: "2.0", id: 1, method: "voicecall.initiate", params: JSON.parse(wish)});
const token = {Authorization: "Bearer TOKEN"};
async function reach(path, options) {
  try {
    const answer = await fetch("CONTROL" + path, options);
    return answer.type + " " + answer.status + " " + (await answer.text()).length;
  } catch (error) {
    return "blocked";
  }
}
function socket() {
  return new Promise(done => {
    const ws = new WebSocket("CONTROL/rpc".replace("http", "ws"));
    ws.onopen = () => done("open");
    ws.onerror = () => done("blocked");
  });
}
async function main() {
  const told = {
    read: await reach("/v1/calls", {headers: token}),
    place: await reach("/v1/calls", {method: "POST", headers: token, body: wish}),
    simple: await reach("/v1/calls", {method: "POST", body: wish, headers: {"Content-Type": "text/plain"}}),
    unseen: await reach("/v1/calls", {method: "POST", body: wish, mode: "no-cors"}),
    rpc: await reach("/rpc", {method: "POST", headers: token, body: rpc}),
    mcp: await reach("/mcp", {method: "POST", headers: token, body: rpc}),
    health: await reach("/healthz", {}),
    socket: await socket(),
  };
  document.getElementById("form").submit();
  await new Promise(done => document.querySelector("iframe").addEventListener("load", done, {once: true}));
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
}
main();
</script>
"""


@contextmanager
def page_at(text: str) -> Iterator[tuple[str, queue.Queue[bytes]]]:
    """Serve one page; yields its URL, and what it sends back."""
    told: queue.Queue[bytes] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(text.encode())

        def do_POST(self) -> None:
            told.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(b"")

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", told
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def browser_at(url: str, folder: Path) -> Iterator[None]:
    """Look at a page in a browser."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    browser = subprocess.Popen(  # noqa: S603 - a program that the preparation has installed
        ["chromium", *options, url],  # noqa: S607 - from wherever it was installed
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        browser.terminate()
        browser.wait()


def test_a_page_on_another_origin_reads_nothing_and_places_no_call(gateway: Daemon, tmp_path: Path) -> None:
    page = PAGE.replace("CONTROL", gateway.control).replace("TOKEN", gateway.token).replace("PHONE", PHONE)
    before = set(gateway.history())
    with page_at(page) as (url, sent), browser_at(url, tmp_path):
        told = json.loads(sent.get())
    assert told.pop("unseen") == "opaque 0 0"
    assert len(told) == 7
    assert set(told.values()) == {"blocked"}
    assert set(gateway.history()) == before
