"""The simulator itself: an account of Telnyx on the emulated network, with its calls and what went wrong."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicecall.emulators.faces import Attendant, Parties
from voicecall.emulators.internet import Internet, internet_over
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network

from .account import Account, control_id
from .call import TelnyxCall
from .commands import Dial

MOST_NOTIFICATIONS = 1000


@dataclass(frozen=True, slots=True)
class Notification:
    """A mistake of the gateway, or a webhook that it did not take."""

    call: str
    """Empty for a request that names no call."""
    code: str
    """Telnyx's error code, or `webhook`."""
    text: str


class TelnyxFace:
    """Telnyx, as the network knows it: announces the calls that ring the account, and places others by REST."""

    def __init__(self, account: Account | None = None, internet: Internet | None = None) -> None:
        """Without an `internet`, webhooks go over the network's own wires."""
        self.account = account or Account()
        self.notifications: deque[Notification] = deque(maxlen=MOST_NOTIFICATIONS)
        self.calls: dict[str, TelnyxCall] = {}
        """By call control id, as long as the network remembers their legs."""
        self._internet = internet

    def call_id(self, unique: str) -> str:
        """Return the call control id of a new call."""
        return control_id(unique)

    def attend(self, leg: Leg, network: Network) -> Attendant:
        """Take charge of an incoming call."""
        return self._attend(leg, network, None)

    async def place(self, network: Network, dial: Dial) -> TelnyxCall:
        """Call a phone of the network.

        Raises:
            SpeechError: the voicemail's greeting cannot be spoken.
        """
        parties = Parties("", "outbound", dial.from_, dial.to, dial.webhook_url)
        leg = await network.place(
            _Outgoing(self, dial), parties, ring_timeout=dial.timeout_secs, time_limit=dial.time_limit_secs
        )
        return self.calls[leg.parties.call]

    def notify(self, call: str, code: str, text: str) -> None:
        """Note what went wrong."""
        self.notifications.append(Notification(call, code, text))

    def _attend(self, leg: Leg, network: Network, dial: Dial | None) -> TelnyxCall:
        internet = self._internet or internet_over(network.wires)
        call = TelnyxCall(leg, network, self.account, internet, dial, self.notify)
        for forgotten in self.calls.keys() - network.legs.keys():
            del self.calls[forgotten]
        self.calls[call.id] = call
        return call


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """The face of one call that the gateway asked for."""

    face: TelnyxFace
    dial: Dial

    def call_id(self, unique: str) -> str:
        return self.face.call_id(unique)

    def attend(self, leg: Leg, network: Network) -> Attendant:
        return self.face._attend(leg, network, self.dial)
