"""What no peer sends."""

from __future__ import annotations

from hypothesis import strategies as st

NO_OBJECTS = st.text().filter(lambda text: "{" not in text) | st.binary().filter(lambda data: b"{" not in data)
"""Text and bytes that hold no JSON object: Hypothesis also tries texts that it finds in our own files."""
