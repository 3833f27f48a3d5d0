"""How often a paper is cited, as its sources counted all along."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from broadsheet.store import bodies
from broadsheet.text import quick_json

revision = "0008"
down_revision = "0007"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STEP = 1000  # records at a time
MOST = 10**9


def upgrade() -> None:
    op.add_column("papers", sa.Column("citations", sa.BigInteger(), nullable=True))
    _fill()
    op.create_index(
        "ix_papers_citations",
        "papers",
        ["key", "citations"],
        sqlite_where=sa.text("citations > 0"),
        postgresql_where=sa.text("citations > 0"),
    )


def _fill() -> None:
    """Give each paper the most that one of its records says, a thousand at a time."""
    records = sa.table("records", sa.column("key", KEY), sa.column("paper", KEY), sa.column("body"))
    connection = op.get_bind()
    after = 0
    while rows := connection.execute(
        sa.select(records.c.key, records.c.paper, records.c.body)
        .where(records.c.key > after, records.c.body.like('%"citations"%'))
        .order_by(records.c.key)
        .limit(STEP)
    ).all():
        found: dict[int, int] = {}
        for _, paper, body in rows:
            count = (json.loads(body).get("extra") or {}).get("citations")
            if type(count) is int and 0 <= count <= MOST:
                found[paper] = max(count, found.get(paper, 0))
        _save(connection, found)
        after = rows[-1][0]


def _save(connection: sa.Connection, found: dict[int, int]) -> None:
    papers = sa.table(
        "papers",
        sa.column("key", KEY),
        sa.column("body"),
        sa.column("citations", sa.BigInteger),
    )
    rows = connection.execute(
        sa.select(papers.c.key, papers.c.body, papers.c.citations).where(papers.c.key.in_(found))
    ).all()
    values: list[dict[str, Any]] = []
    for key, body, before in rows:
        count = max(found[key], before or 0)
        whole = bodies.storable(quick_json.dumps({**quick_json.loads(body), "citations": count}))
        values.append({"known": key, "number": count, "whole": whole})
    if values:
        connection.execute(
            sa.update(papers)
            .where(papers.c.key == sa.bindparam("known"))
            .values(citations=sa.bindparam("number"), body=sa.bindparam("whole")),
            values,
        )
