"""Keys that the caller presses, collected until they make an entry: a turn of the conversation like any other. Pure."""

from __future__ import annotations

from voicecall.core import turns
from voicecall.core.call import Phase
from voicecall.core.draft import Draft

KEYS = "keys"


def pressed(draft: Draft, digit: str) -> None:
    """The caller pressed a key: the agent falls silent, and the entry ends with it or goes on."""
    call, rules = draft.call, draft.call.rules.turns
    if call.phase is not Phase.ACTIVE or call.mode != "conversation" or call.machine:
        return
    draft.turn(turns.keys_pressed(call.turns, rules))
    ends = digit in rules.digits_end
    draft.set(keys=call.keys if ends and call.keys else call.keys + digit)
    if ends or len(draft.call.keys) == rules.digits_count:
        entered(draft)
    else:
        draft.start(KEYS, rules.digits_patience)


def entered(draft: Draft) -> None:
    """The entry is complete."""
    keys = draft.call.keys
    draft.stop(KEYS)
    draft.set(keys="")
    draft.turn(turns.keys_entered(draft.call.turns, keys, draft.at))
