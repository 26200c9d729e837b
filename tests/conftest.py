"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
if settings.get_current_profile_name() == "default":  # `make fuzz` has a profile of its own
    settings.load_profile("unhurried")  # a machine with much to do is no failure
