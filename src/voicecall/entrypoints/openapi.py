"""The operations as an OpenAPI document, drawn from their table: `GET /openapi.json`, `voicecall openapi`.

Source: https://spec.openapis.org/oas/v3.1.1.html (2024-10). The words are the docstrings of the operations, of their
parameters and of the results.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voicecall import __version__
from voicecall.core import results
from voicecall.core.failures import KINDS
from voicecall.core.operations import TABLE, Events, Operation, Recording

from . import events
from .rest import MAX_KEY
from .sound import MEDIA_TYPE as SOUND

PATH = "/openapi.json"

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
_ABOUT = """\
Phone calls: place and steer them, and look at what was said. What waits for people (`continue`, `speak`, `wait`) is \
answered when they are done; a client that disconnects ends no call. A failure is a problem (RFC 9457) whose `code` is \
stable. Beside these paths there are `/rpc` as a WebSocket (JSON-RPC 2.0, with the same operations and with events) \
and `/mcp` (the Model Context Protocol over streamable HTTP)."""
_OF_THE_DOOR: dict[int, tuple[str, ...]] = {
    401: ("unauthorized",),
    403: ("wrong-host", "wrong-origin"),
    404: ("not-found",),
    413: ("too-large",),
    503: ("stopping",),
}
"""Codes of what never reaches an operation."""
_MEANINGS: dict[int, str] = {
    400: "It cannot be done like this.",
    401: "The token is missing, or is not one that holds; `reason` says which.",
    403: "Policy forbids it, or the token does; `reason` is a stable word.",
    404: "There is no such call, or nothing at this path.",
    409: "The call has ended.",
    413: "The body is longer than 64 KiB.",
    422: "A parameter is missing, unknown or malformed.",
    429: "A limit forbids it, for now; `reason` is a stable word.",
    500: "A fault of the gateway; its log says more.",
    502: "Somebody else's service failed, such as the carrier; `reason` is that service's own code, where it gave one.",
    503: "The archive cannot be read or written, or the gateway stops.",
    504: "What was waited for did not happen in time; the call goes on.",
}
_ANY = (400, 401, 403, 422, 429, 500, 503)
"""What anything may be answered with."""


@cache
def document() -> Json:
    """Return the document. It takes some tens of milliseconds the first time; whoever has it changes nothing in it."""
    schemas: Json = {"Problem": _problem_schema()}
    paths: Json = {}
    for kind in TABLE:
        method, path = kind.route
        paths.setdefault(path, {})[method.lower()] = _operation(kind, schemas)
    paths |= _further(schemas)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "voicecall",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {f"Problem{status}": _problem(status) for status in _MEANINGS},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The control token, or one that was made with `voicecall token`. "
                    "It allows `read`, `call` or `admin`, each of which includes those before it.",
                }
            },
        },
    }


def routes() -> list[Route]:
    """Return the route of the document."""

    async def openapi(_: Request) -> Response:
        return Response(await asyncio.to_thread(_encoded), media_type="application/json")

    return [Route(PATH, openapi)]


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def _operation(kind: type[Operation], schemas: Json) -> Json:
    summary, _, description = _sentences(kind).partition(". ")
    members, required = _parameters(kind, schemas)
    told: Json = {
        "operationId": kind.name,
        "tags": [kind.route[1].split("/")[2]],
        "summary": summary,
        "description": f"{description} Needs a token that allows `{kind.scope}`.".strip(),
        "security": [{"token": [kind.scope]}],
    }
    places = _places(kind, members, required)
    if kind.changes:
        places.append(_key())
    if places:
        told["parameters"] = places
    if kind.route[0] == "POST":
        in_body = {name: one for name, one in members.items() if f"{{{name}}}" not in kind.route[1]}
        wanted = [name for name in required if name in in_body]
        body = {"type": "object", "properties": in_body, "required": wanted, "additionalProperties": False}
        told["requestBody"] = {"required": bool(wanted), "content": {"application/json": {"schema": body}}}
    content = {"application/json": {"schema": _schema(kind.result, schemas)}}
    if kind is Events:
        content[events.MEDIA_TYPE] = {"schema": {"type": "string"}}
    if kind is Recording:
        content[SOUND] = {}
    done = {str(201 if kind.creates else 200): {"description": _what(kind.result), "content": content}}
    told["responses"] = done | _problems(statuses_of(kind))
    return told


def statuses_of(kind: type[Operation]) -> set[int]:
    """Return the HTTP statuses of the ways in which an operation may fail."""
    statuses = set(_ANY)
    for error in kind.errors:
        statuses.update(next(one.statuses for one in KINDS if issubclass(error, one.error)))
    if kind.route[0] == "POST":
        statuses.add(413)
    if "{" in kind.route[1]:
        statuses.add(404)
    return statuses


def _parameters(kind: type[Operation], schemas: Json) -> tuple[Json, list[str]]:
    """Return the schema of every parameter, and which there must be; what they refer to goes to the others."""
    _, found = msgspec.json.schema_components([kind], ref_template=_REF)
    own = found.pop(kind.__name__)
    _add(schemas, found, kind)
    return _worded(own, kind)["properties"], own["required"]


def _places(kind: type[Operation], members: Json, required: Iterable[str]) -> list[Json]:
    """Return the parameters that are in the path or in the query."""
    method, path = kind.route
    placed = []
    for name, schema in members.items():
        in_path = f"{{{name}}}" in path
        if not in_path and method == "POST":
            continue
        one = _present(schema)
        placed.append(
            {
                "name": name,
                "in": "path" if in_path else "query",
                "required": in_path or name in required,
                **({"description": words} if (words := one.pop("description", "")) else {}),
                "schema": one,
            }
        )
    return placed


def _present(schema: Json) -> Json:
    """Return the schema of a parameter that is there: absent is how a path or a query says nothing."""
    one = {name: value for name, value in schema.items() if name != "default" or value is not None}
    kinds = [kind for kind in one.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del one["anyOf"]
        one |= kinds[0]
    return one


def _what(result: Any) -> str:
    """Return a result in words."""
    for one in get_args(result):
        return f"A list. Each: {_sentences(one)}"
    return _sentences(result)


def _sentences(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _schema(kind: Any, schemas: Json) -> Json:
    """Return the schema of a result; the structs in it go to the others."""
    (schema,), found = msgspec.json.schema_components([kind], ref_template=_REF)
    _add(schemas, found, kind)
    return schema


def _add(schemas: Json, found: Json, kind: Any) -> None:
    """Add schemas of structs, with the words that stand beneath their fields."""
    modules = [sys.modules[kind.__module__] if isinstance(kind, type) else results, results]
    for name, schema in found.items():
        owner = next(getattr(module, name) for module in modules if hasattr(module, name))
        schemas[name] = _worded(schema, owner)


def _worded(schema: Json, kind: type[msgspec.Struct]) -> Json:
    """Return the schema of a struct with its docstring and those of its fields."""
    words = {name: text for base in reversed(kind.__mro__) for name, text in _docstrings(base).items()}
    properties = {
        field.encode_name: schema["properties"][field.encode_name]
        | ({"description": words[field.name]} if field.name in words else {})
        for field in msgspec.structs.fields(kind)
    }
    return schema | {"properties": properties, "description": _sentences(kind)}


def _docstrings(kind: type) -> dict[str, str]:
    """Return the sentences that stand beneath the fields of a class of ours."""
    return (
        _module_docstrings(kind.__module__).get(kind.__name__, {}) if kind.__module__.startswith("voicecall.") else {}
    )


@cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    """Return what stands beneath the fields of every class of a module."""
    words: dict[str, dict[str, str]] = {}
    for found in ast.parse(inspect.getsource(sys.modules[module])).body:
        if not isinstance(found, ast.ClassDef):
            continue
        own = words.setdefault(found.name, {})
        for above, below in zip(found.body, found.body[1:], strict=False):
            match above, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    own[name] = " ".join(text.split())
                case _:
                    pass
    return words


def _key() -> Json:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Yours for this request: given again within 24 h, it gets the first result, and nothing is done "
        "twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    }


def _last_event() -> Json:
    words = "Begin after this sequence number; counts before `since`."
    return {
        "name": "Last-Event-ID",
        "in": "header",
        "description": words,
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    }


def _problem_schema() -> Json:
    text: Json = {"type": "string"}
    members: Json = {
        "type": {"const": "about:blank"},
        "title": text,
        "status": {"type": "integer"},
        "detail": text | {"description": "What is wrong, and what to do."},
        "code": text | {"description": "A stable word for it."},
        "reason": text | {"description": "A stable word for why it was refused, or a service's own code."},
    }
    required = [name for name in members if name != "reason"]
    return {"type": "object", "description": "What went wrong.", "properties": members, "required": required}


def _problem(status: int) -> Json:
    """Return the response of a failure."""
    codes = [kind.code for kind in KINDS if status in kind.statuses] + list(_OF_THE_DOOR.get(status, ()))
    narrow = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    schema = {"allOf": [{"$ref": _REF.format(name="Problem")}, narrow]}
    told: Json = {"description": _MEANINGS[status], "content": {_PROBLEM: {"schema": schema}}}
    if status == HTTPStatus.UNAUTHORIZED:
        told["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = {"description": "Seconds, where they are known.", "schema": {"type": "integer"}}
        told["headers"] = {"Retry-After": seconds}
    return told


def _problems(statuses: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(statuses)}


def _further(schemas: Json) -> Json:
    """Return what there is beside the operations."""
    least, most = 0, 10**18 - 1
    number = {"type": "integer", "minimum": least, "maximum": most, "default": 0}
    since = {"name": "since", "in": "query", "schema": number}
    call = {"name": "callId", "in": "query", "description": "Only of this call.", "schema": {"type": "string"}}
    following = _get(
        "events.follow",
        "Events as they happen",
        {events.MEDIA_TYPE: {"schema": {"type": "string"}}},
        "Server-sent events: the stored ones after `since`, then new ones without a gap, each with its `id`, its type "
        "as `event` and the event as `data`.",
    )
    following["parameters"] = [since, call, _last_event()]
    following["responses"] |= _problems((404, 422, 503))
    about = {"schema": {"type": "object"}}
    health: Json = {"schema": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}}
    alive = _get("healthz", "Whether the process lives", {"application/json": health}, needs_token=False)
    ready = _get("readyz", "Whether calls can be made and taken", {"application/json": health}, needs_token=False)
    ready["responses"]["503"] = {"description": "Not now.", "content": {"application/json": health}}
    rpc = _get("rpc", "JSON-RPC 2.0", {"application/json": {"schema": {"type": ["object", "array"]}}})
    rpc["description"] = "Every operation as the method `voicecall.` and its name. Batches are answered as such."
    rpc["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": ["object", "array"]}}}}
    rpc["responses"]["204"] = {"description": "Nothing was asked that is answered."}
    rpc["responses"] |= _problems((413,))
    return {
        "/v1/events": {"get": following},
        "/rpc": {"post": rpc},
        PATH: {"get": _get("openapi", "This document", {"application/json": about})},
        "/metrics": {"get": _get("metrics", "Metrics for Prometheus", {"text/plain": {"schema": {"type": "string"}}})},
        "/healthz": {"get": alive},
        "/readyz": {"get": ready},
    }


def _get(name: str, summary: str, content: Json, description: str = "", *, needs_token: bool = True) -> Json:
    """Return a path's operation that is none of the table."""
    told: Json = {"operationId": name, "tags": ["gateway"], "summary": summary}
    if description:
        told["description"] = description
    told["responses"] = {"200": {"description": f"{summary}.", "content": content}}
    if needs_token:
        told["responses"] |= _problems((401, 403, 429, 500))
    else:
        told["security"] = []
    return told
