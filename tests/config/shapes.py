"""Every key that OpenClaw's voice-call plugin has or had, each with a value of our own and what it means here.

Source: the schema of the plugin, versions 2026.1.24 to 2026.9.6; legacy keys as its own migration names them.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Shape(NamedTuple):
    """One key."""

    value: Any
    """A JSON value of our own."""
    becomes: str | None = None
    """Our key; None: it has no counterpart, and a remark says why."""
    means: Any = None
    """What our key holds then, where that is not `value`."""


_PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
_TOOL = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
_LINE = 'lines."+15550001111".'
NUMBER = "+15550001111"
_AT = f"numbers.{NUMBER}."

SHAPES: dict[str, Shape] = {
    "enabled": Shape(True),
    "provider": Shape("telnyx", "provider"),
    "fromNumber": Shape("+15550001111", "from_number"),
    "toNumber": Shape("+15550002222", "to_number"),
    "inboundPolicy": Shape("pairing", "inbound_policy"),
    "allowFrom": Shape(["+15550003333", "+15550004444"], "allow_from"),
    "inboundGreeting": Shape("Hello from here", "inbound_greeting"),
    "outbound.defaultMode": Shape("conversation", "outbound.default_mode"),
    "outbound.notifyHangupDelaySec": Shape(0, "outbound.notify_hangup_delay_sec"),
    "maxDurationSeconds": Shape(601, "limits.max_duration_seconds"),
    "staleCallReaperSeconds": Shape(0, "limits.stale_call_seconds"),
    "silenceTimeoutMs": Shape(900),
    "transcriptTimeoutMs": Shape(90_001, "limits.transcript_timeout_ms"),
    "ringTimeoutMs": Shape(20_001, "limits.ring_timeout_ms"),
    "maxConcurrentCalls": Shape(3, "limits.max_concurrent_calls"),
    "serve.port": Shape(4444, "serve.port"),
    "serve.bind": Shape("0.0.0.0", "serve.bind"),  # noqa: S104 - nothing is bound
    "serve.path": Shape("/hook", "serve.path"),
    "tailscale.mode": Shape("funnel", "tunnel.provider", "tailscale-funnel"),
    "tailscale.port": Shape(8443, "tunnel.port"),
    "tailscale.path": Shape("/p/hook", "tunnel.path"),
    "tunnel.provider": Shape("tailscale-serve", "tunnel.provider"),
    "tunnel.ngrokAuthToken": Shape("a token", "tunnel.ngrok_auth_token"),
    "tunnel.ngrokDomain": Shape("a.ngrok.app", "tunnel.ngrok_domain"),
    "tunnel.allowNgrokFreeTierLoopbackBypass": Shape(True),
    "webhookSecurity.allowedHosts": Shape(["a.example.org"], "webhook_security.allowed_hosts"),
    "webhookSecurity.trustForwardingHeaders": Shape(True, "webhook_security.trust_forwarding_headers"),
    "webhookSecurity.trustedProxyIPs": Shape(["10.0.0.1"], "webhook_security.trusted_proxy_ips"),
    "publicUrl": Shape("https://a.example.org/voice/webhook", "public_url"),
    "skipSignatureVerification": Shape(True, "skip_signature_verification"),
    "sessionScope": Shape("per-call", "brain.openclaw.session_scope"),
    "agentId": Shape("sales", "brain.openclaw.agent_id"),
    "responseModel": Shape("openai/gpt-test", "brain.model"),
    "responseSystemPrompt": Shape("Be brief.", "brain.instructions"),
    "responseTimeoutMs": Shape(20_002, "brain.timeout_ms"),
    "store": Shape("~/.openclaw/voice-calls"),
    "stt": Shape({"provider": "openai", "model": "whisper-1"}),
    "twilio.accountSid": Shape("AC1", "twilio.account_sid"),
    "twilio.authToken": Shape("a token", "twilio.auth_token"),
    "twilio.region": Shape("ie1", "twilio.region"),
    "telnyx.apiKey": Shape("a key", "telnyx.api_key"),
    "telnyx.connectionId": Shape("7", "telnyx.connection_id"),
    "telnyx.publicKey": Shape(_PUBLIC_KEY, "telnyx.public_key"),
    "plivo.authId": Shape("MA1", "plivo.auth_id"),
    "plivo.authToken": Shape("a token", "plivo.auth_token"),
    "streaming.enabled": Shape(False, "streaming.enabled"),
    "streaming.provider": Shape("deepgram", "stt.provider"),
    "streaming.streamPath": Shape("/media", "streaming.stream_path"),
    "streaming.preStartTimeoutMs": Shape(6001, "streaming.pre_start_timeout_ms"),
    "streaming.maxPendingConnections": Shape(16, "streaming.max_pending_connections"),
    "streaming.maxPendingConnectionsPerIp": Shape(2, "streaming.max_pending_connections_per_ip"),
    "streaming.maxConnections": Shape(64, "streaming.max_connections"),
    "streaming.providers.openai.apiKey": Shape("a key", "stt.openai.api_key"),
    "streaming.providers.openai.model": Shape("gpt-4o-transcribe", "stt.openai.model"),
    "streaming.providers.openai.silenceDurationMs": Shape(700),
    "streaming.providers.openai.vadThreshold": Shape(0.4),
    "streaming.providers.deepgram.apiKey": Shape("a key", "stt.deepgram.api_key"),
    "streaming.providers.elevenlabs.apiKey": Shape("a key", "stt.elevenlabs.api_key"),
    "streaming.providers.mistral.apiKey": Shape("a key"),
    "streaming.providers.xai.apiKey": Shape("a key"),
    "realtime.enabled": Shape(True, "realtime.enabled"),
    "realtime.provider": Shape("google", "realtime.provider", "gemini"),
    "realtime.streamPath": Shape("/voice/stream/realtime", "realtime.stream_path"),
    "realtime.instructions": Shape("Be brief.", "realtime.instructions"),
    "realtime.toolPolicy": Shape("owner", "realtime.tool_policy"),
    "realtime.consultPolicy": Shape("always", "realtime.consult_policy"),
    "realtime.consultThinkingLevel": Shape("low"),
    "realtime.consultFastMode": Shape(True),
    "realtime.tools": Shape([_TOOL]),
    "realtime.fastContext.enabled": Shape(True, "realtime.fast_context.enabled"),
    "realtime.fastContext.timeoutMs": Shape(500, "realtime.fast_context.timeout_ms"),
    "realtime.fastContext.maxResults": Shape(2, "realtime.fast_context.max_results"),
    "realtime.fastContext.sources": Shape(["memory"]),
    "realtime.fastContext.fallbackToConsult": Shape(True, "realtime.fast_context.fallback_to_consult"),
    "realtime.agentContext": Shape({"enabled": True, "maxChars": 5000, "includeIdentity": True, "files": ["SOUL.md"]}),
    "realtime.agentContext.includeWorkspaceFiles": Shape(True),
    "realtime.agentContext.includeSystemPrompt": Shape(True),
    "realtime.providers.openai.apiKey": Shape("a key", "realtime.openai.api_key"),
    "realtime.providers.openai.interruptResponseOnInputAudio": Shape(False),
    "realtime.providers.google.apiKey": Shape("a key", "realtime.gemini.api_key"),
    "tts.auto": Shape("off"),
    "tts.enabled": Shape(True),
    "tts.mode": Shape("final"),
    "tts.provider": Shape("elevenlabs", "tts.provider"),
    "tts.persona": Shape("calm"),
    "tts.personas": Shape({"calm": {"label": "Calm"}}),
    "tts.summaryModel": Shape("openai/gpt-test"),
    "tts.modelOverrides": Shape({"enabled": True, "allowVoice": False}),
    "tts.prefsPath": Shape("~/tts.json"),
    "tts.maxTextLength": Shape(1000),
    "tts.timeoutMs": Shape(9000),
    "tts.providers.openai.apiKey": Shape("a key", "tts.openai.api_key"),
    "tts.providers.openai.baseUrl": Shape("https://tts.example.org/v1", "tts.openai.api_base_url"),
    "tts.providers.openai.model": Shape("gpt-4o-mini-tts", "tts.openai.model"),
    "tts.providers.openai.voice": Shape("nova", "tts.openai.voice"),
    "tts.providers.openai.speakerVoice": Shape("nova", "tts.openai.voice"),
    "tts.providers.openai.speakerVoiceId": Shape("nova", "tts.openai.voice"),
    "tts.providers.openai.speed": Shape(1.5, "tts.openai.speed"),
    "tts.providers.openai.instructions": Shape("calmly", "tts.openai.instructions"),
    "tts.providers.elevenlabs.apiKey": Shape("a key", "tts.elevenlabs.api_key"),
    "tts.providers.elevenlabs.baseUrl": Shape("https://tts.example.org", "tts.elevenlabs.api_base_url"),
    "tts.providers.elevenlabs.voiceId": Shape("v1", "tts.elevenlabs.voice"),
    "tts.providers.elevenlabs.voice": Shape("v1", "tts.elevenlabs.voice"),
    "tts.providers.elevenlabs.modelId": Shape("eleven_flash_v2_5", "tts.elevenlabs.model"),
    "tts.providers.elevenlabs.seed": Shape(7),
    "tts.providers.elevenlabs.normalization": Shape("auto"),
    "tts.providers.elevenlabs.language": Shape("de", "tts.elevenlabs.language"),
    "tts.providers.elevenlabs.voiceSettings": Shape({"stability": 0.5, "useSpeakerBoost": True}),
    "tts.providers.microsoft.voice": Shape("en-US-AvaNeural"),
    f"{_AT}inboundGreeting": Shape("Sales, hello", f"{_LINE}inbound_greeting"),
    f"{_AT}tts.provider": Shape("openai", f"{_LINE}tts.provider"),
    f"{_AT}tts.providers.openai.voice": Shape("nova", f"{_LINE}tts.openai.voice"),
    f"{_AT}agentId": Shape("sales", f"{_LINE}brain.openclaw.agent_id"),
    f"{_AT}responseModel": Shape("openai/gpt-test", f"{_LINE}brain.model"),
    f"{_AT}responseSystemPrompt": Shape("Sell.", f"{_LINE}brain.instructions"),
    f"{_AT}responseTimeoutMs": Shape(4001, f"{_LINE}brain.timeout_ms"),
}
"""By their key, dotted, of today's versions."""

