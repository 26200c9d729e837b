"""The carriers that the configuration has credentials for. All of them are live at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from voicecall import plugins
from voicecall.carriers import Carrier
from voicecall.config.carriers import Plivo, Telnyx, Twilio
from voicecall.config.model import Config
from voicecall.errors import BadParameters, ConfigError, Fault

MOCK_NUMBER = "+15550000000"
"""The mock network's number for us, where none is configured."""


def from_number(config: Config, carrier: str) -> str | None:
    """Return the number that calls are placed from on this carrier."""
    own: str | None = getattr(getattr(config, carrier, None), "from_number", None)
    return own or config.from_number or (MOCK_NUMBER if carrier == "mock" else None)


def near_carriers(network_url: str | None) -> frozenset[str]:
    """Return the carriers that are on this machine; `network_url` is the mock network's, where there is one."""
    host = urlsplit(network_url).hostname if network_url else None
    return frozenset({"mock"} if host in ("127.0.0.1", "::1", "localhost") else ())


def make_carriers(config: Config, mock_secret: str, network_url: str | None) -> Mapping[str, Carrier]:
    """Return the carriers by name; `network_url` is the mock network's, where there is one.

    Raises:
        ConfigError: one of them cannot do what the configuration asks of all.
    """
    carriers = {carrier.name: carrier for carrier in _carriers(config, mock_secret, network_url)}
    faults = [fault for carrier in carriers.values() for fault in _beyond(carrier, config)]
    if faults:
        raise ConfigError(faults)
    return carriers


def rest_carrier(config: Config, name: str) -> Carrier:
    """Return a carrier as far as its REST API goes: what verifies webhooks may be missing.

    Raises:
        BadParameters: there is no such carrier with an account.
        ConfigError: its credentials are missing.
    """
    twilio, telnyx, plivo = config.twilio, config.telnyx, config.plivo
    match name:
        case "twilio":
            key = twilio.api_key_sid and twilio.api_key_secret
            if twilio.account_sid and (twilio.auth_token or key):
                return _twilio(twilio, twilio.account_sid, _open(twilio.auth_token))
            needed = ("twilio.account_sid", "twilio.auth_token")
        case "telnyx":
            if telnyx.api_key and telnyx.connection_id:
                return _telnyx(telnyx, _open(telnyx.api_key), telnyx.connection_id)
            needed = ("telnyx.api_key", "telnyx.connection_id")
        case "plivo":
            if plivo.auth_id and plivo.auth_token:
                return _plivo(plivo, plivo.auth_id, _open(plivo.auth_token))
            needed = ("plivo.auth_id", "plivo.auth_token")
        case _:
            raise BadParameters(f"no account is known of the carrier {name!r}: name twilio, telnyx or plivo")
    raise ConfigError([Fault(needed[0], f"`{needed[0]}` and `{needed[1]}` are needed to ask {name} for anything")])


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _beyond(carrier: Carrier, config: Config) -> Iterator[Fault]:
    """Say what the configuration asks of all carriers and this one cannot do."""
    can = carrier.capabilities
    if not config.streaming.enabled and not can.prompts:
        message = (
            f"calls without media streams are not possible on {carrier.name}: it cannot speak and listen by itself"
        )
        yield Fault("streaming.enabled", message)
    if config.outbound.machine != "off" and not can.machine_detection:
        yield Fault("outbound.machine", f"{carrier.name} does not say whether a machine answered")


def _carriers(config: Config, mock_secret: str, network_url: str | None) -> Iterator[Carrier]:
    if network_url is not None:
        yield plugins.find("carrier", "mock")(mock_secret, network_url)
    if config.twilio.account_sid and config.twilio.auth_token:
        yield _twilio(config.twilio, config.twilio.account_sid, config.twilio.auth_token.get_secret_value())
    telnyx = config.telnyx
    if telnyx.api_key and telnyx.connection_id and (telnyx.public_key or config.skip_signature_verification):
        yield _telnyx(telnyx, telnyx.api_key.get_secret_value(), telnyx.connection_id)
    if config.plivo.auth_id and config.plivo.auth_token:
        yield _plivo(config.plivo, config.plivo.auth_id, config.plivo.auth_token.get_secret_value())


def _twilio(options: Twilio, account_sid: str, auth_token: str) -> Carrier:
    key = None
    if options.api_key_sid and options.api_key_secret:
        key = (options.api_key_sid, options.api_key_secret.get_secret_value())
    carrier: Carrier = plugins.find("carrier", "twilio")(
        account_sid,
        auth_token,
        api_base_url=options.api_base_url,
        region=options.region,
        signing_keys=[(key.id, key.secret.get_secret_value().encode()) for key in options.signing_keys],
        api_key=key,
        voice=options.voice,
        language=options.language,
    )
    return carrier


def _telnyx(options: Telnyx, api_key: str, connection_id: str) -> Carrier:
    carrier: Carrier = plugins.find("carrier", "telnyx")(
        api_key,
        connection_id,
        options.public_key or "",
        api_base_url=options.api_base_url,
        voice=options.voice,
        language=options.language,
        codec=options.codec,
    )
    return carrier


def _plivo(options: Plivo, auth_id: str, auth_token: str) -> Carrier:
    carrier: Carrier = plugins.find("carrier", "plivo")(
        auth_id,
        auth_token,
        api_base_url=options.api_base_url,
        voice=options.voice,
        language=options.language,
        codec=options.codec,
    )
    return carrier
