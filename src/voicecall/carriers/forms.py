"""The parameters of a webhook that is a form, read with suspicion: strangers cannot send them, but carriers change."""

from __future__ import annotations

import re

from voicecall.errors import FrameError

_LONGEST_PARTY = 255


class Parameters:
    """Names and values as they came; carriers add names without notice and send empty values."""

    def __init__(self, carrier: str, pairs: list[tuple[str, str]]) -> None:
        """`carrier` is named in every error."""
        self._carrier = carrier
        self._pairs = pairs

    def one(self, name: str) -> str:
        """Return the value of that name, or nothing.

        Raises:
            FrameError: it has two different values, which are not ours to choose from.
        """
        values = {value for key, value in self._pairs if key == name}
        if len(values) > 1:
            raise self._fault(f"{name} is there more than once")
        return values.pop() if values else ""

    def has(self, *names: str) -> bool:
        """Say whether one of these names is there, with a value or without."""
        return any(key in names for key, _ in self._pairs)

    def need(self, name: str) -> str:
        """Return the value of that name; a signature over both glued together does not tell names from values.

        Raises:
            FrameError: it is not there.
        """
        value = self.one(name)
        if not value:
            raise self._fault(f"{name} is missing")
        return value

    def name(self, name: str, pattern: str) -> str:
        """Return the value of that name, which can be the name of something, as `pattern` says.

        Raises:
            FrameError: it is not there, or not of that form.
        """
        value = self.need(name)
        if re.search(pattern, value) is None:
            raise self._fault(f"{name} is garbled")
        return value

    def party(self, name: str) -> str:
        """Return the value of that name, or nothing: a number, an address, or a word for none.

        Raises:
            FrameError: it can be none of these.
        """
        value = self.one(name)
        if len(value) > _LONGEST_PARTY or not value.isprintable():
            raise self._fault(f"{name} is garbled")
        return value

    def _fault(self, what: str) -> FrameError:
        return FrameError(f"{self._carrier} webhook: {what}")