LEGACY: dict[str, Shape] = {
    "twilio.from": Shape("+15550009999", "from_number"),
    "streaming.sttProvider": Shape("openai", "stt.provider"),
    "streaming.openaiApiKey": Shape("a key", "stt.openai.api_key"),
    "streaming.sttModel": Shape("whisper-1", "stt.openai.model"),
    "streaming.silenceDurationMs": Shape(700),
    "streaming.vadThreshold": Shape(0.4),
    "tts.openai.apiKey": Shape("a key", "tts.openai.api_key"),
    "tts.openai.voice": Shape("nova", "tts.openai.voice"),
    "tts.openai.model": Shape("gpt-4o-mini-tts", "tts.openai.model"),
    "tts.elevenlabs.voiceId": Shape("v1", "tts.elevenlabs.voice"),
    "tts.elevenlabs.modelId": Shape("eleven_flash_v2_5", "tts.elevenlabs.model"),
    "tts.edge.voice": Shape("en-US-AvaNeural"),
    "tts.microsoft.voice": Shape("en-US-AvaNeural"),
    f"{_AT}tts.openai.voice": Shape("nova", f"{_LINE}tts.openai.voice"),
}
"""Those that its own migration rewrites."""

VALUES: dict[str, list[tuple[Any, Any]]] = {
    "provider": [("twilio", "twilio"), ("telnyx", "telnyx"), ("plivo", "plivo"), ("mock", "mock"), ("log", "mock")],
    "inboundPolicy": [(name, name) for name in ("disabled", "allowlist", "pairing", "open")],
    "outbound.defaultMode": [(name, name) for name in ("notify", "conversation")],
    "tailscale.mode": [("off", "none"), ("serve", "tailscale-serve"), ("funnel", "tailscale-funnel")],
    "tunnel.provider": [(name, name) for name in ("none", "ngrok", "tailscale-serve", "tailscale-funnel")],
    "sessionScope": [(name, name) for name in ("per-phone", "per-call", "main")],
    "twilio.region": [(name, name) for name in ("us1", "ie1", "au1")],
    "realtime.toolPolicy": [(name, name) for name in ("safe-read-only", "owner", "none")],
    "realtime.consultPolicy": [(name, name) for name in ("auto", "substantive", "always")],
    "streaming.provider": [
        *((name, name) for name in ("openai", "deepgram", "elevenlabs")),
        ("openai-realtime", "openai"),
        ("mistral", "local"),
        ("xai", "local"),
    ],
    "tts.provider": [
        *((name, name) for name in ("openai", "elevenlabs")),
        *((name, "local") for name in ("edge", "microsoft", "google", "xai")),
    ],
}
"""By their key: each of its values, and what it means here."""

