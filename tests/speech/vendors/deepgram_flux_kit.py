"""Deepgram's Flux for the contract tests."""

from __future__ import annotations

from tests.speech.vendors.deepgram_kit import Kit
from tests.speech.vendors.kits import SttKit

STT: SttKit = Kit("flux")
