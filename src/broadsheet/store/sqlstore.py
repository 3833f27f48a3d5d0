"""The Store port over one SQL database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.store.backup import back_up
from broadsheet.store.check import problems
from broadsheet.store.database import PATIENCE_S, Database, parse_url
from broadsheet.store.listings import ListingTables
from broadsheet.store.migrate import migrate
from broadsheet.store.papers import PaperTables
from broadsheet.store.people import PeopleTables
from broadsheet.store.subscriptions import SubscriptionTables
from broadsheet.store.syncs import SyncTables
from broadsheet.store.watches import WatchTables

if TYPE_CHECKING:
    from pathlib import Path


class SqlStore(
    PaperTables, PeopleTables, WatchTables, SubscriptionTables, SyncTables, ListingTables
):
    """Everything that must not be lost; safe to use from several threads and processes."""

    def check(self) -> list[str]:
        """Return what is inconsistent within the store, a sentence each."""
        return problems(self.database)

    def backup(self, target: Path, /) -> None:
        """Write a consistent copy of the store to a new SQLite file while others read and write.

        Raises:
            StoreError: the file exists or cannot be written.
        """
        back_up(self.database, target)

    def close(self) -> None:
        """Let go of files and connections."""
        self.database.close()


def open_store(url: str, *, patience_s: float = PATIENCE_S) -> SqlStore:
    """Open the store at a URL, made when missing, and bring its schema up to date.

    Args:
        url: ``sqlite:////folder/file.db`` or ``postgresql://user@host/name``.
        patience_s: How long a writer waits for another before it gives up.

    Raises:
        SettingError: the URL cannot be used.
        StoreError: the database cannot be opened, or was made by a newer program.
    """
    database = Database(parse_url(url), patience_s=patience_s)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
