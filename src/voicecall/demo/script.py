"""What the simulated caller does, and what the network does to the call when it is told to misbehave."""

from __future__ import annotations

from voicecall.core.operations import CallerStep
from voicecall.emulators.faults import Faults

CALLER = "+15550123456"

STEPS = [
    CallerStep(listen=0.8),
    CallerStep(say="Hello, can you tell me what time it is?"),
    CallerStep(listen=0.8),
    CallerStep(say="And what can you do for me?"),
    CallerStep(onset=1.0),
    CallerStep(say="Can you take a message for Anna?"),
    CallerStep(listen=1.5),
    CallerStep(say="Please tell her that I will be late for dinner."),
    CallerStep(listen=1.5),
    CallerStep(say="Can you repeat that for me?"),
    CallerStep(listen=1.5),
    CallerStep(say="Thank you and goodbye."),
]
"""The fifth step lets the agent speak for so long; the sixth then talks over it. The agent hangs up.

Answers of several sentences are given 1.5 s of silence, so that a busy machine's pause between two is not their end.
"""

FAULTS = Faults(
    webhook_delay={"incoming": 0.8, "stream-ended": 0.2, "ended": 0.6},
    webhook_duplicate=("incoming", "stream-ended", "ended"),
    stream_drop_after=1.0,
    stream_return_after=0.2,
)
"""The socket is cut while the greeting is being said."""
FAULTS_IN_WORDS = (
    "every webhook comes late and twice, and the media socket is cut a second after it opened, amid the greeting"
)
LAST_WEBHOOK = 2.0
"""Seconds after the end of the call by which the late and repeated webhooks have arrived."""
