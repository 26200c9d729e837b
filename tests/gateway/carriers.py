"""The carriers that every scenario is played on: the gateway's side of each, and the network's."""

from __future__ import annotations

from tests.gateway.town import API, Kit
from voicecall.carriers.mock import MockCarrier
from voicecall.emulators.mock import MockFace
from voicecall.emulators.mock_rest import MockRest

SECRET = "secret"


def _mock_action(method: str, path: str) -> str:
    if path.endswith("/digits"):
        return "digits"
    return {"POST": "dial", "DELETE": "hang-up", "GET": "status"}[method]


CARRIERS = {
    "mock": Kit(
        name="mock",
        carrier=lambda: MockCarrier(SECRET, API),
        face=lambda: MockFace(SECRET),
        rest=lambda network, face: MockRest(network, face, SECRET),
        action=_mock_action,
        mark='"mark"',
    ),
}
"""Every scenario is played on each of these."""
