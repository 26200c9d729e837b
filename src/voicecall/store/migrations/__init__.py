"""The archive's migrations, and how they are run. Each is a file of `versions`; `tables.REVISION` names the last."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; migrations run in the transaction that `connection` is in."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def knows(revision: str) -> bool:
    """Say whether `revision` is one of ours."""
    try:
        return ScriptDirectory.from_config(configuration()).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date, within the transaction that `connection` is in."""
    command.upgrade(configuration(connection), "head")
