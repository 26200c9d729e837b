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
    brain.url = "https://agent.example/{SECRET}"
    [[brain.servers]]
    url = "https://tools.example:8443/"
    [[webhooks]]
    name = "crm"
    url = "https://hooks.example:444/in/{SECRET}?key={SECRET}"
    secret = "whsec_{"A" * 32}"
    [[twilio.signing_keys]]
    id = "k"
    secret = "{SECRET}"
    [lines."+15551234567".tts.openai]
    api_key = "{SECRET}"
    [lines."+15551234567".brain]
    url = "https://line.example/{SECRET}"
    """
    shown = show(loaded(text).config)
    assert SECRET not in json.dumps(shown)
    assert shown["control"] == {"bind": "127.0.0.1", "port": 3335, "token": "***", "requests_per_second": 50.0}
    assert shown["store"] == {"url": "postgresql://user:***@host/db?***"}
    line = {"brain": {"url": "https://line.example/***"}, "tts": {"openai": {"api_key": "***"}}}
    assert shown["lines"] == {"+15551234567": line}
    written = json.dumps(shown)
    assert '"url": "https://agent.example/***"' in written
    assert '"url": "https://tools.example:8443"' in written
    assert '"url": "https://hooks.example:444/***"' in written
    assert list(shown) == list(Config.model_fields)


def test_defaults_are_shown(loaded: Callable[..., Loaded]) -> None:
    shown = show(loaded(environ={"VOICECALL_STATE_DIR": "/state"}).config)
    assert shown["store"] == {"url": "sqlite:////state/calls.db"}
    assert shown["control"] == {"bind": "127.0.0.1", "port": 3335, "token": None, "requests_per_second": 50.0}
