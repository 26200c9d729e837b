"""The composition root: from a configuration to a wired, running gateway. Nothing else knows everything."""

from voicecall.app.serving import Running, new_event_loop, running, serve, store_url, wall_clock

__all__ = ["Running", "new_event_loop", "running", "serve", "store_url", "wall_clock"]
