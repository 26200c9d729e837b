"""What Alembic runs: our migrations on the connection it was handed."""

from __future__ import annotations

from alembic import context

from voicecall.store.tables import VERSIONS, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSIONS,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
