"""Why each check matters, in one sentence. The page about the doctor is drawn from this table."""

from __future__ import annotations

from collections.abc import Mapping

WHY: Mapping[str, str] = {
    "call": "What became of one call, by its own events (`--call-id`).",
    "config": "A faulty configuration is not served, and `serve` ends at once.",
    "state-dir": "Tokens, keys and the archive live there: it must be writable, and nobody else may read it.",
    "disk": "A call that cannot be saved is not begun, and one that is under way is ended.",
    "ports": "Carriers reach the public port, and commands the control port: one program each.",
    "models": "The engines that hear and speak on this machine run only on the model files that they came with.",
    "store": "Calls are written there before anything is done about them, and taken over from there after a restart.",
    "log": "When a call goes wrong, the log is the first place to look.",
    "daemon": "Only a running daemon answers calls and places them.",
    "public-url": "Carriers send webhooks and open media streams there, and sign what they send with it.",
    "webhook-path": "A path that a proxy changes is not the one that was signed, and may lead nowhere.",
    "signature": "The signature is all that tells a carrier from somebody who pretends to be one.",
    "stream": "The sound of a call goes over a WebSocket, which a proxy passes on only when told to.",
    "tunnel": "A gateway without a public address is reached by its tunnel, or not at all.",
    "inbound-policy": "It decides who may call; whoever it does not name is turned away before anything is said.",
    "limits": "A limit that is set too low, or not at all, ends calls, refuses them, or lets dead ones take up lines.",
    "budget": "What it does not allow is not dialled, whoever asks.",
    "credentials-<carrier>": "Calls are placed and hung up with them, and webhooks are verified.",
    "number-<carrier>": "Calls are placed from a number of the account, and arrive where it leads.",
    "stt": "What callers say is understood by it; without it, the agent hears nothing.",
    "tts": "What the agent says is spoken by it; without it, the caller hears nothing.",
    "brain": "It answers; without it, the caller hears an apology.",
    "realtime": "Where one model hears, answers and speaks, it has the calls; without it, they go on more slowly.",
    "clock": "Signatures older than five minutes and stream credentials older than one are refused.",
}
"""By id; `<carrier>` stands for a carrier's name."""


def why(id_: str) -> str:
    """Return why a check matters."""
    family = id_.partition("-")[0]
    return WHY.get(id_) or WHY[f"{family}-<carrier>"]
