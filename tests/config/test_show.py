import json
from collections.abc import Callable

from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.config.show import show

SECRET = "swordfish"


def test_secrets_read_as_stars(loaded: Callable[..., Loaded]) -> None:
    text = f"""
    control.token = "{SECRET}"
    streaming.credential_keys = ["{SECRET}", "{SECRET}2"]
    store.url = "postgresql://user:{SECRET}@host/db?password={SECRET}"
    stt.openai.api_key = "{SECRET}"
    [[twilio.signing_keys]]
    id = "k"
    secret = "{SECRET}"
    [lines."+15551234567".tts.openai]
    api_key = "{SECRET}"
    """
    shown = show(loaded(text).config)
    assert SECRET not in json.dumps(shown)
    assert shown["control"] == {"bind": "127.0.0.1", "port": 3335, "token": "***", "requests_per_second": 50.0}
    assert shown["store"] == {"url": "postgresql://user:***@host/db?***"}
    assert shown["lines"] == {"+15551234567": {"tts": {"openai": {"api_key": "***"}}}}
    assert list(shown) == list(Config.model_fields)


def test_defaults_are_shown(loaded: Callable[..., Loaded]) -> None:
    shown = show(loaded(environ={"VOICECALL_STATE_DIR": "/state"}).config)
    assert shown["store"] == {"url": "sqlite:////state/calls.db"}
    assert shown["control"] == {"bind": "127.0.0.1", "port": 3335, "token": None, "requests_per_second": 50.0}
