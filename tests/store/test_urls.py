"""What may be written in store.url, and what is said of the rest."""

from __future__ import annotations

import pytest

from voicecall.errors import StoreError
from voicecall.store.sql import SqlStore
from voicecall.store.urls import place, read_url


@pytest.mark.parametrize(
    ("text", "driver", "named"),
    [
        ("sqlite:///a/b.db", "sqlite", "a/b.db"),
        ("sqlite:////a/b.db", "sqlite", "/a/b.db"),
        ("sqlite+aiosqlite:////a/b.db", "sqlite", "/a/b.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg", "postgresql+asyncpg://u:***@h/d"),
        ("postgresql://u:p@h:5/d?password=p", "postgresql+asyncpg", "postgresql+asyncpg://u:***@h:5/d"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg", "postgresql+asyncpg://h/d"),
    ],
)
def test_a_url_is_read_in_any_of_its_forms(text: str, driver: str, named: str) -> None:
    url = read_url(text)
    assert (url.drivername, place(url)) == (driver, named)


def test_the_servers_own_word_for_tls_is_understood() -> None:
    assert read_url("postgresql://h/d?sslmode=require").query == {"ssl": "require"}


@pytest.mark.parametrize(
    "text",
    ["mysql://u:hunter2@h/d", "hunter2", "", "postgresql://u:hunter2@h:port/d", "postgresql+psycopg://u:hunter2@h/d"],
)
def test_any_other_url_is_refused_with_what_to_write_and_without_the_password(text: str) -> None:
    with pytest.raises(StoreError, match=r"write store\.url as sqlite:///path/to/file or postgresql://") as refused:
        SqlStore(text, instance="one", clock=lambda: 0.0)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_sqlite_url_names_a_file(text: str) -> None:
    with pytest.raises(StoreError, match="names no SQLite file"):
        read_url(text)
