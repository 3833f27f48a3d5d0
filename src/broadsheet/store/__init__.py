"""Remember this: papers, records, readers, signals and the change log, by SQLAlchemy Core."""

from broadsheet.store.backup import restore
from broadsheet.store.database import sqlite_url
from broadsheet.store.sqlstore import SqlStore, open_store

__all__ = ["SqlStore", "open_store", "restore", "sqlite_url"]
