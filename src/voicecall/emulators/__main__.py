"""The mock network as a process of its own: `python -m voicecall.emulators --port 9000`.

With `--twilio`, `--telnyx` or `--plivo`, a simulated carrier stands beside it, on the same phones: the gateway's
`api_base_url` of that carrier points to the URL that is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from voicecall.speech import Speaker, Voice
from voicecall.speech.tts.tone import ToneSynthesizer

from .plivo.account import Account as PlivoAccount, Number as PlivoNumber
from .plivo.server import PlivoServer
from .telnyx.account import Account as TelnyxAccount
from .telnyx.server import TelnyxServer
from .twilio.account import Account as TwilioAccount, Number as TwilioNumber
from .twilio.server import TwilioServer
from .wires import CarrierServer, NetworkServer


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier that can be simulated beside the network."""

    name: str
    port: int
    options: Mapping[str, Mapping[str, Any]]
    """What `add_argument` gets for `--<carrier>-<option>`, beyond `--<carrier>` and `--<carrier>-port`."""
    account: Callable[[argparse.Namespace], Any]
    server: type[CarrierServer[Any, Any]]
    about: str = ""


def _twilio_account(arguments: argparse.Namespace) -> TwilioAccount:
    account = TwilioAccount(sid=arguments.twilio_account, auth_token=arguments.twilio_token)
    for text in arguments.twilio_number:
        number, _, url = text.partition("=")
        account.add(TwilioNumber(number, voice_url=url))
    return account


def _telnyx_account(arguments: argparse.Namespace) -> TelnyxAccount:
    return TelnyxAccount(
        api_key=arguments.telnyx_key,
        connection_id=arguments.telnyx_connection,
        webhook_url=arguments.telnyx_webhook,
        numbers=frozenset(arguments.telnyx_number),
    )


def _plivo_account(arguments: argparse.Namespace) -> PlivoAccount:
    account = PlivoAccount(auth_id=arguments.plivo_account, auth_token=arguments.plivo_token)
    for text in arguments.plivo_number:
        number, _, url = text.partition("=")
        account.add(PlivoNumber(number, answer_url=url))
    return account


_MANY: Mapping[str, Any] = {"action": "append", "default": []}
CARRIERS = (
    Carrier(
        "Twilio",
        9001,
        {
            "account": {"default": TwilioAccount().sid, "metavar": "SID"},
            "token": {"default": TwilioAccount().auth_token, "help": "the account's auth token"},
            "number": {
                **_MANY,
                "metavar": "NUMBER=URL",
                "help": "a number of the account, and where its calls are announced; can be repeated",
            },
        },
        _twilio_account,
        TwilioServer,
    ),
    Carrier(
        "Telnyx",
        9002,
        {
            "key": {"default": TelnyxAccount().api_key, "help": "the account's API key"},
            "connection": {"default": TelnyxAccount().connection_id, "metavar": "ID", "help": "the application's id"},
            "webhook": {"default": "", "metavar": "URL", "help": "where the application's calls are announced"},
            "number": {**_MANY, "metavar": "NUMBER", "help": "a number of the account; can be repeated"},
        },
        _telnyx_account,
        TelnyxServer,
        f"It signs webhooks; the public key is {TelnyxAccount().public_key}",
    ),
    Carrier(
        "Plivo",
        9003,
        {
            "account": {"default": PlivoAccount().auth_id, "metavar": "ID", "help": "the account's auth id"},
            "token": {"default": PlivoAccount().auth_token, "help": "the account's auth token"},
            "number": {
                **_MANY,
                "metavar": "NUMBER=URL",
                "help": "a number of the account, and where its calls are announced; can be repeated",
            },
        },
        _plivo_account,
        PlivoServer,
    ),
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m voicecall.emulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one")
    parser.add_argument("--secret", default="mock", help="signs webhooks and is the bearer token")
    parser.add_argument("--stub", action="store_true", help="callers sound tones instead of speaking")
    parser.add_argument("--pitch", type=float, default=1.15, help="factor on the callers' pitch")
    parser.add_argument(
        "--via",
        **_MANY,
        metavar="ORIGIN=ORIGIN",
        help="send what is meant for a public origin to a local one, such as https://a.example=http://127.0.0.1:8080",
    )
    for carrier in CARRIERS:
        group = parser.add_argument_group(carrier.name, carrier.about)
        prefix = f"--{carrier.name.lower()}"
        group.add_argument(prefix, action="store_true", help=f"simulate {carrier.name} as well")
        group.add_argument(f"{prefix}-port", type=int, default=carrier.port, help="0 takes a free one")
        for option, settings in carrier.options.items():
            group.add_argument(f"{prefix}-{option}", **settings)
    return parser.parse_args()


@asynccontextmanager
async def _speakers(*, stub: bool) -> AsyncIterator[Speaker]:
    if stub:
        yield ToneSynthesizer()
        return
    from voicecall.speech.tts.piper import PiperSynthesizer  # heavy: only where callers speak

    synthesizer = PiperSynthesizer(threads=1)
    async with synthesizer.ready():
        yield synthesizer


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    voice = Voice(pitch=arguments.pitch)
    async with AsyncExitStack() as stack:
        synthesizer = await stack.enter_async_context(_speakers(stub=arguments.stub))
        server = await stack.enter_async_context(
            NetworkServer(synthesizer, arguments.host, arguments.port, secret=arguments.secret, voice=voice)
        )
        ready = f"mock network ready at {server.url}\n"
        via = dict(text.split("=", 1) for text in arguments.via)
        for carrier in CARRIERS:
            name = carrier.name.lower()
            if getattr(arguments, name):
                port = getattr(arguments, f"{name}_port")
                simulator = carrier.server(
                    server.network, carrier.account(arguments), arguments.host, port, via=via, secret=arguments.secret
                )
                await stack.enter_async_context(simulator)
                ready += f"{name} simulator ready at {simulator.url}\n"
        sys.stdout.write(ready)
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
