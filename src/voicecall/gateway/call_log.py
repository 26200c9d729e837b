"""What the log says about a call: what an operator looks for."""

from __future__ import annotations

import structlog

from voicecall.core.call import Call
from voicecall.core.doubts import is_doubtful
from voicecall.core.record import record
from voicecall.gateway.outbox import names

_log = structlog.get_logger()


def tell(before: Call, call: Call) -> None:
    """Log how the call has changed."""
    if call.stream is not None and call.stream != before.stream:
        _log.info("stream.started", stream_id=call.stream, **names(call))
    if call.greeting_state != before.greeting_state:
        match call.greeting_state:
            case "sending":
                _log.info("greeting.speaking", **names(call))
            case "heard":
                _log.info("greeting.heard", **names(call))
            case _:
                _log.warning("greeting.unheard", **names(call))
    for caution in call.warnings[len(before.warnings) :]:
        _log.warning("call.warning", code=caution.code, detail=caution.text, **names(call))
    for line in call.lines[len(before.lines) :]:
        _log.info("call.said", speaker=line.speaker, text=line.text, **names(call))
    if call.is_over and not before.is_over:
        hint = {"hint": f"voicecall doctor --call-id {call.id}"} if is_doubtful(record(call)) else {}
        _log.info("call.ended", reason=call.end_reason, detail=call.end_detail, **hint, **names(call))
