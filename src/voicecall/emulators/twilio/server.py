"""Twilio on a real port, beside the network's own server."""

from __future__ import annotations

from voicecall.emulators.internet import Internet
from voicecall.emulators.wires import CarrierServer

from .account import Account
from .face import TwilioFace
from .rest import TwilioRest


class TwilioServer(CarrierServer[Account, TwilioFace]):
    """The simulated Twilio; each number of the account says where its calls are announced."""

    def _open(self, internet: Internet) -> tuple[TwilioFace, TwilioRest]:
        face = TwilioFace(self._account, internet)
        return face, TwilioRest(self._network, face)
