"""Minutes and cost of calls. What is in the archive already counts as calls, and takes no minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the index from which alone they are summed up."""
    op.add_column("calls", sa.Column("minutes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("calls", sa.Column("cost", sa.Double))
    op.create_index("calls_spent", "calls", ["direction", "started_at", "to_number", "minutes", "cost"])
