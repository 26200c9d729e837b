"""OpenClaw's keys for its voice-call plugin that are not spelled like ours, and what becomes of each."""

from __future__ import annotations

RENAMED: dict[str, str] = {
    "maxDurationSeconds": "limits.max_duration_seconds",
    "maxConcurrentCalls": "limits.max_concurrent_calls",
    "staleCallReaperSeconds": "limits.stale_call_seconds",
    "transcriptTimeoutMs": "limits.transcript_timeout_ms",
    "ringTimeoutMs": "limits.ring_timeout_ms",
    "tailscale.mode": "tunnel.provider",
    "tailscale.port": "tunnel.port",
    "tailscale.path": "tunnel.path",
    "sessionScope": "brain.openclaw.session_scope",
    "agentId": "brain.openclaw.agent_id",
    "responseModel": "brain.model",
    "responseSystemPrompt": "brain.instructions",
    "responseTimeoutMs": "brain.timeout_ms",
    "streaming.provider": "stt.provider",
    "streaming.sttProvider": "stt.provider",
    "streaming.openaiApiKey": "stt.openai.api_key",
    "streaming.sttModel": "stt.openai.model",
    "twilio.from": "from_number",
}
"""Their key to ours."""

LEGACY = frozenset(
    {
        "streaming.sttProvider",
        "streaming.openaiApiKey",
        "streaming.sttModel",
        "twilio.from",
        "tailscale.mode",
        "tailscale.port",
        "tailscale.path",
    }
)
"""Keys that yield to those which took their place."""

_OF_THE_AGENT = "the agent decides this itself"
_OF_THE_HOST = "it speaks of OpenClaw's own chats, not of calls"

NO_COUNTERPART: dict[str, str] = {
    "silenceTimeoutMs": "OpenClaw does not read it either; turns.endpointing_ms sets the wait",
    "store": "calls are kept in the database of store.url",
    "stt": "it has no effect in OpenClaw; stt.provider chooses who transcribes",
    "streaming.silenceDurationMs": "turns.endpointing_ms sets the wait",
    "streaming.vadThreshold": "turns.vad chooses who detects speech",
    "tunnel.allowNgrokFreeTierLoopbackBypass": "webhook_security says which proxies are believed",
    "realtime.consultThinkingLevel": _OF_THE_AGENT,
    "realtime.consultFastMode": _OF_THE_AGENT,
    "realtime.tools": _OF_THE_AGENT,
    "realtime.fastContext.sources": "earlier calls are looked at",
    "realtime.agentContext": _OF_THE_AGENT,
    "tts.auto": _OF_THE_HOST,
    "tts.enabled": _OF_THE_HOST,
    "tts.mode": _OF_THE_HOST,
    "tts.persona": _OF_THE_HOST,
    "tts.personas": _OF_THE_HOST,
    "tts.summaryModel": _OF_THE_HOST,
    "tts.modelOverrides": _OF_THE_HOST,
    "tts.prefsPath": _OF_THE_HOST,
    "tts.maxTextLength": _OF_THE_HOST,
    "tts.timeoutMs": "the time limit of a voice is not configured here",
}
"""Their keys that mean nothing here, and why."""

VENDORS: dict[str, tuple[str, dict[str, str]]] = {
    "streaming": (
        "stt",
        {
            "openai": "openai",
            "openai-realtime": "openai",
            "deepgram": "deepgram",
            "elevenlabs": "elevenlabs",
            "cartesia": "cartesia",
        },
    ),
    "tts": (
        "tts",
        {"openai": "openai", "elevenlabs": "elevenlabs", "cartesia": "cartesia", "deepgram": "deepgram"},
    ),
    "realtime": ("realtime", {"openai": "openai", "google": "gemini", "gemini": "gemini"}),
}
"""Their table with `providers` in it: our table, and our name of each vendor."""

VALUES: dict[str, dict[str, str | None]] = {
    "provider": {"log": "mock"},
    "tunnel.provider": {"off": "none", "serve": "tailscale-serve", "funnel": "tailscale-funnel"},
    "stt.provider": {"openai-realtime": "openai", "mistral": None, "xai": None},
    "tts.provider": {
        "edge": None,
        "microsoft": None,
        "azure-speech": None,
        "google": None,
        "gradium": None,
        "inworld": None,
        "minimax": None,
        "mistral": None,
        "openrouter": None,
        "tts-local-cli": None,
        "volcengine": None,
        "vydra": None,
        "xai": None,
        "xiaomi": None,
    },
    "realtime.provider": {"google": "gemini"},
}
"""Values of our keys that OpenClaw spells otherwise; None has no counterpart."""
