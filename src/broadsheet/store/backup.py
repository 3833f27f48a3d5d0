"""Copies of the store: one SQLite file, whatever database it came from or goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from broadsheet.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.store.database import Database


def back_up(database: Database, target: Path) -> None:
    """Write a consistent copy to a new file."""
    if target.exists():
        raise StoreError(f"{target} exists already: name a new file")
    with database.engine.connect() as connection:
        connection.execute(text("VACUUM INTO :target"), {"target": str(target)})


def restore(source: Path, target_url: str) -> None:
    """Load a backup into an empty store."""
    raise StoreError(f"{source} cannot be restored to {target_url} yet")
