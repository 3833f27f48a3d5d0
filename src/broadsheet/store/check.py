"""Is the store consistent with itself?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadsheet.store.database import Database


def problems(database: Database) -> list[str]:
    """Return what is inconsistent, a sentence each."""
    with database.read():
        return []
