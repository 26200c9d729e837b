"""Behaves like the `tailscale` command of 1.90: its state, and what is wrong with it, stand in the file `$TAILNET`."""

import fcntl
import json
import os
import signal
import sys
from typing import Any, NoReturn

FILE = os.environ["TAILNET"]
LINK = "https://login.tailscale.com/f/funnel?node=nTEST"


def load() -> dict[str, Any]:
    with open(FILE) as file:
        net: dict[str, Any] = json.load(file)
        return net


def save(net: dict[str, Any]) -> None:
    with open(FILE + ".new", "w") as file:
        json.dump(net, file)
    os.replace(FILE + ".new", FILE)


def unlock() -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)


def fail(text: str, status: int = 1) -> NoReturn:
    sys.stderr.write(text + "\n")
    sys.exit(status)


lock = os.open(FILE + ".lock", os.O_WRONLY | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
net = load()
words = sys.argv[1:]
net["asked"].append(words)
save(net)
fault = net["fault"]
if fault == "stopped":
    fail("failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)")
if words[0] == "status":
    sys.stdout.write(json.dumps(net["status"], indent=2))
    sys.exit(0)
if words[:2] == ["serve", "status"]:
    sys.stdout.write(json.dumps(net["serve"], indent=2))
    sys.exit(0)

funnel = words[0] == "funnel"
flags = dict(word.lstrip("-").partition("=")[::2] for word in words[1:] if word.startswith("--"))
(last,) = (word for word in words[1:] if not word.startswith("--"))
port, mount = flags["https"], flags["set-path"]
if fault == "flags":
    fail("flag provided but not defined: -set-path\nUSAGE\n  funnel <serve-port> {on|off}", 2)
if fault == "denied":
    fail("Access denied: serve config denied\n\nUse 'sudo tailscale funnel ...' or 'tailscale up --operator=$USER'")
if fault == "foreground":
    fail("error: foreground already exists under this port")
if fault == "consent" and funnel and last != "off":
    sys.stdout.write(f"\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n         {LINK}\n\n")
    sys.stdout.flush()
    unlock()
    while True:
        signal.pause()
if fault == f"refuses {mount}" and last != "off":
    fail(f"error: failed to apply web serve: cannot serve {mount}\n\nUSAGE\n  tailscale funnel <target>")
if fault == "keeps" and last == "off":
    fail("error: failed to remove web serve: it is kept\n\nUSAGE\n  tailscale funnel <target>")
at = net["status"]["Self"]["DNSName"].rstrip(".") + ":" + port
serve = net["serve"] or {}
handlers = serve.setdefault("Web", {}).setdefault(at, {}).setdefault("Handlers", {})
if last == "off":
    if mount not in handlers:
        fail("error: failed to remove web serve: handler does not exist\n\nUSAGE\n  tailscale funnel <target>")
    del handlers[mount]
    if not handlers:
        del serve["Web"][at], serve["TCP"][port]
        serve.get("AllowFunnel", {}).pop(at, None)
else:
    handlers[mount] = {"Proxy": last}
    serve.setdefault("TCP", {})[port] = {"HTTPS": True}
    allowed = serve.setdefault("AllowFunnel", {})
    allowed.pop(at, None)
    if funnel:
        allowed[at] = True
    sys.stdout.write(f"Available on the internet:\n\nhttps://{at}{mount}\n|-- proxy {last}\n\n")
net["serve"] = {key: value for key, value in serve.items() if value}
save(net)
