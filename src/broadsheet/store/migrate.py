"""Bring a database to the schema that this program knows, once, whoever opens it first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text

from broadsheet.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from broadsheet.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
# Oldest first; a test holds that these are the files in `migrations`.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD = REVISIONS[-1]


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction: a kill leaves the old schema, whole.

    Two processes may come at once: one waits, then finds that all is done.

    Raises:
        StoreError: the database was made by a newer program, or is not ours.
    """
    with database.read() as connection:
        if _is_current(connection):
            return
    with database.write_alone() as connection:
        if not _is_current(connection):
            upgrade(connection, HEAD)


def upgrade(connection: Connection, target: str, *, folder: Path = MIGRATIONS) -> None:
    """Run migrations up to ``target`` within the connection's transaction."""
    from alembic import command

    command.upgrade(alembic_config(folder, connection), target)


def alembic_config(folder: Path, connection: Connection | None = None) -> Any:
    """Return Alembic's settings; there is no ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def revision(connection: Connection) -> str | None:
    """Return the schema's revision; None for an empty database.

    Raises:
        StoreError: there are tables, but none of ours.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                f"this database holds something else (tables {', '.join(sorted(tables)[:3])}, "
                "...): name an empty one"
            )
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _is_current(connection: Connection) -> bool:
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"the store was made by a newer Broadsheet (schema {found}, this one knows up to "
            f"{HEAD}): upgrade Broadsheet, or restore a backup made before"
        )
    return found == HEAD
