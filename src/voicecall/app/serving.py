"""The composition root: from a configuration to a wired, running gateway. Nothing else knows everything."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import structlog

from voicecall import logs
from voicecall.carriers import Carrier
from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.config.state import StateError
from voicecall.core.credentials import mint
from voicecall.core.draft import longest
from voicecall.core.ids import CarrierCallId
from voicecall.core.operations import CallerStep
from voicecall.emulators.wires import NetworkServer
from voicecall.entrypoints import FRAME, REALTIME_FRAME, ControlOptions, PublicOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.public import PublicListener
from voicecall.errors import BadParameters, ConfigError, Fault
from voicecall.gateway.budget import OutboundBudget
from voicecall.gateway.gateway import LAST_ANSWERS, Bell, Defaults, Gateway, Phones, Ring
from voicecall.gateway.hooks import Hooks
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Line
from voicecall.gateway.outbox import DIAL_PAUSES, Surroundings
from voicecall.gateway.pairing import Limits
from voicecall.gateway.recording import Recordings
from voicecall.gateway.switchboard import Exchange, Switchboard
from voicecall.net.http import Http
from voicecall.speech import Voice
from voicecall.store.sql import SqlStore

from .budget import budget
from .carriers import MOCK_NUMBER, from_number, make_carriers, near_carriers
from .engines import Engines
from .following import Following
from .hooks import make_hooks
from .metrics import Metrics
from .numbers import Numbers
from .profiles import Profiles, rules
from .tunnels import LEDGER, Exposure, make_tunnel, make_way

_REST_PATIENCE = 10.0
CALLER_VOICE = Voice(pitch=1.18, pace=1.12)
"""How the phones of the mock network sound: not like the agent."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that is up."""

    gateway: Gateway
    switchboard: Switchboard
    public_url: str
    control_url: str
    network: NetworkServer | None


