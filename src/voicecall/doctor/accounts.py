"""Checks of the carriers: do they take our credentials, is there a number, does the number lead here, is it as late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from voicecall.app.carriers import from_number, make_carriers
from voicecall.app.numbers import Numbers
from voicecall.carriers import Carrier
from voicecall.carriers.accounts import HasAccount, Question
from voicecall.carriers.numbers import NumberSettings
from voicecall.config.model import Config
from voicecall.core.ids import mask
from voicecall.errors import BadParameters, CarrierError, ConfigError
from voicecall.net.http import Http

from . import Check, fail, merged, ok, warn
from .asking import Answer, ask

_TOLERANCE = 300.0
"""Seconds by which a signed time may be off."""
_NOTICEABLE = 20.0
_PATIENCE = 10.0
"""Seconds for all questions about a number; some take several."""


def carriers_of(config: Config) -> Mapping[str, Carrier]:
    """Return the carriers that there are credentials for, but for the mock network."""
    try:
        return make_carriers(config, "", None)
    except ConfigError:
        return {}


async def credentials(carrier: Carrier, http: Http) -> tuple[Check, list[Answer]]:
    """Ask a carrier whether it knows us; return also what it answered."""
    id_ = f"credentials-{carrier.name}"
    if not isinstance(carrier, HasAccount):
        return ok(id_, "not asked"), []
    found, answers = [], []
    for question in carrier.questions():
        request = question.request
        answer = await ask(http, request.method, request.url, request.headers)
        answers.append(answer)
        found.append(_judged(id_, carrier, question, answer))
    return merged(id_, found), answers


def _judged(id_: str, carrier: HasAccount, question: Question, answer: Answer) -> Check:
    keys = question.keys
    if answer.good:
        if lacking := carrier.shortcoming(answer.body):
            return warn(id_, f"the credentials are right, but the account {lacking}", "see the carrier's console")
        return ok(id_, f"{answer.host} takes {keys}")
    if answer.refused:
        fix = f"copy {keys} anew from the carrier's console; look out for another account, region or test credentials"
        return fail(id_, f"{answer.host} refuses {keys} (HTTP {answer.status})", fix)
    if answer.status == 404 and question.named:
        return fail(id_, f"{answer.host} knows no such {question.named}", f"copy {question.named} from the console")
    if answer.silence:
        fix = "see that this machine reaches the internet: DNS, firewall, HTTPS_PROXY"
        return fail(id_, f"{keys} could not be tried: {answer.silence}", fix)
    message = f"{answer.host} answered HTTP {answer.status}, so that {keys} could not be tried"
    return warn(id_, message, "try again; see the carrier's status page")


async def number(carrier: str, config: Config, numbers: Numbers, public_url: str | None, *, fix: bool) -> Check:
    """See whether calls can be placed from a number, and whether those to it are announced here.

    `public_url` is where carriers find us, where that is known. `fix` has calls announced here, where anybody may call.
    """
    id_, ours = f"number-{carrier}", from_number(config, carrier)
    if ours is None:
        return fail(
            id_,
            f"there is no number to call from on {carrier}",
            f'{carrier}.from_number = "+15551234567", a number of the account',
        )
    if config.to_number == ours:
        return warn(id_, f"from_number and to_number are both {mask(ours)}", "write another to_number")
    try:
        async with asyncio.timeout(_PATIENCE):
            settings = await numbers.show(carrier, ours)
            if public_url is None:
                return ok(id_, f"calls are placed from {mask(ours)}, a number of the account")
            wanted = public_url if carrier == config.provider else f"{public_url}/{carrier}"
            if settings.leads_to(public_url) or settings.leads_to(f"{public_url}/{carrier}"):
                return ok(id_, f"calls to {mask(ours)} are announced at {settings.voice_url}")
            return await _elsewhere(carrier, ours, wanted, settings, numbers, config, fix=fix)
    except CarrierError as error:
        if error.code == "unknown-number":
            own = f"write a number of that account in {carrier}.from_number, or buy this one"
            return fail(id_, f"{mask(ours)} is no number of the {carrier} account", own)
        return warn(id_, f"where {mask(ours)} leads could not be asked: {error}", "see the carrier's console")
    except TimeoutError:
        return warn(id_, f"{carrier} did not say in time where {mask(ours)} leads", "try again")


async def _elsewhere(
    carrier: str, ours: str, wanted: str, settings: NumberSettings, numbers: Numbers, config: Config, *, fix: bool
) -> Check:
    """Return the check of a number that does not lead here."""
    id_ = f"number-{carrier}"
    told = f"at {settings.voice_url}" if settings.voice_url else "nowhere"
    message = f"calls to {mask(ours)} are announced {told}, not at {wanted}"
    command = f"voicecall number point --carrier {carrier}"
    if config.line(ours).inbound_policy == "disabled":
        return warn(id_, f"{message}; nobody may call anyway", f"{command}, once somebody may")
    if not fix:
        return fail(id_, message, f"{command}, or voicecall doctor --fix")
    try:
        await numbers.point(carrier, ours, wanted)
    except BadParameters as error:
        return fail(id_, f"{message}: {error}", command)
    return ok(id_, f"mended: {message}; voicecall number undo puts that back")


def clock(answers: Iterable[Answer], now: float) -> Check:
    """Compare our clock (`now`, Unix seconds) with the carriers'."""
    skews = [now - answer.time for answer in answers if answer.time is not None]
    if not skews:
        return ok("clock", "not compared: no carrier told the time")
    skew = max(skews, key=abs)
    fix = "have the clock set from the network: timedatectl set-ntp true"
    way = "ahead of" if skew > 0 else "behind"
    message = f"our clock is {abs(skew):.0f} s {way} the carrier's"
    if abs(skew) >= _TOLERANCE - _NOTICEABLE:
        return fail("clock", f"{message}: signatures and stream credentials are refused", fix)
    return warn("clock", message, fix) if abs(skew) > _NOTICEABLE else ok("clock", "agrees with the carrier's")
