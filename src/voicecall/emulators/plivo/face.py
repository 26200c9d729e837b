"""The simulator itself: an account of Plivo on the emulated network, with its calls and its debug log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from voicecall.emulators.faces import Attendant, Parties
from voicecall.emulators.internet import Internet, internet_over
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network

from .account import Account, Owner, uuid
from .call import PlivoCall, Settings

MOST_NOTIFICATIONS = 1000


@dataclass(frozen=True, slots=True)
class Notification:
    """An error or a warning of Plivo's debug log."""

    call: str
    what: str
    text: str


class PlivoFace:
    """Plivo, as the network knows it: attends the calls that ring the account's numbers, and places others by REST."""

    def __init__(self, account: Account | None = None, internet: Internet | None = None) -> None:
        """Without an `internet`, webhooks go over the network's own wires, which only post."""
        self.account = account or Account()
        self.notifications: deque[Notification] = deque(maxlen=MOST_NOTIFICATIONS)
        self.calls: dict[str, PlivoCall] = {}
        """By UUID, as long as the network remembers their legs."""
        self._internet = internet

    def call_id(self, unique: str) -> str:
        """Return the UUID of a new call."""
        return uuid(f"call/{unique}")

    def attend(self, leg: Leg, network: Network) -> Attendant:
        """Answer for an incoming call with the application of the number."""
        application = self.account.handler(leg.parties.to)
        settings = Settings(
            answer_url=leg.parties.webhook or application.answer_url,
            answer_method=application.answer_method,
            hangup_url=application.hangup_url,
            hangup_method=application.hangup_method,
            fallback_url=application.fallback_url,
            fallback_method=application.fallback_method,
        )
        return self._attend(leg, network, settings, self.account.owner_of(leg.parties.to))

    async def place(
        self,
        network: Network,
        owner: Owner,
        from_: str,
        to: str,
        settings: Settings,
        *,
        ring_timeout: float,
        time_limit: float,
    ) -> PlivoCall:
        """Call a phone of the network. Times in seconds.

        Raises:
            SpeechError: the voicemail's greeting cannot be spoken.
        """
        parties = Parties("", "outbound", from_, to, settings.answer_url)
        outgoing = _Outgoing(self, replace(settings, failure=self.account.failures.get(to, 0)), owner)
        leg = await network.place(outgoing, parties, ring_timeout=ring_timeout, time_limit=time_limit)
        return self.calls[leg.parties.call]

    def _attend(self, leg: Leg, network: Network, settings: Settings, owner: Owner) -> PlivoCall:
        internet = self._internet or internet_over(network.wires)
        call = PlivoCall(leg, network, owner, internet, settings, self.account.readings, self._notify)
        for forgotten in self.calls.keys() - network.legs.keys():
            del self.calls[forgotten]
        self.calls[call.uuid] = call
        return call

    def _notify(self, call: str, what: str, text: str) -> None:
        self.notifications.append(Notification(call, what, text))


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """The face of one call that the gateway asked for."""

    face: PlivoFace
    settings: Settings
    owner: Owner

    def call_id(self, unique: str) -> str:
        return self.face.call_id(unique)

    def attend(self, leg: Leg, network: Network) -> Attendant:
        return self.face._attend(leg, network, self.settings, self.owner)
