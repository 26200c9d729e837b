"""Outgoing webhooks in the configuration: what is accepted, and each fault at its key."""

from __future__ import annotations

import pytest

from voicecall.config.show import show

from .conftest import Fail, Write

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SOUND = {"name": '"crm"', "url": '"https://crm.example/hook?key=1"', "secret": f'"{SECRET}"'}


def written(**changed: str) -> str:
    return "[[webhooks]]\n" + "".join(f"{key} = {value}\n" for key, value in {**SOUND, **changed}.items())


def test_a_name_a_url_and_a_secret_are_enough(loaded: Write) -> None:
    (webhook,) = loaded(written()).config.webhooks
    assert (webhook.name, webhook.url) == ("crm", "https://crm.example/hook?key=1")
    assert webhook.events == ("call.initiated", "call.answered", "call.ended")
    assert not webhook.transcripts


def test_secrets_stand_elsewhere_and_are_never_shown(loaded: Write) -> None:
    text = written(secret='{ env = "NEW" }', old_secrets='[{ env = "OLD" }]')
    (webhook,) = loaded(text, environ={"NEW": SECRET, "OLD": SECRET}).config.webhooks
    assert webhook.secret.get_secret_value() == SECRET
    assert [old.get_secret_value() for old in webhook.old_secrets] == [SECRET]
    shown = show(loaded(written(old_secrets=f'["{SECRET}"]')).config)
    assert "AAEC" not in str(shown)


def test_webhooks_can_be_set_in_the_environment_and_in_camel_case(loaded: Write) -> None:
    value = f'[{{"name": "a", "url": "https://a.example/", "secret": "{SECRET}", "oldSecrets": ["{SECRET}"]}}]'
    (webhook,) = loaded(environ={"VOICECALL_WEBHOOKS": value}).config.webhooks
    assert (webhook.name, len(webhook.old_secrets)) == ("a", 1)


@pytest.mark.parametrize(
    ("changed", "key", "says"),
    [
        ({"name": '"a b"'}, "webhooks[0].name", "1 to 64 letters"),
        ({"name": '".."'}, "webhooks[0].name", "1 to 64 letters"),
        ({"url": '"ftp://crm.example/"'}, "webhooks[0].url", "https://"),
        ({"url": '"https://me:word@crm.example/"'}, "webhooks[0].url", "user name"),
        ({"url": '"https://crm.example/?a#b"'}, "webhooks[0].url", "fragment"),
        ({"url": '"https://crm.example/?a b"'}, "webhooks[0].url", "space"),
        ({"url": '"https://crm.é/"'}, "webhooks[0].url", "ASCII"),
        ({"secret": '"whsec_c2hvcnQ="'}, "webhooks[0].secret", "voicecall webhooks secret"),
        ({"secret": '"swordfish"'}, "webhooks[0].secret", "24 to 64 bytes"),
        ({"secret": '{ env = "MISSING" }'}, "webhooks[0].secret", "MISSING is not set"),
        ({"old_secrets": '["swordfish"]'}, "webhooks[0].old_secrets[0]", "24 to 64 bytes"),
        ({"events": "[]"}, "webhooks[0].events", "at least 1"),
        ({"events": '["call.ended", "call.over"]'}, "webhooks[0].events[1]", "no event has this name"),
        ({"events": '["call.*", "transcript.final"]'}, "webhooks[0].events", "transcripts = true"),
        ({"events": '["dtmf.*"]'}, "webhooks[0].events", "transcripts = true"),
        ({"colour": '"red"'}, "webhooks[0].colour", "unknown key"),
    ],
)
def test_each_fault_is_told_at_its_key_without_the_value(
    faults: Fail, changed: dict[str, str], key: str, says: str
) -> None:
    (fault,) = faults(written(**changed))
    assert fault.key == key
    assert says in fault.message
    assert "swordfish" not in fault.message


def test_two_webhooks_of_one_name_are_a_fault(faults: Fail, loaded: Write) -> None:
    (fault,) = faults(written() + written())
    assert (fault.key, "'crm'" in fault.message) == ("webhooks[1].name", True)
    assert len(loaded(written() + written(name='"log"')).config.webhooks) == 2


def test_words_may_leave_where_that_is_said(loaded: Write) -> None:
    (webhook,) = loaded(written(events='["*", "transcript.*"]', transcripts="true")).config.webhooks
    assert webhook.transcripts


def test_a_url_without_encryption_is_doubted_unless_it_is_on_this_machine(loaded: Write) -> None:
    (warning,) = loaded(written(url='"http://crm.example/"')).warnings
    assert (warning.key, "https" in warning.message) == ("webhooks[0].url", True)
    assert not loaded(written(url='"http://127.0.0.1:8080/"')).warnings
