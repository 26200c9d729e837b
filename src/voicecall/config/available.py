"""What a configuration may name and this version cannot do."""

from __future__ import annotations

from voicecall.errors import ConfigError, Fault

from .model import Config


def check_available(config: Config) -> None:
    """Refuse what the configuration may name and this version cannot do, rather than do something else.

    Raises:
        ConfigError: it asks for such things; all of them are listed.
    """
    faults = []
    if config.realtime.enabled:
        faults.append(Fault("realtime.enabled", "speech to speech is not available in this version; set it to false"))
    if faults:
        raise ConfigError(faults)
