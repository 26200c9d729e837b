"""Plivo on a real port, beside the network's own server."""

from __future__ import annotations

from voicecall.emulators.internet import Internet
from voicecall.emulators.wires import CarrierServer

from .account import Account
from .face import PlivoFace
from .rest import PlivoRest


class PlivoServer(CarrierServer[Account, PlivoFace]):
    """The simulated Plivo; each number of the account says where its calls are announced."""

    def _open(self, internet: Internet) -> tuple[PlivoFace, PlivoRest]:
        face = PlivoFace(self._account, internet)
        return face, PlivoRest(self._network, face)
