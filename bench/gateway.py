"""The gateway under measurement: `voicecall serve` in a process of its own, on one core.

The transcriber, the agent and the voice are stubs that answer at once and always the same; the detector of voice
activity is the real one.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.request import Request, urlopen

from bench.measure import SERVER_CORE, pin
from voicecall.cli import run
from voicecall.speech.sentences import Pieces

Vad = Literal["local", "energy", "off"]

SECRET = "mock"  # noqa: S105 - of a network that exists on this machine only
ENDPOINTING = 0.5
"""Seconds of silence that end a turn, whatever was said."""
REPLY = "I have noted all of that and we will call you back."
REPLY_SECONDS = 3.0
_TOKEN = "bench"  # noqa: S105 - of a control listener on loopback
_PATIENCE = 10.0
_CALL_SECONDS = 600
"""Calls that lost their caller end by then, whatever else fails."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is up."""

    pid: int
    public_url: str
    control_url: str

    @property
    def webhook_url(self) -> str:
        """Where the mock carrier's webhooks go."""
        return f"{self.public_url}/mock"

    def metrics(self) -> dict[str, float]:
        """Return the samples of `/metrics` that have no labels."""
        request = Request(f"{self.control_url}/metrics", headers={"Authorization": f"Bearer {_TOKEN}"})  # noqa: S310
        with urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310 - loopback
            lines = response.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


@contextmanager
def gateway(vad: Vad, extra: str = "") -> Iterator[Gateway]:
    """Run a fresh gateway with an archive of its own; it ends with this context, and when this process dies.

    `extra` is more configuration, in TOML.

    Raises:
        RuntimeError: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="voicecall-bench-") as folder:
        config = Path(folder, "voicecall.toml")
        config.write_text(_config(vad) + extra)
        environ = {**os.environ, "VOICECALL_STATE_DIR": folder}
        command = [sys.executable, "-m", "bench.gateway", str(config)]
        with (
            Path(folder, "log").open("w+") as log,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environ
            ) as process,
        ):
            try:
                line = process.stdout.readline() if process.stdout else ""
                ready = re.fullmatch(r"voicecall ready: public (\S+) control (\S+)\n", line)
                if ready is None:
                    log.seek(0)
                    raise RuntimeError(f"the gateway did not start: {log.read()[-2000:]}")
                yield Gateway(process.pid, ready[1], ready[2])
            finally:
                if process.stdin:
                    process.stdin.close()
                try:
                    process.wait(2 * _PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()


def _config(vad: Vad) -> str:
    pieces = Pieces()
    count = len(pieces.feed(REPLY) + pieces.flush())
    return f"""
provider = "mock"
inbound_policy = "open"
inbound_greeting = "{REPLY}"
serve.port = 0
control.port = 0
control.token = "{_TOKEN}"
mock.api_base_url = "http://127.0.0.1:9"
mock.secret = "{SECRET}"
stt.provider = "scripted"
stt.scripted.text = "I would like a table for two at eight"
tts.provider = "tone"
tts.tone.seconds = {REPLY_SECONDS / count}
brain.kind = "fixed"
brain.text = "{REPLY}"
turns.vad = "{vad}"
turns.endpointing_ms = {round(ENDPOINTING * 1000)}
turns.endpointing_min_ms = {round(ENDPOINTING * 1000)}
turns.endpointing_max_ms = {round(ENDPOINTING * 1000)}
limits.max_concurrent_calls = 300
limits.max_duration_seconds = {_CALL_SECONDS}
streaming.max_connections = 400
streaming.max_pending_connections = 400
streaming.max_pending_connections_per_ip = 400
log.level = "warning"
"""


def _end_with_parent() -> None:
    sys.stdin.read()
    for _ in range(2):  # the second time it does not wait for its calls
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_PATIENCE)


if __name__ == "__main__":
    pin(SERVER_CORE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(run(["serve", "--config", sys.argv[1]]))
