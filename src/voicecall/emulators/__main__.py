"""The mock network as a process of its own: `python -m voicecall.emulators --port 9000`.

With `--twilio`, a simulated Twilio stands beside it, on the same phones: the gateway's `twilio.api_base_url` points
to the URL that is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from voicecall.speech import Synthesizer, Voice
from voicecall.speech.tts.tone import ToneSynthesizer

from .twilio.account import Account, Number
from .twilio.server import TwilioServer
from .wires import NetworkServer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m voicecall.emulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one")
    parser.add_argument("--secret", default="mock", help="signs webhooks and is the bearer token")
    parser.add_argument("--stub", action="store_true", help="callers sound tones instead of speaking")
    parser.add_argument("--pitch", type=float, default=1.15, help="factor on the callers' pitch")
    twilio = parser.add_argument_group("Twilio")
    twilio.add_argument("--twilio", action="store_true", help="simulate Twilio as well")
    twilio.add_argument("--twilio-port", type=int, default=9001, help="0 takes a free one")
    twilio.add_argument("--twilio-account", default=Account().sid, metavar="SID")
    twilio.add_argument("--twilio-token", default=Account().auth_token, help="the account's auth token")
    twilio.add_argument(
        "--twilio-number",
        action="append",
        default=[],
        metavar="NUMBER=URL",
        help="a number of the account, and where its calls are announced; can be repeated",
    )
    twilio.add_argument(
        "--via",
        action="append",
        default=[],
        metavar="ORIGIN=ORIGIN",
        help="send what is meant for a public origin to a local one, such as https://a.example=http://127.0.0.1:8080",
    )
    return parser.parse_args()


def _account(arguments: argparse.Namespace) -> Account:
    account = Account(sid=arguments.twilio_account, auth_token=arguments.twilio_token)
    for text in arguments.twilio_number:
        number, _, url = text.partition("=")
        account.add(Number(number, voice_url=url))
    return account


@asynccontextmanager
async def _speakers(*, stub: bool) -> AsyncIterator[Synthesizer]:
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
        if arguments.twilio:
            via = dict(text.split("=", 1) for text in arguments.via)
            twilio = await stack.enter_async_context(
                TwilioServer(
                    server.network,
                    _account(arguments),
                    arguments.host,
                    arguments.twilio_port,
                    via=via,
                    secret=arguments.secret,
                )
            )
            ready += f"twilio simulator ready at {twilio.url}\n"
        sys.stdout.write(ready)
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
