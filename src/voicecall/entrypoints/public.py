"""The public listener: carrier webhooks and media sockets, and nothing else. Knows aiohttp, as `connections` does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from voicecall.carriers import Carrier, HttpReply, Webhook
from voicecall.core.credentials import mint
from voicecall.core.ids import CallId
from voicecall.errors import StreamRefused
from voicecall.gateway.probes import Address, Probes

from . import Desk, PublicOptions
from .addresses import Admission, Proxies, cannot_listen
from .connections import Server, Socket
from .origins import Origins
from .probing import Probing
from .streams import Streams
from .urls import (
    Route,
    StreamRoute,
    StrippedRoute,
    WebhookRoute,
    dialled_stream_url,
    find_route,
    origin,
    signed_url,
    stream_url,
)
from .webhooks import Webhooks

_log: structlog.stdlib.BoundLogger = structlog.get_logger()
_MAX_IN_FLIGHT = 256
"""Webhooks of unknown senders, over all addresses."""
_CLOSE_TIMEOUT = 2.0
_LINGER = 2.0
"""How long the rest of a refused body is read, so that the client gets to see the answer."""
_KEEP_ALIVE = 75.0
_GOING_AWAY = 1001


class PublicListener:
    """Listens for carriers, as an async context manager."""

    def __init__(
        self, options: PublicOptions, carriers: Mapping[str, Carrier], desk: Desk, clock: Callable[[], float]
    ) -> None:
        """Serve `carriers` by name and bring what they say to `desk`. `clock` gives Unix seconds."""
        self.probes = Probes(self._address, clock)
        """Requests of our own that come in here."""
        self._options = options
        self._stream_paths = (options.stream_path, *options.other_stream_paths)
        self._carriers = carriers
        default = options.default_carrier
        self._webhooks = Webhooks(
            carriers, desk, clock, default=default, skip_verification=options.skip_signature_verification
        )
        self._streams = Streams(
            carriers,
            desk,
            clock,
            default=default,
            keys=options.credential_keys,
            pre_start_timeout=options.pre_start_timeout,
            require_signature=options.handshake_signature == "require" and not options.skip_signature_verification,
        )
        self._probing = Probing(self.probes, self._webhooks, options.credential_keys, clock)
        self._proxies = Proxies(options.trusted_proxies, trust_loopback=options.trust_forwarding)
        self._origins = Origins(
            self._proxies,
            allowed_hosts=options.allowed_hosts,
            trust_forwarding=options.trust_forwarding,
            configured=options.public_url is not None,
        )
        self._in_flight = Admission(total=_MAX_IN_FLIGHT, per_address=options.max_in_flight_per_address)
        self._pending = Admission(total=options.max_pending, per_address=options.max_pending_per_address)
        self._connections = Admission(total=options.max_connections)
        self._sockets: set[Socket] = set()
        self._port = options.port
        self._tunnel_url: str | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, once it is."""
        return self._port

    @property
    def public_url(self) -> str:
        """Where carriers reach the webhooks: the configured URL, else the tunnel's, else a proven one, else ours.

        The first verified webhook proves one, but only where a trusted proxy says under which name it was sent.
        """
        return self._public_url(self._origins.proven)

    @property
    def is_public(self) -> bool:
        """Whether a public URL is known: it is configured, a tunnel's, or a verified webhook came by it."""
        return bool(self._options.public_url or self._tunnel_url or self._origins.proven)

    def tunnelled(self, url: str | None) -> None:
        """Take note of the URL at which a tunnel leads to the webhooks from now on; None: at none."""
        self._tunnel_url = url

    @property
    def stream_url(self) -> str:
        """Where carriers reach the media streams."""
        return self._stream_url(self._options.stream_path)

    @property
    def own_url(self) -> str:
        """Where the webhooks are reached on this machine."""
        return origin(self._options.bind, self._port) + self._options.path

    @property
    def own_stream_url(self) -> str:
        """Where the media streams are reached on this machine."""
        return stream_url(self.own_url, self._options.path, self._options.stream_path)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            VoicecallError: the address cannot be listened on.
        """
        options = self._options
        logger = logging.getLogger("voicecall.public")
        logger.addFilter(_tells_about_us)
        self._server = Server(
            self._handle,
            patience=options.body_timeout,
            logger=logger,
            access_log=None,
            auto_decompress=False,
            lingering_time=_LINGER,
            keepalive_timeout=_KEEP_ALIVE,
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=1.0)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, options.bind, options.port)
        try:
            await self._site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise cannot_listen("serve", options.bind, options.port, error) from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and close what is open."""
        await self._site.stop()
        async with asyncio.TaskGroup() as tasks:
            for media in self._sockets:
                tasks.create_task(media.close(_GOING_AWAY, "going away"))
        await self._runner.cleanup()

    def _public_url(self, proxied: str | None) -> str:
        """Return the base of all webhooks' URLs, given the origin under which a proxy is reached."""
        options = self._options
        return options.public_url or self._tunnel_url or (proxied or origin(options.bind, self._port)) + options.path

    def _stream_url(self, path: str) -> str:
        return stream_url(self.public_url, self._options.path, path, self._options.streaming_public_url)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._server.heard(request)
        path = request.raw_path.partition("?")[0]
        options = self._options
        route = find_route(
            path, serve_path=options.path, stream_paths=self._stream_paths, carriers=self._carriers.keys()
        )
        probe = None if self._probing.idle else self._probing.find(request.raw_path, _headers(request))
        if probe is not None and (answer := await self._probed(request, route, probe)) is not None:
            return answer
        match route:
            case WebhookRoute(carrier):
                if request.method != "POST":
                    return _answer(405, "webhooks are POSTed", Allow="POST")
                return await self._webhook(request, carrier)
            case StreamRoute(credential, stream_path):
                if request.method not in {"GET", "HEAD"}:
                    return _answer(405, "media streams are opened with GET", Allow="GET, HEAD")
                return await self._stream(request, credential, stream_path)
            case StrippedRoute(missing):
                fix = f"let the proxy keep {missing}, or set serve.path to what it leaves"
                _log.warning("webhook.path-stripped", path=path, missing=missing, fix=fix)
            case None:
                pass
        return _answer(404, "not found")

    def _address(self) -> Address:
        keys, carrier = self._options.credential_keys, self._options.default_carrier

        def credential(call_id: str, expires: float) -> str:
            return mint(keys[0], call_id=CallId(call_id), nonce=call_id, expires=expires, carrier=carrier)

        return Address(self.public_url, self.stream_url, credential)

    async def _probed(self, request: web.BaseRequest, route: Route | None, probe: str) -> web.StreamResponse | None:
        """Take note of a request of a probe; return its answer where it got to where it was sent."""
        target, headers = request.raw_path, _headers(request)
        socket = web.WebSocketResponse(compress=False, max_msg_size=self._options.max_frame, timeout=_CLOSE_TIMEOUT)
        match route:
            case WebhookRoute(carrier) if request.method == "POST":
                try:
                    async with asyncio.timeout(self._options.body_timeout):
                        body = await self._read(request)
                except (TimeoutError, web.RequestPayloadError, ConnectionError):
                    body = None
                url = signed_url(self.public_url, self._options.path, target)
                webhook = Webhook(request.method, url, headers, body or b"", request.remote or "")
                return _reply(self._probing.webhook(probe, target, webhook, carrier))
            case StreamRoute(credential, _) if _is_upgrade(socket, request):
                await socket.prepare(request)
                await self._probing.stream(probe, target, headers, credential, Socket(socket))
                return socket
            case StreamRoute():
                verdict = "no upgrade"
            case StrippedRoute(missing):
                verdict = f"path without {missing}"
            case _:
                verdict = "no such path"
        self._probing.note(probe, (request.method, target), headers, verdict)
        return None

    async def _webhook(self, request: web.BaseRequest, carrier: str | None) -> web.Response:
        headers = _headers(request)
        client = self._proxies.client(request.remote, headers)
        slot = self._in_flight.admit(client)
        if slot is None:
            return _answer(429, "too many requests at once", **{"Retry-After": "1"})
        with slot:
            try:
                async with asyncio.timeout(self._options.body_timeout):
                    body = await self._read(request)
            except TimeoutError:
                return _answer(408, "the body took too long")
            except (web.RequestPayloadError, ConnectionError):
                return _answer(400, "malformed body")
            if body is None:
                return _answer(413, f"more than {self._options.max_body} bytes")
            forwarded = self._origins.read(request.remote, headers)
            near = carrier in self._options.near
            base = self.own_url if near else self._public_url(forwarded.origin if forwarded else None)
            url = signed_url(base, self._options.path, request.raw_path)
            webhook = Webhook(request.method, url, headers, body, client or request.remote or "")

            def verified() -> None:
                slot.release()
                teaches = not self._options.skip_signature_verification and self._tunnel_url is None
                if teaches and self._origins.learn(forwarded):
                    _log.info("public.url", url=self.public_url)

            return _reply(await self._webhooks.handle(webhook, carrier, verified, forwarded))

    async def _read(self, request: web.BaseRequest) -> bytes | None:
        """Return the body, or None when it is too long."""
        if (request.content_length or 0) > self._options.max_body:
            return None
        body = bytearray()
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > self._options.max_body:
                return None
        return bytes(body)

    async def _stream(self, request: web.BaseRequest, credential: str | None, stream_path: str) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            compress=False,
            max_msg_size=self._options.max_frame + 1,  # aiohttp refuses what reaches it
            timeout=_CLOSE_TIMEOUT,
        )
        if request.method == "HEAD" or not _is_upgrade(socket, request):
            return _answer(426, "media streams are served here, over WebSocket", Upgrade="websocket")
        headers = _headers(request)
        client = self._proxies.client(request.remote, headers)
        log = _log.bind(peer=client or request.remote)
        try:
            carrier = self._streams.carrier(headers) if credential is None else self._streams.carrier_of(credential)
        except StreamRefused as refused:
            log.info("stream.upgrade")
            log.warning("stream.refused", reason=refused.reason)
            return _answer(403, "refused")
        if carrier is None:
            return _answer(404, "not found")
        log = log.bind(carrier=carrier.name)
        log.info("stream.upgrade")
        url = dialled_stream_url(self._stream_url(stream_path), stream_path, request.raw_path)
        handshake = Webhook("GET", url, headers, b"", client or request.remote or "")
        if not self._streams.admits(carrier, handshake):
            return _answer(403, "refused")
        verified = credential is not None or self._streams.is_signed(carrier, handshake)
        connection, pending = self._connections.admit(), self._pending.admit(None if verified else client)
        if connection is None or pending is None:
            for slot in filter(None, (connection, pending)):
                slot.release()
            log.warning("stream.crowded")
            return _answer(503, "too many media streams", **{"Retry-After": "1"})
        with connection, pending:
            try:
                await socket.prepare(request)
            except ConnectionError:
                log.info("stream.lost")
                return _answer(400, "gone")
            log.info("stream.connected")
            media = Socket(socket)
            self._sockets.add(media)
            try:
                await self._streams.serve(carrier, credential, media, pending.release)
            finally:
                self._sockets.discard(media)
        return socket


def _tells_about_us(record: logging.LogRecord) -> bool:
    """Leave out what only says that a stranger spoke no HTTP."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _is_upgrade(socket: web.WebSocketResponse, request: web.BaseRequest) -> bool:
    try:
        return socket.can_prepare(request).ok
    except ValueError:  # a header that is not ASCII
        return False


def _headers(request: web.BaseRequest) -> dict[str, str]:
    return {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}


def _answer(status: int, line: str, **headers: str) -> web.Response:
    response = _reply(HttpReply(status, line.encode() + b"\n"))
    response.headers.update(headers)
    return response


def _reply(reply: HttpReply) -> web.Response:
    headers = {"Content-Type": reply.content_type, "Server": "voicecall"}
    return web.Response(status=reply.status, body=reply.body, headers=headers)
