"""Commands about the carrier's settings of a number; no daemon is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from voicecall.config.load import Loaded, load
from voicecall.errors import BadParameters

from .options import ConfigFile, Json
from .output import as_json, printable

if TYPE_CHECKING:  # costs time that commands about other things need not spend
    from voicecall.app.numbers import Change, Numbers
    from voicecall.carriers.numbers import NumberSettings

T = TypeVar("T")
CarrierOf = Annotated[str | None, typer.Option("--carrier", metavar="NAME", help="Default `provider`.")]
NumberOf = Annotated[str | None, typer.Option("--number", metavar="NUMBER", help="Default `from_number`.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    family = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Show or change what the carrier does with calls to a number."
    )
    family.command("show")(_show)
    family.command("point")(_point)
    family.command("undo")(_undo)
    app.add_typer(family, name="number")


def _show(
    carrier: CarrierOf = None, number: NumberOf = None, config: ConfigFile = None, as_json_: Json = False
) -> None:
    """Show where the carrier announces calls to a number."""
    loaded = load(config)
    carrier, number = _which(loaded, carrier, number)
    url = _webhook_url(loaded)

    settings = _ask(loaded, lambda numbers: numbers.show(carrier, number))
    here = None if url is None else settings.leads_to(url)
    if as_json_:
        as_json({"carrier": carrier, "number": number, **_plain(settings), "pointsHere": here})
        return
    typer.echo(f"{number} at {carrier}")
    for label, value in _rows(settings).items():
        typer.echo(f"{label + ':':<14} {printable(value) or '–'}")
    if url is not None:
        words = "calls come here" if here else "point it there with `voicecall number point`"
        typer.echo(f"{'this gateway:':<14} {url}: {words}")


def _point(
    carrier: CarrierOf = None,
    number: NumberOf = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Where calls are announced; default `public_url`.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also to a URL that is not public.")] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
) -> None:
    """Have the carrier announce calls to a number here; what was there is kept for `undo`."""
    loaded = load(config)
    carrier, number = _which(loaded, carrier, number)
    target = url or _webhook_url(loaded)
    if target is None:
        raise BadParameters("where are calls to be announced? Give --url URL, or set `public_url` in the configuration")
    change = _ask(loaded, lambda numbers: numbers.point(carrier, number, target, force=force))
    _tell(carrier, number, change, "it points there already: nothing was changed", as_json_)


def _undo(
    carrier: CarrierOf = None,
    number: NumberOf = None,
    force: Annotated[bool, typer.Option("--force", help="Also what somebody else changed since.")] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
) -> None:
    """Put the number's settings back as they were before `point`."""
    loaded = load(config)
    carrier, number = _which(loaded, carrier, number)
    change = _ask(loaded, lambda numbers: numbers.undo(carrier, number, force=force))
    _tell(carrier, number, change, "there is nothing to undo", as_json_)


def _which(loaded: Loaded, carrier: str | None, number: str | None) -> tuple[str, str]:
    from voicecall.app.carriers import from_number

    config = loaded.config
    carrier = carrier or config.provider
    if carrier == "mock":
        raise BadParameters("the mock network's numbers have no settings: name a carrier with --carrier")
    number = number or from_number(config, carrier)
    if number is None:
        raise BadParameters("which number? Give --number NUMBER, or set `from_number` in the configuration")
    return carrier, number


def _webhook_url(loaded: Loaded) -> str | None:
    return loaded.config.public_url or loaded.state.announced_public_url()


def _ask(loaded: Loaded, question: Callable[[Numbers], Awaitable[T]]) -> T:
    from voicecall.app.numbers import Numbers
    from voicecall.net.http import Http

    async def ask() -> T:
        async with Http() as http:
            return await question(Numbers(loaded.config, loaded.state, http))

    return asyncio.run(ask())


def _tell(carrier: str, number: str, change: Change, otherwise: str, as_json_: bool) -> None:
    if as_json_:
        before, after = _plain(change.before), _plain(change.after)
        as_json({"carrier": carrier, "number": number, "changed": change.changed, "before": before, "after": after})
        return
    if not change.changed:
        typer.echo(f"{number} at {carrier}: {otherwise}")
        return
    typer.echo(f"{number} at {carrier}")
    now = _rows(change.after)
    for label, was in _rows(change.before).items():
        if was != now[label]:
            typer.echo(f"{label + ':':<14} {printable(was) or '–'} -> {printable(now[label]) or '–'}")
        elif was:
            typer.echo(f"{label + ':':<14} {printable(was)} (as it was)")


def _plain(settings: NumberSettings) -> dict[str, str]:
    return {
        "voiceUrl": settings.voice_url,
        "voiceMethod": settings.voice_method,
        "statusUrl": settings.status_url,
        "fallbackUrl": settings.fallback_url,
        "application": settings.application,
    }


def _rows(settings: NumberSettings) -> dict[str, str]:
    method = "" if settings.voice_method == "POST" else f" ({settings.voice_method})"
    return {
        "calls go to": settings.voice_url and settings.voice_url + method,
        "their end": settings.status_url,
        "if that fails": settings.fallback_url,
        "application": settings.application,
    }
