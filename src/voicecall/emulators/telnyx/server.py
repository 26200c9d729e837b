"""Telnyx on a real port, beside the network's own server."""

from __future__ import annotations

from voicecall.emulators.internet import Internet
from voicecall.emulators.wires import CarrierServer

from .account import Account
from .face import TelnyxFace
from .rest import TelnyxRest


class TelnyxServer(CarrierServer[Account, TelnyxFace]):
    """The simulated Telnyx; the account's application says where calls are announced."""

    def _open(self, internet: Internet) -> tuple[TelnyxFace, TelnyxRest]:
        face = TelnyxFace(self._account, internet)
        return face, TelnyxRest(self._network, face)
