"""The habit of a client, not of Plivo: the Python SDK sends a POST again, up to twice, when it is answered with 5xx.

Source: Plivo's Python SDK 4.63, `plivo/rest/client.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicecall.emulators.rest import Reply, RestApi

EXTRA_ATTEMPTS = 2


class RepeatingClient:
    """Stands before the REST API and repeats what the SDK would repeat, dials too."""

    def __init__(self, api: RestApi) -> None:
        self._api = api

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request."""
        reply = await self._api.handle(method, path, headers, body)
        for _ in range(EXTRA_ATTEMPTS):
            if method != "POST" or reply.status < 500:
                break
            reply = await self._api.handle(method, path, headers, body)
        return reply
