"""What every event is: acted on at once or saved first. Nothing here does anything."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Passing(msgspec.Struct, frozen=True, tag=True):
    """Acted on at once, saved behind."""

    binding: ClassVar[bool] = False


class Binding(msgspec.Struct, frozen=True, tag=True):
    """Saved before it is acted on."""

    binding: ClassVar[bool] = True
