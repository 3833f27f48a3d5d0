"""Is the store consistent with itself?

Papers are walked in steps, so that memory does not grow with the store.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, text

from broadsheet.store import schema
from broadsheet.store.names import name
from broadsheet.store.rows import PAPER, read_papers
from broadsheet.store.totals import COUNTED, sums
from broadsheet.text.digest import record_digest, record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Select

    from broadsheet.model import Paper
    from broadsheet.store.database import Database

STEP = 2000  # papers held at a time
SHOWN = 5  # examples in a sentence


def problems(database: Database) -> list[str]:
    """Return what is inconsistent within the store at one moment, a sentence each."""
    with database.snapshot() as connection:
        found = list(_file_problems(connection)) if database.is_sqlite else []
        found += [
            _sentence(claim, list(connection.scalars(statement)))
            for claim, statement in _CLAIMS.items()
        ]
        found += _walk(connection)
    return [sentence for sentence in found if sentence]


def _file_problems(connection: Connection) -> Iterator[str]:
    for (line,) in connection.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"the file is damaged: {line}"
    broken: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        broken[table, parent].append(row)
    for (table, parent), rows in broken.items():
        yield f"{len(rows)} rows of {table} name rows of {parent} that are not there"


def _walk(connection: Connection) -> list[str]:
    """Compare each paper with what is kept beside it."""
    wrong: defaultdict[str, list[int]] = defaultdict(list)
    after = 0
    while papers := _step(connection, after):
        span = (papers[0].key, papers[-1].key)
        for claim, key in _paper_faults(connection, papers, span):
            wrong[claim].append(key)
        for claim, key in _record_faults(connection, span):
            wrong[claim].append(key)
        after = span[1]
    return [_sentence(claim, keys) for claim, keys in sorted(wrong.items())]


def _step(connection: Connection, after: int) -> list[Paper]:
    key = schema.papers.c.key
    statement = select(*PAPER).where(key > after).order_by(key).limit(STEP)
    return list(read_papers(connection, statement))


def _paper_faults(
    connection: Connection, papers: list[Paper], span: tuple[int, int]
) -> Iterator[tuple[str, int]]:
    totals = sums(connection, schema.signals.c.paper.between(*span))
    names = schema.identifiers.c
    owned: defaultdict[int, set[str]] = defaultdict(set)
    for owned_name, key in connection.execute(
        select(names.name, names.paper).where(names.paper.between(*span))
    ):
        owned[key].add(owned_name)
    for paper in papers:
        kept = {column: getattr(paper, column) for column in COUNTED.values()}
        if kept != {column: totals.get((paper.key, column), 0) for column in kept}:
            yield "papers have totals that are not those of their signals", paper.key
        if not {name(str(one)) for one in paper.identifiers} <= owned[paper.key]:
            yield "papers have identifiers that do not lead to them", paper.key
        if paper.identifiers and name(paper.id) not in owned[paper.key]:
            yield "papers have an id that does not lead to them", paper.key


def _record_faults(connection: Connection, span: tuple[int, int]) -> Iterator[tuple[str, int]]:
    table = schema.records.c
    statement = select(table.paper, table.digest, table.body).where(table.paper.between(*span))
    for paper, digest, body in connection.execute(statement):
        if record_digest(record_of(body)) != digest:
            yield "papers have records that are not what their digest says", paper


def _sentence(claim: str, examples: list[int] | list[str]) -> str:
    if not examples:
        return ""
    shown = ", ".join(str(example) for example in examples[:SHOWN])
    more = ", ..." if len(examples) > SHOWN else ""
    return f"{len(examples)} {claim}: {shown}{more}"


def _claims() -> dict[str, Select[int] | Select[str]]:
    papers, changes = schema.papers.c, schema.changes.c
    records, names = schema.records.c, schema.identifiers.c
    is_here = exists().where(papers.key == changes.paper)
    return {
        "papers have no row in the change log": select(papers.key).where(
            ~exists().where(changes.paper == papers.key)
        ),
        "papers are gone by the change log, but here": select(changes.paper).where(
            changes.is_gone, is_here
        ),
        "papers are here by the change log, but gone": select(changes.paper).where(
            ~changes.is_gone, ~is_here
        ),
        "papers have no record": select(papers.key).where(
            ~exists().where(records.paper == papers.key)
        ),
        "papers have no identifier": select(papers.key).where(
            ~exists().where(names.paper == papers.key)
        ),
        "identifiers have signals waiting, though their paper is here": select(names.name).where(
            exists().where(schema.waiting.c.name == names.name)
        ),
        "shelves are empty": select(schema.shelves.c.key).where(
            ~exists().where(schema.shelved.c.shelf == schema.shelves.c.key)
        ),
    }


_CLAIMS = _claims()
