"""Media by picows, on a port of its own: it reads no request body, so it answers no webhooks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.echoes.message import echo


class _Echo(WSListener):
    """Echoes media within the callback that read it."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer text, and finish a close."""
        if frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, echo(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


def listen(_: WSUpgradeRequest) -> WSListener:
    return _Echo()


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """Serve media streams."""
    server = await ws_create_server(listen, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
