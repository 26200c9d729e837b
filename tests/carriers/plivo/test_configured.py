"""The configuration's Plivo is the carrier that it describes."""

from __future__ import annotations

from voicecall.app.carriers import make_carriers
from voicecall.carriers import Callback, ConnectStream, Dismiss, HangUp
from voicecall.config.model import Config
from voicecall.core.ids import CallId, CarrierCallId

LEG = CarrierCallId("u1")
CONNECT = ConnectStream(LEG, "wss://voice.example.com/voice/stream", "token", Callback("https://h", CallId("c"), "n"))
CREDENTIALS = {"auth_id": "MA1", "auth_token": "s3cret"}


def configured(**plivo: object) -> Config:
    return Config.model_validate({"plivo": plivo})


def test_plivo_is_there_once_it_has_credentials() -> None:
    assert set(make_carriers(configured(**CREDENTIALS), "mock", None)) == {"plivo"}
    assert not make_carriers(configured(auth_id="MA1"), "mock", None)
    assert not make_carriers(configured(auth_token="s3cret"), "mock", None)


def test_every_key_of_plivo_has_its_effect() -> None:
    keys = {"api_base_url": "http://127.0.0.1:9", "voice": "MAN", "language": "de-DE", "codec": "L16/16000"}
    plivo = make_carriers(configured(**CREDENTIALS, **keys), "mock", None)["plivo"]
    assert plivo.request(HangUp(LEG)).url == "http://127.0.0.1:9/v1/Account/MA1/Call/u1/"
    documents = [plivo.document(action) for action in (Dismiss(LEG, "Bye."), CONNECT)]
    text = "".join(reply.body.decode() for reply in documents if reply is not None)
    assert '<Speak voice="MAN" language="de-DE">' in text
    assert 'contentType="audio/x-l16;rate=16000"' in text


def test_without_media_streams_plivo_speaks_and_listens() -> None:
    config = Config.model_validate({"plivo": CREDENTIALS, "streaming": {"enabled": False}})
    assert set(make_carriers(config, "mock", None)) == {"plivo"}