def serve(loaded: Loaded) -> int:
    """Run the daemon until it is told to stop; returns the exit code.

    Raises:
        VoicecallError: it cannot start.
    """
    if not loaded.enabled:
        raise ConfigError([Fault("enabled", "the configuration says `enabled: false`; set it to true to serve")])
    logs.configure(logs.LogOptions(**loaded.config.log.model_dump()))
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_serve(loaded))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return the quickest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(loaded: Loaded) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` means it
            loop.add_signal_handler(number, _stop, stop)
    async with running(loaded) as up:
        gc.enable()
        sys.stdout.write(f"voicecall ready: public {up.public_url} control {up.control_url}\n")
        sys.stdout.flush()
        await stop.wait()
        _log.info("gateway.draining", calls=len(up.switchboard.sessions))
        exchange = up.switchboard.exchange
        bound = drain_bound(loaded.config, max(around.line.pace for around in exchange.carriers.values()))
        try:
            async with asyncio.timeout(bound):
                await up.gateway.drain()
        except TimeoutError:
            _log.warning("gateway.undrained", calls=len(up.switchboard.sessions))
    return 0


def drain_bound(config: Config, pace: float) -> float:
    """Return within how many seconds all calls are over, if they may have to be dialled yet, one every `pace` seconds.

    Each may be tried again at each carrier, waits in the queue every time, and then takes as long as a call can.
    """
    tries = len(DIAL_PAUSES) + 1
    queue = config.limits.max_concurrent_calls * pace
    dialling = tries * (queue + _REST_PATIENCE) + sum(DIAL_PAUSES)
    routes = max(1, len(config.outbound.carriers))
    call = longest(rules(config, config.language, early=False))
    return routes * dialling + call + LAST_ANSWERS


def _stop(stop: asyncio.Event) -> None:
    """The first signal drains; the next one does not wait."""
    if stop.is_set():
        _log.warning("gateway.killed", detail="told to stop twice: live calls are left to the next start")
        os._exit(1)
    stop.set()


@asynccontextmanager
async def running(loaded: Loaded) -> AsyncIterator[Running]:
    """Bring a gateway up, and down again.

    Raises:
        VoicecallError: it cannot start; the message says what to do.
    """
    try:
        async with _wired(loaded) as up:
            yield up
    except BaseExceptionGroup as group:
        raise _alone(group) from None


def _alone(error: BaseException) -> BaseException:
    """Return the error that task groups have wrapped, where it is the only one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def _wired(loaded: Loaded) -> AsyncIterator[Running]:
    config, state = loaded.config, loaded.state
    for warning in loaded.warnings:
        _log.warning("config.warning", key=warning.key, detail=warning.message)
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(state.lock())
        except OSError as error:
            raise StateError(f"the state directory cannot be used: {state.folder}: {error.strerror}") from None
        store = SqlStore(store_url(loaded), instance=state.instance(), clock=wall_clock)
        await store.open()
        stack.push_async_callback(store.close)
        engines = Engines()
        recordings = Recordings(state.folder / "recordings", keep_days=config.recording.keep_days, clock=wall_clock)
        profiles = Profiles(config, engines, recordings if config.recording.enabled else None, store)
        secret = config.mock.secret.get_secret_value() if config.mock.secret else secrets.token_hex(16)
        network = _network(config, engines, secret)
        await engines.load(stack)
        gc.collect()
        gc.freeze()  # what is loaded now lives as long as the process: later collections need not look at it
        if network is not None:
            await stack.enter_async_context(network)
        network_url = network.url if network else config.mock.api_base_url
        carriers = make_carriers(config, secret, network_url)
        http = await stack.enter_async_context(Http())
        bell = Bell()
        journal = await stack.enter_async_context(Journal(store, bell.ring))
        keys = state.credential_keys(config)
        outbound = OutboundBudget(budget(config.budget), store, wall_clock)
        listener: PublicListener

        def around(carrier: Carrier) -> Surroundings:
            pace = config.limits.dials_per_second or carrier.capabilities.dials_per_second
            near = carrier.name in near_carriers(network_url)
            # proxies often let nothing but the bare path through
            suffix = "" if carrier.name == config.provider and not near else f"/{carrier.name}"
            return Surroundings(
                journal=journal,
                line=Line(carrier, http, timeout=_REST_PATIENCE, dials_per_second=pace),
                clock=wall_clock,
                nonce=lambda: secrets.token_urlsafe(12),
                credential=lambda call_id, nonce, expires: mint(
                    keys[0], call_id=call_id, nonce=nonce, expires=expires, carrier=carrier.name
                ),
                stream_url=lambda: listener.own_stream_url if near else listener.stream_url,
                webhook_url=lambda: (listener.own_url if near else listener.public_url) + suffix,
                is_reachable=lambda: carrier.name == "mock" or listener.is_public,
                from_number=from_number(config, carrier.name),
                barred=outbound.barred,
            )

        around_by_name = {name: around(carrier) for name, carrier in carriers.items()}
        switchboard = Switchboard(
            Exchange(
                store=store,
                journal=journal,
                carriers=around_by_name,
                clock=wall_clock,
                entropy=secrets.token_bytes,
                instance=state.instance(),
                rules=profiles.rules,
                reception=profiles.reception,
                open_media=profiles.open_media,
                max_calls=config.limits.max_concurrent_calls,
                pairing=Limits(float(config.pairing.code_lifetime_seconds), config.pairing.tries_per_day),
            )
        )
        listener = await stack.enter_async_context(
            PublicListener(public_options(config, keys, near_carriers(network_url)), carriers, switchboard, wall_clock)
        )
        defaults = Defaults(
            config.outbound.carriers or (config.provider,), config.outbound.default_mode, config.to_number
        )
        phones = None
        if network_url:
            ring = _ringer(http, network_url, secret, lambda: around_by_name["mock"].webhook_url())
            phones = Phones("mock", config.from_number or MOCK_NUMBER, ring)
        # connections of their own: however many receivers are slow, a carrier is reached as ever
        messenger = await stack.enter_async_context(Http()) if config.webhooks else http
        told = list(make_hooks(config, store, messenger, instance=state.instance(), clock=wall_clock))
        hooks = Hooks(told, grown=bell.next, clock=wall_clock, new_id=switchboard.new_id)
        await stack.enter_async_context(hooks)

        def announce() -> None:
            state.announce(f"http://{config.control.bind}:{control.port}", listener.public_url)

        exposure = None
        if config.tunnel.provider != "none":
            exposure = Exposure(
                make_tunnel(config.tunnel, state.folder / LEDGER),
                make_way(config, listener.port),
                listener,
                announce,
                public_url=config.public_url,
                following=Following(Numbers(config, state, http)) if config.tunnel.repoint else None,
            )
        gateway = Gateway(
            switchboard,
            store,
            bell,
            defaults,
            phones,
            budget=outbound,
            recordings=recordings,
            failing=lambda: journal.failing,
            hooks=hooks,
            tunnelled=lambda: exposure is None or exposure.is_up,
            probes=listener.probes,
        )
        metrics = await stack.enter_async_context(Metrics(switchboard, profiles.detector, outbound, hooks.all))
        control = await stack.enter_async_context(
            ControlListener(
                ControlOptions(
                    bind=config.control.bind,
                    port=config.control.port,
                    token=state.control_token(config),
                    requests_per_second=config.control.requests_per_second,
                ),
                gateway,
                metrics.registry,
                gateway.tokens,
            )
        )
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        ready = asyncio.Event()
        serving = tasks.create_task(switchboard.run(ready.set), name="switchboard")
        sweeping = tasks.create_task(recordings.run(), name="recordings")
        stack.callback(serving.cancel)
        stack.callback(sweeping.cancel)
        await ready.wait()
        stack.callback(tasks.create_task(gateway.watch(), name="outbound").cancel)
        if exposure is not None:
            exposing = tasks.create_task(exposure.run(), name="tunnel")
            stack.callback(exposing.cancel)
            await exposure.settled()
        control_url = f"http://{config.control.bind}:{control.port}"
        announce()
        yield Running(gateway, switchboard, listener.public_url, control_url, network)


def store_url(loaded: Loaded) -> str:
    """Return where the archive is."""
    configured = loaded.config.store.url
    return configured.get_secret_value() if configured else f"sqlite:///{loaded.state.folder / 'calls.db'}"


def wall_clock() -> float:
    """Return Unix seconds."""
    return datetime.now(UTC).timestamp()


def _network(config: Config, engines: Engines, secret: str) -> NetworkServer | None:
    """The mock network, where it runs in this process. Its callers speak unless everything that hears is a stub."""
    if config.provider != "mock" or config.mock.api_base_url is not None:
        return None
    speaks = config.turns.vad == "local" or config.stt.provider not in ("scripted",)
    tts = (
        config.tts
        if config.tts.provider == "tone" and not speaks
        else config.tts.model_copy(update={"provider": "local"})
    )
    return NetworkServer(engines.speaker(tts), secret=secret, voice=CALLER_VOICE)


def public_options(config: Config, keys: tuple[bytes, ...], near: frozenset[str]) -> PublicOptions:
    """Return what the public listener is to do; `keys` sign stream credentials, `near` carriers are on this machine."""
    streaming, security = config.streaming, config.webhook_security
    return PublicOptions(
        bind=config.serve.bind,
        port=config.serve.port,
        path=config.serve.path,
        public_url=config.public_url,
        stream_path=config.stream_path,
        other_stream_paths=(streaming.stream_path,),
        streaming_public_url=config.stream_base,
        max_frame=REALTIME_FRAME if config.realtime.enabled else FRAME,
        default_carrier=config.provider,
        near=near,
        skip_signature_verification=config.skip_signature_verification,
        credential_keys=keys,
        pre_start_timeout=streaming.pre_start_timeout_ms / 1000,
        max_pending=streaming.max_pending_connections,
        max_pending_per_address=streaming.max_pending_connections_per_ip,
        max_connections=streaming.max_connections,
        max_in_flight_per_address=security.max_in_flight_per_ip,
        trusted_proxies=security.trusted_proxy_ips,
        trust_forwarding=security.trust_forwarding_headers,
        allowed_hosts=security.allowed_hosts,
        handshake_signature=streaming.handshake_signature,
    )


def _ringer(http: Http, network_url: str, secret: str, webhook_url: Callable[[], str]) -> Ring:
    """Ring the gateway from a phone of the mock network, wherever that runs."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    async def ring(caller: str, called: str, steps: list[CallerStep]) -> CarrierCallId:
        scripts = [{k: v for k, v in msgspec.to_builtins(step).items() if v is not None} for step in steps]
        wish = {"from": caller, "to": called, "webhook": webhook_url(), "steps": scripts}
        status, body = await http.send(
            "POST", f"{network_url}/phones/ring", headers, msgspec.json.encode(wish), timeout=_REST_PATIENCE
        )
        answer = msgspec.json.decode(body)
        if status != 201:
            raise BadParameters(f"the mock network refused: {answer['error']['message']}")
        return CarrierCallId(answer["call"])

    return ring