DEFAULTS: dict[str, Any] = {
    "inbound_policy": "disabled",
    "allow_from": (),
    "outbound.default_mode": "notify",
    "outbound.notify_hangup_delay_sec": 3,
    "limits.max_duration_seconds": 300,
    "limits.stale_call_seconds": 120,
    "limits.transcript_timeout_ms": 180_000,
    "limits.ring_timeout_ms": 30_000,
    "limits.max_concurrent_calls": 1,
    "serve.port": 3334,
    "serve.bind": "127.0.0.1",
    "serve.path": "/voice/webhook",
    "tunnel.provider": "none",
    "tunnel.port": 443,
    "webhook_security.allowed_hosts": (),
    "webhook_security.trust_forwarding_headers": False,
    "webhook_security.trusted_proxy_ips": (),
    "skip_signature_verification": False,
    "brain.openclaw.session_scope": "per-phone",
    "brain.timeout_ms": 30_000,
    "streaming.enabled": False,
    "streaming.stream_path": "/voice/stream",
    "streaming.pre_start_timeout_ms": 5000,
    "streaming.max_pending_connections": 32,
    "streaming.max_pending_connections_per_ip": 4,
    "streaming.max_connections": 128,
    "realtime.enabled": False,
    "realtime.tool_policy": "safe-read-only",
    "realtime.consult_policy": "auto",
    "realtime.fast_context.enabled": False,
    "realtime.fast_context.timeout_ms": 800,
    "realtime.fast_context.max_results": 3,
    "realtime.fast_context.fallback_to_consult": False,
}
"""By our key: what holds there where nothing is written."""
