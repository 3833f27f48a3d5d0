"""Why papers were merged, which are kept apart, and who signed each with whom."""

from __future__ import annotations

import json
from datetime import date

import sqlalchemy as sa
from alembic import op

from broadsheet.text import likeness

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STEP = 1000  # papers at a time


def upgrade() -> None:
    op.add_column("papers", sa.Column("team", sa.BigInteger(), nullable=True))
    _fill_teams()
    op.create_index(
        "ix_papers_team",
        "papers",
        ["team"],
        sqlite_where=sa.text("team IS NOT NULL"),
        postgresql_where=sa.text("team IS NOT NULL"),
    )
    op.create_table(
        "merges",
        sa.Column("key", KEY, nullable=False),
        sa.Column("paper", KEY, nullable=False),
        sa.Column("gone", KEY, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_merges_paper"),
        sa.PrimaryKeyConstraint("key", name="pk_merges"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_merges_paper", "merges", ["paper"])
    op.create_table(
        "apart",
        sa.Column("paper", KEY, nullable=False),
        sa.Column("other", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["other"], ["papers.key"], name="fk_apart_other"),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_apart_paper"),
        sa.PrimaryKeyConstraint("paper", "other", name="pk_apart"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_apart_other", "apart", ["other"])


def _fill_teams() -> None:
    """Give each paper its team, a thousand at a time."""
    papers = sa.table(
        "papers", sa.column("key", KEY), sa.column("body"), sa.column("team", sa.BigInteger)
    )
    connection = op.get_bind()
    after = 0
    while rows := connection.execute(
        sa.select(papers.c.key, papers.c.body)
        .where(papers.c.key > after)
        .order_by(papers.c.key)
        .limit(STEP)
    ).all():
        found = [{"known": key, "number": _team(json.loads(body))} for key, body in rows]
        connection.execute(
            sa.update(papers)
            .where(papers.c.key == sa.bindparam("known"))
            .values(team=sa.bindparam("number")),
            found,
        )
        after = rows[-1][0]


def _team(body: dict[str, object]) -> int | None:
    published = body.get("published")
    year = date.fromisoformat(published).year if isinstance(published, str) else None
    authors = body.get("authors")
    return likeness.team(authors, year) if isinstance(authors, list) else None
