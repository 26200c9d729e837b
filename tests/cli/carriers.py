"""The emulated carriers on real ports, served from a thread, for commands that ask them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from voicecall.emulators.plivo.account import Account as PlivoAccount
from voicecall.emulators.plivo.server import PlivoServer
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.telnyx.server import TelnyxServer
from voicecall.emulators.twilio.account import Account as TwilioAccount
from voicecall.emulators.twilio.server import TwilioServer
from voicecall.emulators.wires import NetworkServer
from voicecall.speech.tts.tone import ToneSynthesizer

PATIENCE = 10.0


@dataclass(frozen=True)
class Carriers:
    """The accounts, and where each carrier's API is."""

    twilio: TwilioAccount
    telnyx: TelnyxAccount
    plivo: PlivoAccount
    urls: dict[str, str]

    def announces(self, carrier: str, number: str) -> str:
        """Where a call to a number would be announced."""
        if carrier == "telnyx":
            return self.telnyx.announces(number)
        return self.plivo.handler(number).answer_url if carrier == "plivo" else self.twilio.handler(number).voice_url


@contextmanager
def serving(twilio: TwilioAccount, telnyx: TelnyxAccount, plivo: PlivoAccount) -> Iterator[Carriers]:
    """Serve three accounts."""
    ready: Future[tuple[dict[str, str], asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        over = asyncio.Event()
        async with (
            NetworkServer(ToneSynthesizer()) as network,
            TwilioServer(network.network, twilio) as one,
            TelnyxServer(network.network, telnyx) as two,
            PlivoServer(network.network, plivo) as three,
        ):
            urls = {"twilio": one.url, "telnyx": two.url, "plivo": three.url}
            ready.set_result((urls, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        urls, loop, over = ready.result(PATIENCE)
        yield Carriers(twilio, telnyx, plivo, urls)
        loop.call_soon_threadsafe(over.set)
    finally:
        thread.join(PATIENCE)
