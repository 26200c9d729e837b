"""Whether a call that comes in is let in, and how the call begins then."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog

from voicecall.carriers import Delivery, Inbound
from voicecall.core import pairing
from voicecall.core.events import Arrived
from voicecall.core.ids import CallId, mask
from voicecall.core.policy import InboundPolicy, admits, is_identified
from voicecall.core.rules import Rules
from voicecall.gateway.pairing import NotTold, PairingDesk

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reception:
    """How inbound calls to one of our numbers are met."""

    policy: InboundPolicy
    allow_from: tuple[str, ...]
    greeting: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about a caller."""

    refusal: str = ""
    """Why they are not let in, as `Arrived.refusal` has it."""
    code: str = ""
    """The pairing code that they are told instead."""


async def decide(reception: Reception, inbound: Inbound, leg: str, desk: PairingDesk, *, room: bool) -> Verdict:
    """Return what becomes of a caller on this call leg; nobody is told a code where there is no `room` for the call.

    Only for `pairing` it is waited for.

    Raises:
        StoreError: the archive does not say; the call must not be let in.
    """
    if inbound.placed or admits(reception.policy, reception.allow_from, inbound.from_):
        return Verdict()
    if reception.policy != "pairing":
        return Verdict("policy")
    if not is_identified(inbound.from_):
        return Verdict("anonymous")
    if await desk.knows(inbound.from_):
        return Verdict()
    if not room:
        return Verdict("busy")
    try:
        return Verdict(code=await desk.tell(inbound.from_, leg))
    except NotTold as refused:
        return Verdict(refused.reason)


def arrival(
    call_id: CallId,
    carrier: str,
    delivery: Delivery,
    inbound: Inbound,
    reception: Reception,
    rules: Rules,
    given: Verdict,
) -> Arrived:
    """Return the event with which the call begins, and write down what is unusual of it."""
    event = Arrived(
        call_id=call_id,
        carrier=carrier,
        carrier_call_id=delivery.carrier_call_id,
        from_=inbound.from_,
        to=inbound.to,
        greeting=reception.greeting,
        direction="outbound" if inbound.placed else "inbound",
        rules=rules,
        refusal=given.refusal,
    )
    if given.refusal:
        _log.info("inbound.rejected", reason=given.refusal, policy=reception.policy, **_names(event))
    elif given.code:
        _log.info("inbound.pairing", **_names(event))
        notice = pairing.notice(rules.turns.language)
        event = msgspec.structs.replace(event, greeting=notice, rules=pairing.brief(rules), pairing=True)
    return event


def _names(event: Arrived) -> dict[str, str]:
    return {"call_id": event.call_id, "carrier_call_id": event.carrier_call_id, "caller": mask(event.from_)}
