"""What all of Deepgram's services have in common: addresses, credentials, and the names of languages."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from voicecall.speech import VendorOptions

_ORIGIN = "https://api.deepgram.com"
_REGIONS = {
    tag.lower(): tag
    for tag in (
        "de-CH en-AU en-CA en-GB en-IN en-NZ en-US es-419 fr-CA ko-KR nl-BE pt-BR pt-PT "
        "zh-CN zh-HK zh-Hans zh-Hant zh-TW"
    ).split()
}
"""Tags of which the recognisers know more than the language."""


def address(options: VendorOptions, path: str, query: Mapping[str, str], *, socket: bool) -> str:
    """Return the URL of a service. What `options.extra` names replaces what `query` says; a name may come repeatedly.

    An empty value in `options.extra` takes a parameter away.
    """
    origin = (options.base_url or _ORIGIN).rstrip("/")
    extra = [(name, value) for name, value in options.extra if name != "vad"]  # who detects speech: not Deepgram's
    named = {name for name, _ in extra}
    kept = [(name, value) for name, value in query.items() if name not in named]
    added = [(name, value) for name, value in extra if value]
    return f"{origin.replace('http', 'ws', 1) if socket else origin}{path}?{urlencode(kept + added)}"


def credentials(options: VendorOptions) -> dict[str, str]:
    """Return the headers that say who asks."""
    return {"Authorization": f"Token {options.api_key}"}


def spelling(tag: str) -> str:
    """Return a BCP 47 tag as the recognisers spell it: without a region that they do not know."""
    return _REGIONS.get(tag.lower(), primary(tag))


def primary(tag: str) -> str:
    """Return the language of a BCP 47 tag, such as `de` of `de-AT`."""
    return tag.split("-")[0].lower()
