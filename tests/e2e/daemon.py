"""`voicecall serve` and the mock network as processes, and how the tests talk to them and wait for them."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import httpx2

from tests.e2e.programs import COMMAND as COMMAND, start
from voicecall.client import Client
from voicecall.core.operations import CallerStep, Events, History, Initiate, Operation, Simulate, Status, Wait

Json = dict[str, Any]
Settings = Mapping[str, Any]
"""Configuration by dotted key."""

CALLER = "+15550100009"
PHONE = "+15550100042"
"""Answers and stays on the line."""
SHORT = "+15550100004"
"""Answers and hangs up after a second."""
WORDS = "the words of the caller"
ANSWER = "An answer of the agent."
STUBS: Settings = {
    "serve.port": 0,
    "control.port": 0,
    "tts.provider": "tone",
    "tts.tone.seconds": 0.5,
    "stt.provider": "scripted",
    "stt.scripted.text": WORDS,
    "turns.vad": "energy",
    "turns.endpointing_ms": 200,
    "turns.endpointing_min_ms": 200,
    "turns.endpointing_max_ms": 200,
    "brain.kind": "fixed",
    "brain.text": ANSWER,
    "inbound_policy": "open",
    "inbound_greeting": "Good morning.",
}
"""Starts in no time, speaks in tones, understands every caller in the same way, answers at once."""
SHORT_TALK = [CallerStep(listen=0.3), CallerStep(say="hello"), CallerStep(listen=0.3), CallerStep(hangup=True)]
"""A caller who hears the greeting out, says something, hears the answer out and hangs up."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, as the one JSON value that it is."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        return line


class Program:
    """A running process whose lines of output can be waited for."""

    def __init__(self, command: list[str], cwd: Path, environment: Mapping[str, str], *, afresh: bool = False) -> None:
        self.command = command
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = threading.Condition()
        (out, stdout), (err, stderr) = os.pipe(), os.pipe()
        try:
            self.process = start(command, cwd, environment, stdout, stderr, afresh=afresh)
        finally:
            os.close(stdout)
            os.close(stderr)
        self._readers = [
            threading.Thread(target=self._read, args=(out, self.out), daemon=True),
            threading.Thread(target=self._read, args=(err, self.err), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe: int, lines: list[str]) -> None:
        with open(pipe) as text:
            for line in text:
                with self._news:
                    lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            lines.append("")
            self._news.notify_all()

    def wait_for(self, lines: list[str], wanted: Callable[[str], bool]) -> str:
        """Return the first line that is wanted, once it is there; it is an error if the output ends before."""
        seen = 0
        with self._news:
            while True:
                for line in lines[seen:]:
                    if wanted(line):
                        return line
                    assert line, "\n".join([f"{self.command!r} said no such thing:", *self.out, *self.err])
                seen = len(lines)
                self._news.wait()

    def end(self) -> int:
        """Return the exit status once the process is gone."""
        status = self.process.wait()
        for reader in self._readers:
            reader.join()
        return status

    def kill(self) -> int:
        """End the process as a power cut would."""
        self.process.kill()
        return self.end()


class House:
    """A folder with a configuration and a state directory, in which commands are run.

    What goes on is started `afresh`, or else as quickly as can be.
    """

    def __init__(self, folder: Path, settings: Settings, *, afresh: bool = False) -> None:
        self._afresh = afresh
        self.folder = folder
        self.state = folder / "state"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "VOICECALL_STATE_DIR": str(self.state),
        }
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Write the configuration anew."""
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
        (self.folder / "voicecall.toml").write_text("".join(lines))

    def run(self, *arguments: str) -> Done:
        """Run a command to its end."""
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            process = start([COMMAND, *arguments], self.folder, self.environment, out.fileno(), err.fileno())
            try:
                status = process.wait()
            finally:
                process.kill()
            out.seek(0)
            err.seek(0)
            return Done(status, out.read(), err.read())

    def begin(self, *arguments: str) -> Program:
        """Run a command that goes on."""
        return Program([COMMAND, *arguments], self.folder, self.environment, afresh=self._afresh)


class Daemon:
    """A gateway that is up, or was."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.program: Program
        self.public = ""
        self.control = ""
        self.token = ""

    def start(self) -> Self:
        """Start it, and return once it says that it is ready; a second start keeps the public port."""
        self.program = self.house.begin("serve")
        ready = self.program.wait_for(self.program.out, lambda line: line.startswith("voicecall ready"))
        words = ready.split()
        self.public, self.control = words[3], words[5]
        port = httpx2.URL(self.public).port
        if port is not None:
            self.house.environment["VOICECALL_SERVE__PORT"] = str(port)
        self.token = (self.house.state / "control-token").read_text().strip()
        return self

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return "\n".join(self.program.err)

    def logged(self, *parts: str) -> str:
        """Return the first line of the log that contains all of these, once it is there."""
        return self.program.wait_for(self.program.err, lambda line: all(part in line for part in parts))

    def terminate(self) -> None:
        """Ask it to stop."""
        self.program.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self.terminate()
        return self.program.end()

    def client(self) -> Client:
        """Return a client of its control listener."""
        return Client(self.control, self.token, timeout=30.0)

    def http(self, **headers: str) -> httpx2.Client:
        """Return an HTTP client of its control listener, with the token."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.control, headers=bearer | headers, timeout=30.0, trust_env=False)

    def perform(self, operation: Operation) -> Any:
        """Return the result of an operation."""
        with self.client() as client:
            return client.perform(operation)

    def place(self, to: str = PHONE, message: str = "Good evening.", **more: Any) -> str:
        """Place a call, a conversation unless told otherwise, and return its id."""
        more.setdefault("mode", "conversation")
        return str(self.perform(Initiate(to=to, message=message, **more))["callId"])

    def simulate(self, steps: list[CallerStep], caller: str = CALLER, line: str | None = None) -> Json:
        """Ring it from the network in its own process, and return the final record."""
        record: Json = self.perform(Simulate(from_=caller, line=line, steps=steps))
        return record

    def until(self, call_id: str, kind: str, since: int = 0) -> Json:
        """Return the first event of this type, once it is there."""
        with self.client() as client:
            return next(event for event in client.subscribe(since, call_id) if event["type"] == kind)

    def events(self, call_id: str) -> list[Json]:
        """Return all events of a call so far."""
        events: list[Json] = self.perform(Events(call_id=call_id))
        return events

    def status(self, call_id: str) -> Json:
        """Return a call's record."""
        record: Json = self.perform(Status(call_id=call_id))
        return record

    def final(self, call_id: str) -> Json:
        """Return a call's record once the call has ended."""
        record: Json = self.perform(Wait(call_id=call_id))
        return record

    def history(self) -> dict[str, Json]:
        """Return all records by call id."""
        return {record["callId"]: record for record in self.perform(History(limit=1000))}

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels; 0 where there is none."""
        with self.http() as http:
            lines = http.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.partition("{")[0].split(" ")[0] == name)


def said(record: Json) -> list[tuple[str, str]]:
    """Return who said what."""
    return [(line["speaker"], line["text"]) for line in record["transcript"]]
