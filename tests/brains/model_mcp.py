"""A small MCP server over HTTP, written from the protocol: one tool that answers, one that fails, one that hangs.

Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports (2026-11)
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

PROGRAM = """
import json, sys
tools = [{"name": "order.status", "inputSchema": {"type": "object"}}]
results = {
    "initialize": {"capabilities": {"tools": {}}, "serverInfo": {"name": "shop", "version": "1"}},
    "tools/list": {"tools": tools},
    "tools/call": {"content": [{"type": "text", "text": "It was shipped yesterday."}]},
}
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        result = results.get(message["method"])
        if message["method"] == "initialize":
            result = result | {"protocolVersion": message["params"]["protocolVersion"]}
        error = {"code": -32601, "message": "no such method"}
        print(json.dumps(answer | ({"error": error} if result is None else {"result": result})), flush=True)
"""
"""The same as a program that speaks on its standard streams."""


class ShopServer:
    """Knows the state of orders."""

    def __init__(self, *, silent: bool = False) -> None:
        """`silent`: nothing is ever answered."""
        self._silent = silent
        self.called: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.connected = asyncio.Event()
        """Set once the tools were asked for."""

    def app(self) -> web.Application:
        """Return the application that serves it at `/mcp`."""
        app = web.Application()
        app.router.add_post("/mcp", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.Response:
        if self._silent:
            await asyncio.Event().wait()
        self.tokens.add(request.headers.get("Authorization"))
        message = await request.json()
        if "id" not in message:
            return web.Response(status=202)
        head = {"jsonrpc": "2.0", "id": message["id"]}
        result = await self._result(message["method"], message.get("params") or {})
        if result is None:
            return web.json_response(head | {"error": {"code": -32601, "message": "no such method"}})
        return web.json_response(head | {"result": result})

    async def _result(self, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
        match method:
            case "initialize":
                server = {"name": "shop", "version": "1"}
                version = params["protocolVersion"]
                return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
            case "tools/list":
                self.connected.set()
                schema = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}
                names = ("order.status", "order.cancel", "order.count", "hang_up")
                tool = {"description": "Of orders.", "inputSchema": schema}
                reads = {"annotations": {"readOnlyHint": True}}
                return {
                    "tools": [{"name": name, **tool, **(reads if name == "order.status" else {})} for name in names]
                }
            case "tools/call":
                self.called.append(params)
                if params["name"] == "order.count":
                    await asyncio.Event().wait()
                failed = params["name"] == "order.cancel"
                text = "It is closed." if failed else "It was shipped yesterday."
                return {"content": [{"type": "text", "text": text}], "isError": failed}
            case _:
                return None
