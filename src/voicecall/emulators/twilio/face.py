"""The simulator itself: an account of Twilio on the emulated network, with its calls and its debugger."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicecall.emulators.faces import Attendant, Parties
from voicecall.emulators.internet import Internet, internet_over
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network

from .account import Account, sid
from .call import Settings, TwilioCall

MOST_NOTIFICATIONS = 1000


@dataclass(frozen=True, slots=True)
class Notification:
    """An error or a warning of Twilio's debugger."""

    call: str
    code: int
    text: str


class TwilioFace:
    """Twilio, as the network knows it: attends the calls that ring the account's numbers, and places others by REST."""

    def __init__(self, account: Account | None = None, internet: Internet | None = None) -> None:
        """Without an `internet`, webhooks go over the network's own wires, which only post."""
        self.account = account or Account()
        self.notifications: deque[Notification] = deque(maxlen=MOST_NOTIFICATIONS)
        self.calls: dict[str, TwilioCall] = {}
        """By SID, as long as the network remembers their legs."""
        self._internet = internet

    def call_id(self, unique: str) -> str:
        """Return the SID of a new call."""
        return sid("CA", unique)

    def attend(self, leg: Leg, network: Network) -> Attendant:
        """Answer for an incoming call with what is configured for the number."""
        number = self.account.handler(leg.parties.to)
        settings = Settings(
            url=leg.parties.webhook or number.voice_url,
            method=number.voice_method,
            fallback_url=number.voice_fallback_url,
            fallback_method=number.voice_fallback_method,
            status_callback=number.status_callback,
            status_method=number.status_callback_method,
        )
        return self._attend(leg, network, settings)

    async def place(
        self, network: Network, from_: str, to: str, settings: Settings, *, ring_timeout: float, time_limit: float
    ) -> TwilioCall:
        """Call a phone of the network. Times in seconds.

        Raises:
            SpeechError: the voicemail's greeting cannot be spoken.
        """
        parties = Parties("", "outbound", from_, to, settings.url)
        outgoing = _Outgoing(self, settings)
        leg = await network.place(outgoing, parties, ring_timeout=ring_timeout, time_limit=time_limit)
        return self.calls[leg.parties.call]

    def _attend(self, leg: Leg, network: Network, settings: Settings) -> TwilioCall:
        internet = self._internet or internet_over(network.wires)
        call = TwilioCall(leg, network, self.account, internet, settings, self._notify)
        for forgotten in self.calls.keys() - network.legs.keys():
            del self.calls[forgotten]
        self.calls[call.sid] = call
        return call

    def _notify(self, call: str, code: int, text: str) -> None:
        self.notifications.append(Notification(call, code, text))


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """The face of one call that the gateway asked for."""

    face: TwilioFace
    settings: Settings

    def call_id(self, unique: str) -> str:
        return self.face.call_id(unique)

    def attend(self, leg: Leg, network: Network) -> Attendant:
        return self.face._attend(leg, network, self.settings)
