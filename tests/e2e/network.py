"""The mock network as a process of its own, which a gateway may leave and come back to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.daemon import CALLER, Json, Program, Settings
from tests.e2e.programs import EMULATORS

_NOWHERE = "http://127.0.0.1:9/"


class Network:
    """The telephone network, and what its phones know."""

    def __init__(self, folder: Path) -> None:
        command = [*EMULATORS, "--port", "0", "--stub"]
        self.program = Program(command, folder, {})
        self.url = self.program.wait_for(self.program.out, lambda line: "ready" in line).split()[-1]
        self._http = httpx2.Client(
            base_url=self.url, headers={"Authorization": "Bearer mock"}, timeout=30.0, trust_env=False
        )
        self._probes = 0

    @property
    def settings(self) -> Settings:
        """What a gateway is configured with to be on this network."""
        return {"mock.api_base_url": self.url}

    def close(self) -> None:
        """Cut all calls off."""
        self._http.close()
        self.program.kill()

    def legs(self) -> int:
        """Return how many call legs there were: calls are numbered, and one that leads nowhere tells its number."""
        self._probes += 1
        probe = self._ask("POST", "/phones/ring", {"from": CALLER, "to": CALLER, "webhook": _NOWHERE, "steps": []})
        self._ask("DELETE", f"/calls/{probe['call']}")
        return int(probe["call"][-5:]) - self._probes

    def script(self, number: str, *steps: Json) -> None:
        """Tell a phone what to do when it is dialled and answers."""
        self._ask("PUT", f"/phones/{number}", {"steps": steps})

    def faults(self, **plan: Any) -> None:
        """Make the network faulty for the calls to come; nothing given heals it."""
        self._ask("PUT", "/faults", plan)

    def hang_up(self, leg: str) -> None:
        """End a leg."""
        self._ask("DELETE", f"/calls/{leg}")

    def told(self, leg: str) -> Json:
        """Return what the phone at the end of a leg heard and did."""
        return self._ask("GET", f"/phones/calls/{leg}")

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        told: Json = answer.json() if answer.content else {}
        return told
