"""The carriers that every scenario is played on: the gateway's side of each, and the network's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from tests.gateway.town import API, Kit
from voicecall.carriers.mock import MockCarrier
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.emulators.faces import Face
from voicecall.emulators.mock import MockFace
from voicecall.emulators.mock_rest import MockRest
from voicecall.emulators.network import Network
from voicecall.emulators.plivo.account import Account as PlivoAccount
from voicecall.emulators.plivo.face import PlivoFace
from voicecall.emulators.plivo.rest import PlivoRest
from voicecall.emulators.plivo.signing import signature_headers as plivo_signature
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.telnyx.face import TelnyxFace
from voicecall.emulators.telnyx.rest import TelnyxRest
from voicecall.emulators.twilio.account import Account
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.emulators.twilio.rest import TwilioRest
from voicecall.emulators.twilio.signing import signature_headers as twilio_signature

SECRET = "secret"
ACCOUNT = Account(auth_token=SECRET)
TELNYX = TelnyxAccount(webhook_url="https://gateway.test/voice/webhook/telnyx")
PLIVO = PlivoAccount()


def _twilio_rest(network: Network, face: Face) -> TwilioRest:
    assert isinstance(face, TwilioFace)
    return TwilioRest(network, face)


_WEATHER = {11200, 11205, 31901, 31903, 31920, 31921}
"""Codes of Twilio's debugger for a gateway that is down, too slow or out of reach, or that closed a media stream."""


def _twilio_complaints(face: Face) -> list[str]:
    assert isinstance(face, TwilioFace)
    return [f"{note.code} {note.text}" for note in face.notifications if note.code not in _WEATHER]


def _twilio_action(method: str, path: str, body: bytes) -> str:
    if method == "GET":
        return "status"
    if path.endswith("/Calls.json"):
        return "dial"
    form = parse_qs(body.decode())
    if "Status" in form:
        return "hang-up"
    return "digits" if "<Play digits" in form["Twiml"][0] else "instruct"


def _telnyx_rest(network: Network, face: Face) -> TelnyxRest:
    assert isinstance(face, TelnyxFace)
    return TelnyxRest(network, face)


def _telnyx_action(method: str, path: str, body: bytes) -> str:
    if method == "GET":
        return "status"
    if path.endswith("/calls"):
        return "dial"
    return {"hangup": "hang-up", "send_dtmf": "digits"}.get(path.rpartition("/")[2], "instruct")


def _telnyx_connects(webhook: bytes, answer: bytes) -> bool:
    asks = (b'"direction":"incoming"', b'"call.answered"', b'"streaming.failed"')
    return any(name in webhook for name in asks)


def _plivo_rest(network: Network, face: Face) -> PlivoRest:
    assert isinstance(face, PlivoFace)
    return PlivoRest(network, face)


def _plivo_action(method: str, path: str, body: bytes) -> str:
    if path.endswith("/DTMF/"):
        return "digits"
    if path.endswith("/Call/"):
        return "dial"
    if path.endswith("/Stream/"):
        return "instruct"
    return {"GET": "status", "DELETE": "hang-up"}.get(method, "instruct")


def _plivo_signature(url: str, form: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    owner = PLIVO.owner(PLIVO.auth_id)
    assert owner is not None
    return plivo_signature(owner, "POST", url, tuple(form), "a nonce of its own")


def _mock_action(method: str, path: str, body: bytes) -> str:
    if path.endswith("/digits"):
        return "digits"
    return {"POST": "dial", "DELETE": "hang-up", "GET": "status"}[method]


CARRIERS = {
    "mock": Kit(
        name="mock",
        carrier=lambda: MockCarrier(SECRET, API),
        face=lambda internet: MockFace(SECRET),
        rest=lambda network, face: MockRest(network, face, SECRET),
        action=_mock_action,
        mark='"mark"',
    ),
    "twilio": Kit(
        name="twilio",
        carrier=lambda: TwilioCarrier(ACCOUNT.sid, SECRET, api_base_url=API),
        face=lambda internet: TwilioFace(ACCOUNT, internet),
        rest=_twilio_rest,
        action=_twilio_action,
        mark='"mark"',
        webhooks={
            "incoming": ("voice",),
            "answered": ("answered", "voice"),
            "stream-ended": ("connect", "stream-stopped", "stream-error"),
            "ended": ("completed",),
        },
        signs_handshakes=True,
        reports_lost_streams=True,
        complaints=_twilio_complaints,
        listens=5.0,
        sign=lambda url, form: twilio_signature(ACCOUNT.auth_token, None, url, form),
        sorry="We",
    ),
    "telnyx": Kit(
        name="telnyx",
        carrier=lambda: TelnyxCarrier("telnyx", TELNYX.connection_id, TELNYX.public_key, api_base_url=API),
        face=lambda internet: TelnyxFace(TELNYX, internet),
        rest=_telnyx_rest,
        action=_telnyx_action,
        mark='"mark"',
        webhooks={
            "incoming": ("call.initiated",),
            "ringing": ("call.initiated",),
            "answered": ("call.answered",),
            "stream-ended": ("streaming.stopped", "streaming.failed"),
            "gather": ("call.transcription", "call.speak.ended"),
            "ended": ("call.hangup",),
        },
        ringing="call.dialled",
        connects=_telnyx_connects,
        reports_lost_streams=True,
    ),
    "plivo": Kit(
        name="plivo",
        carrier=lambda: PlivoCarrier(PLIVO.auth_id, "plivo", api_base_url=API),
        face=lambda internet: PlivoFace(PLIVO, internet),
        rest=_plivo_rest,
        action=_plivo_action,
        mark='"checkpoint"',
        webhooks={
            "incoming": ("answer",),
            "ringing": ("ring",),
            "answered": ("answer",),
            "stream-ended": ("redirect", "stream"),
            "gather": ("action",),
            "ended": ("hangup",),
        },
        listens=15.0,
        sign=_plivo_signature,
        names_later=True,
        gives_up=True,
        signs_handshakes=True,
        reports_lost_streams=True,
    ),
}
"""Every scenario is played on each of these."""
