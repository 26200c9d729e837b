"""Which database a URL names, and what its failures are called."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from voicecall.errors import StoreError

_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_FORMS = "write store.url as sqlite:///path/to/file or postgresql://user:password@host/database"


def read_url(text: str) -> URL:
    """Return the URL with the driver that we use.

    Raises:
        StoreError: it is no URL of SQLite or PostgreSQL.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(f"store.url cannot be read: {_FORMS}") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StoreError(f"store.url names {url.drivername}, which is no store of ours: {_FORMS}")
    url = url.set(drivername=driver)
    if is_sqlite(url):
        if url.database in (None, "", ":memory:") or str(url.database).startswith("file:"):
            raise StoreError("store.url names no SQLite file: write store.url as sqlite:///path/to/file")
    elif "sslmode" in url.query:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url


def is_sqlite(url: URL) -> bool:
    """Say whether `url` names a SQLite file."""
    return url.get_backend_name() == "sqlite"


def place(url: URL) -> str:
    """Return what messages call the archive: its file, or its URL without the password and the query."""
    return str(url.database) if is_sqlite(url) else url.set(query={}).render_as_string(hide_password=True)


def failures(url: URL) -> tuple[type[Exception], ...]:
    """Return what connecting and reading may raise, on the database of `url`."""
    if is_sqlite(url):
        return (SQLAlchemyError, OSError)
    import asyncpg

    return (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def code(error: BaseException) -> str:
    """Return a failure's own name: SQLite's (`SQLITE_FULL`), PostgreSQL's (`28P01`), the system's (`ENOENT`)."""
    cause: Any = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return str(name or errno.errorcode.get(getattr(cause, "errno", None) or 0, ""))


def is_refusal(error: BaseException) -> bool:
    """Say whether the database is well and refuses these values: a duplicate, or text that it cannot hold."""
    return isinstance(error, IntegrityError) or code(error).startswith("22")
