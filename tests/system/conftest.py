"""Programs of the system against a running gateway; `prepare` installs them."""

from __future__ import annotations

from tests.e2e.conftest import _ctrl_c_reaches_what_is_started, _hang_fails, gateway

__all__ = ["_ctrl_c_reaches_what_is_started", "_hang_fails", "gateway"]
