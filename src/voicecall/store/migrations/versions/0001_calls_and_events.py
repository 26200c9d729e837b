"""Calls and their events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables and their indexes."""
    op.create_table(
        "events",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.PrimaryKeyConstraint("position", name="events_primary"),
        sa.UniqueConstraint("call_id", "seq", name="events_call_id_seq"),
        sqlite_autoincrement=True,
    )
    keyed = sa.text("key IS NOT NULL")
    op.create_index(
        "events_carrier_key",
        "events",
        ["carrier", "key"],
        unique=True,
        sqlite_where=keyed,
        postgresql_where=keyed,
    )
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("carrier_call_id", sa.Text),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("from_number", sa.Text, nullable=False),
        sa.Column("to_number", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="calls_primary"),
        sa.UniqueConstraint("carrier", "carrier_call_id", name="calls_carrier_carrier_call_id"),
    )
    op.create_index("calls_started_at_call_id", "calls", ["started_at", "call_id"])
    op.create_index("calls_from_number_started_at", "calls", ["from_number", "started_at"])
    op.create_index("calls_to_number_started_at", "calls", ["to_number", "started_at"])
    op.create_index("calls_state_started_at", "calls", ["state", "started_at"])
