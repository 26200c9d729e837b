"""Writes what carriers can do into their page: `python docs/carriers.py`. Their capabilities are the truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from voicecall.app.carriers import make_carriers
from voicecall.config.model import Config
from voicecall.core.rules import Capabilities

PAGE = Path(__file__).with_name("carriers.md")
ORDER = ("twilio", "telnyx", "plivo", "mock")
_PLACE = re.compile(r"(<!-- capabilities -->\n).*?(<!-- /capabilities -->)", re.DOTALL)


def _streams(can: Capabilities) -> str:
    if not can.streaming:
        return "no"
    return "yes; one must close before the next" if can.one_stream else "yes"


def _speech(can: Capabilities) -> str:
    if not can.prompts:
        return "no"
    return "yes; listening is a step of its own" if can.listens_apart else "yes"


def _redirects(can: Capabilities) -> str:
    if not can.redirects:
        return "when it asks"
    return "at any time, once its stream is closed" if can.redirects_on_close else "at any time"


def _pace(can: Capabilities) -> str:
    return "no bound" if can.dials_per_second is None else f"{can.dials_per_second:g}"


ROWS: Mapping[str, Callable[[Capabilities], str]] = {
    "media streams": _streams,
    "its own speech": _speech,
    "digits at the dial": lambda can: "sent by the carrier" if can.digits_at_dial else "sent by the gateway",
    "digits in a call": lambda can: "end the stream for a moment" if can.digits_end_stream else "beside the stream",
    "machine detection": lambda can: _said(can.machine_detection),
    "recording": lambda can: _said(can.recording),
    "transfer": lambda can: _said(can.transfer),
    "codecs": lambda can: ", ".join(f"`{codec}`" for codec in can.codecs),
    "documents": lambda can: "in answers to webhooks" if can.documents else "no, by REST only",
    "a live call takes new instructions": _redirects,
    "what was cleared": lambda can: "is reported" if can.marks_return_on_clear else "is not reported",
    "the stream's credential": lambda can: "in its first message" if can.credential_in_start else "in its URL",
    "handshake signed": lambda can: _said(can.signs_handshake),
    "dials per second": _pace,
}
"""What each row says of a carrier."""


def _said(can: bool) -> str:
    return "yes" if can else "no"


def capabilities() -> Mapping[str, Capabilities]:
    """Return what each carrier can do, by name; the credentials are made up."""
    config = Config.model_validate(
        {
            "skip_signature_verification": True,
            "twilio": {"account_sid": "AC1", "auth_token": "token"},
            "telnyx": {"api_key": "key", "connection_id": "1"},
            "plivo": {"auth_id": "MA1", "auth_token": "token"},
        }
    )
    carriers = make_carriers(config, "secret", "http://127.0.0.1:9000")
    return {name: carriers[name].capabilities for name in ORDER}


def table(carriers: Mapping[str, Capabilities]) -> str:
    """Return the table, a column for each carrier."""
    head = ["", *(f"`{name}`" for name in carriers)]
    rows = [[f"**{row}**", *(say(can) for can in carriers.values())] for row, say in ROWS.items()]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def page_with_table(page: str) -> str:
    """Return the page with the table as it should be."""
    return _PLACE.sub(lambda place: place[1] + table(capabilities()) + place[2], page)


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text("utf-8")), "utf-8")
