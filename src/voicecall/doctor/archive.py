"""The check of the archive: it can be opened, and what it holds can be read."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from voicecall.config.load import Loaded
from voicecall.errors import StoreError
from voicecall.store import Query
from voicecall.store.sql import SqlStore

from . import Check, fail, ok
from .asking import PATIENCE


async def store(loaded: Loaded) -> Check:
    """See whether the archive can be read and written. A file that does not exist yet is left alone."""
    configured = loaded.config.store.url
    text = "" if configured is None else configured.get_secret_value()
    if (found := _of_file(text)) is not None:
        return found
    opened = SqlStore(text, instance="doctor", clock=lambda: 0.0)
    try:
        async with asyncio.timeout(PATIENCE):
            await opened.open()
            await opened.records(Query(limit=1))
    except TimeoutError:
        return fail(
            "store", f"the archive did not answer within {PATIENCE:g} s", "see the database server, and store.url"
        )
    except StoreError as error:
        return fail("store", str(error), "see store.url, the database server, and the rights on its files")
    finally:
        await opened.close()
    return ok("store", "can be read")


def _of_file(url: str) -> Check | None:
    """Return what the file of an archive tells without being opened; None where it has to be."""
    file = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]*).*", url)
    if file is None:
        return None
    path = Path(file[1])
    if not path.exists():
        return ok("store", "made at the first start")
    if not os.access(path, os.R_OK | os.W_OK):
        return fail("store", f"{path} cannot be read and written by this user", f"chown $(id -un) {path}")
    return None
