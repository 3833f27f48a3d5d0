"""Searches that readers keep under a name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("key", KEY, nullable=False),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("folded", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_watches"),
        sa.UniqueConstraint("reader", "folded", name="uq_watches_reader_folded"),
        sqlite_autoincrement=True,
    )
