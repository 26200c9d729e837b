"""The tables of the archive, the same on SQLite and PostgreSQL. Times are Unix seconds; JSON is kept as written."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

REVISION = "0004"
"""The migration that makes these tables."""
VERSIONS = "voicecall_schema"
"""The table that holds the name of the last migration."""

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_primary",
        "uq": "%(table_name)s_%(column_0_N_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)

events = Table(
    "events",
    metadata,
    Column(
        "position",
        BigInteger().with_variant(Integer(), "sqlite"),
        Identity(always=True),
        primary_key=True,
    ),
    Column("call_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("type", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("key", Text),
    UniqueConstraint("call_id", "seq"),
    sqlite_autoincrement=True,
)
Index(
    "events_carrier_key",
    events.c.carrier,
    events.c.key,
    unique=True,
    sqlite_where=events.c.key.is_not(None),
    postgresql_where=events.c.key.is_not(None),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("carrier", Text, nullable=False),
    Column("carrier_call_id", Text),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("from_number", Text, nullable=False),
    Column("to_number", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("record", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("instance", Text, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("minutes", Integer, nullable=False, server_default="0"),
    Column("cost", Double),
    UniqueConstraint("carrier", "carrier_call_id"),
    Index(None, "started_at", "call_id"),
    Index(None, "from_number", "started_at"),
    Index(None, "to_number", "started_at"),
    Index(None, "state", "started_at"),
    Index("calls_spent", "direction", "started_at", "to_number", "minutes", "cost"),
)

claims = Table(
    "claims",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("outcome", Text),
    Index(None, "at"),
)

notes = Table(
    "notes",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("data", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("version", Integer, nullable=False),
)
