"""How every Store is opened: made, migrated, or refused with a sentence that helps."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from broadsheet.errors import StoreError
from broadsheet.store import migrate, open_store
from broadsheet.store.database import Database, parse_url
from broadsheet.store.schema import metadata
from tests.support import ROOT
from tests.support_papers import paper_write, save
from tests.support_rows import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.store import SqlStore
    from tests.support_sql import Postgres

OPEN = "import sys; from broadsheet.store import open_store; open_store(sys.argv[1]).close()"

NEXT = '''
"""A migration that is not there yet."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = {head!r}


def upgrade():
    op.add_column("papers", sa.Column("mood", sa.Text()))
    op.execute("UPDATE papers SET mood = 'calm'")
    {last}
'''


@pytest.fixture
def bare_url(store_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without any table."""
    if store_url.startswith("sqlite"):
        yield store_url
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def bare(bare_url: str) -> Iterator[Database]:
    """A database without any table."""
    database = Database(parse_url(bare_url))
    yield database
    database.close()


def test_the_program_knows_its_migrations() -> None:
    """The list in the code is the list of files, in their order."""
    script = ScriptDirectory(str(migrate.MIGRATIONS))

    files = [revision.revision for revision in script.walk_revisions()]

    assert tuple(reversed(files)) == migrate.REVISIONS


def test_the_migrations_make_the_schema(store: SqlStore) -> None:
    """Tables, columns, indexes and constraints are those that the code thinks it has."""
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", migrate.REVISIONS)
def test_a_store_of_each_older_version_comes_forward(bare: Database, revision: str) -> None:
    """Every row that an older program wrote is there after the newest program opened it."""
    with bare.write_alone() as connection:
        migrate.upgrade(connection, revision)
        before = fill(connection)

    store = open_store(bare.url.render_as_string(hide_password=False))

    with store.database.read() as connection:
        after = {
            table: connection.scalar(select(func.count()).select_from(metadata.tables[table]))
            for table in before
        }
        assert migrate.revision(connection) == migrate.HEAD
    assert (after, store.check()) == (before, [])
    store.close()


def test_citations_that_were_read_before_count(bare: Database) -> None:
    """Records have held them all along: the most that one says is the paper's from now on."""
    bodies = [
        '{"source":"openalex","source_id":"W1","title":"On gravity wells","extra":{"citations":7}}',
        '{"source":"crossref","source_id":"10.1/x","title":"On wells","extra":{"citations":"9"}}',
        '{"source":"s2","source_id":"1","title":"No \\"citations\\" here"}',
        '{"source":"s2","source_id":"2","title":"On gravity wells","extra":{"citations":12}}',
    ]
    with bare.write_alone() as connection:
        migrate.upgrade(connection, "0007")
        fill(connection)
        for number, body in enumerate(bodies, 2):
            connection.execute(
                text(
                    "INSERT INTO records (key, paper, source, source_id, digest, arrived, body)"
                    " VALUES (:key, 1, :source, 'x', '0', 0, :body)"
                ),
                {"key": number, "source": f"source {number}", "body": body},
            )

    store = open_store(bare.url.render_as_string(hide_password=False))

    (found,) = store.papers([1])
    assert (found.citations, store.citations([1])) == (12, {1: 12})
    assert (found.title, found.abstract, found.votes) == ("On gravity wells", "We dig.", 3)
    store.close()


def test_the_next_migration_runs_on_a_filled_store(bare: Database, tmp_path: Path) -> None:
    """The harness itself works: a migration to come changes rows that are there."""
    folder = with_next_migration(tmp_path, last="")
    with bare.write_alone() as connection:
        migrate.upgrade(connection, migrate.HEAD)
        rows = fill(connection)["papers"]

    with bare.write_alone() as connection:
        migrate.upgrade(connection, "head", folder=folder)

    with bare.read() as connection:
        assert migrate.revision(connection) == "9999"
        moods = connection.scalar(text("SELECT count(*) FROM papers WHERE mood = 'calm'"))
    assert moods == rows > 0


def test_a_migration_that_fails_leaves_the_old_schema(bare: Database, tmp_path: Path) -> None:
    """A kill or a fault half-way leaves a store that the old program still opens."""
    folder = with_next_migration(tmp_path, last="op.execute('SELECT no_such_thing')")
    with bare.write_alone() as connection:
        migrate.upgrade(connection, migrate.HEAD)

    with pytest.raises(StoreError, match="no_such_thing"), bare.write_alone() as connection:
        migrate.upgrade(connection, "head", folder=folder)

    store = open_store(bare.url.render_as_string(hide_password=False))
    assert store.check() == []
    store.close()


def test_a_store_of_a_newer_program_is_left_alone(bare: Database, tmp_path: Path) -> None:
    """A downgrade by accident says what to do and changes nothing."""
    folder = with_next_migration(tmp_path, last="")
    with bare.write_alone() as connection:
        migrate.upgrade(connection, "head", folder=folder)

    with pytest.raises(StoreError, match=r"newer Broadsheet \(schema 9999.*upgrade Broadsheet"):
        open_store(bare.url.render_as_string(hide_password=False))


def test_a_database_of_something_else_is_left_alone(bare: Database) -> None:
    """A wrong URL must not fill somebody else's database with tables."""
    with bare.write_alone() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))

    with pytest.raises(StoreError, match=r"something else .*recipes"):
        open_store(bare.url.render_as_string(hide_password=False))


def test_many_processes_open_an_empty_database_at_once(bare_url: str) -> None:
    """One migrates, the others wait and find that all is done."""
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, bare_url], cwd=ROOT) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0] * 3

    store = open_store(bare_url)
    assert store.check() == []
    store.close()


def test_opening_again_changes_nothing(store: SqlStore, store_url: str) -> None:
    """What was saved is there, and Alembic is not even imported."""
    keys = save(store, [paper_write(1)])
    script = (
        "import sys; from broadsheet.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "assert 'alembic' not in sys.modules\n"
        "print([paper.key for paper in store.all_papers()])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, store_url],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == str(list(keys))


def with_next_migration(folder: Path, *, last: str) -> Path:
    """Copy the migrations and add one that is to come."""
    copy = folder / "migrations"
    (copy / "versions").mkdir(parents=True)
    for file in [*migrate.MIGRATIONS.glob("*.*"), *migrate.MIGRATIONS.glob("versions/*.py")]:
        target = copy / file.relative_to(migrate.MIGRATIONS)
        target.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    source = NEXT.format(head=migrate.HEAD, last=last)
    (copy / "versions" / "9999_next.py").write_text(source, encoding="utf-8")
    return copy
