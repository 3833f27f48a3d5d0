"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _create_papers()
    _create_imports()
    _create_readers()
    _create_mail()


def _create_papers() -> None:
    op.create_table(
        "papers",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("title_key", NAME, nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("announced", sa.Date(), nullable=True),
        sa.Column("picked", sa.Date(), nullable=True),
        sa.Column("votes", sa.BigInteger(), nullable=False),
        sa.Column("comments", sa.BigInteger(), nullable=False),
        sa.Column("stars", sa.BigInteger(), nullable=False),
        sa.Column("is_specimen", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_papers"),
    )
    op.create_index("ix_papers_announced", "papers", ["announced"])
    op.create_index("ix_papers_day", "papers", ["day", "key"])
    op.create_index(
        "ix_papers_picked",
        "papers",
        ["picked"],
        sqlite_where=sa.text("picked IS NOT NULL"),
        postgresql_where=sa.text("picked IS NOT NULL"),
    )
    op.create_index(
        "ix_papers_specimens",
        "papers",
        ["key"],
        sqlite_where=sa.text("is_specimen = 1"),
        postgresql_where=sa.text("is_specimen"),
    )
    op.create_index("ix_papers_title_key", "papers", ["title_key"])
    op.create_table(
        "identifiers",
        sa.Column("name", NAME, nullable=False),
        sa.Column("paper", KEY, nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_identifiers_paper"),
        sa.PrimaryKeyConstraint("name", name="pk_identifiers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identifiers_paper", "identifiers", ["paper"])
    op.create_table(
        "records",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("paper", KEY, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("source_id", NAME, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_records_paper"),
        sa.PrimaryKeyConstraint("key", name="pk_records"),
        sa.UniqueConstraint("source", "source_id", name="uq_records_source_source_id"),
    )
    op.create_index("ix_records_paper", "records", ["paper"])
    op.create_index("ix_records_source", "records", ["source", "paper", "arrived"])
    op.create_table(
        "signals",
        sa.Column("paper", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("origin", NAME, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("via", NAME, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_signals_paper"),
        sa.PrimaryKeyConstraint(
            "paper", "kind", "origin", "actor", "at", "via", "value", name="pk_signals"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signals_at", "signals", ["at", "paper"])
    op.create_table(
        "waiting",
        sa.Column("name", NAME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("origin", NAME, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("via", NAME, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "name", "kind", "origin", "actor", "at", "via", "value", name="pk_waiting"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changes",
        sa.Column("paper", KEY, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("absorbed_by", KEY, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("paper", name="pk_changes"),
        sa.UniqueConstraint("seq", name="uq_changes_seq"),
    )


def _create_imports() -> None:
    op.create_table(
        "quarantine",
        sa.Column("key", KEY, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_quarantine"),
        sa.UniqueConstraint("digest", name="uq_quarantine_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "runs",
        sa.Column("key", KEY, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_runs"),
        sqlite_autoincrement=True,
    )


def _create_readers() -> None:
    op.create_table(
        "shelves",
        sa.Column("key", KEY, nullable=False),
        sa.Column("reader", NAME, nullable=False),
        sa.Column("folded", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_shelves"),
        sa.UniqueConstraint("reader", "folded", name="uq_shelves_reader_folded"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "shelved",
        sa.Column("shelf", KEY, autoincrement=False, nullable=False),
        sa.Column("paper", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_shelved_paper"),
        sa.ForeignKeyConstraint(["shelf"], ["shelves.key"], name="fk_shelved_shelf"),
        sa.PrimaryKeyConstraint("shelf", "paper", name="pk_shelved"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shelved_paper", "shelved", ["paper"])


def _create_mail() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("key", KEY, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("folded", NAME, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_subscriptions"),
        sa.UniqueConstraint("folded", name="uq_subscriptions_folded"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriptions_due", "subscriptions", ["due", "key"])
    op.create_table(
        "digests",
        sa.Column("key", KEY, nullable=False),
        sa.Column("subscription", KEY, nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription"], ["subscriptions.key"], name="fk_digests_subscription"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_digests"),
        sa.UniqueConstraint("subscription", "due", name="uq_digests_subscription_due"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ledger",
        sa.Column("subscription", KEY, autoincrement=False, nullable=False),
        sa.Column("paper", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["digests.key"], name="fk_ledger_digest"),
        sa.ForeignKeyConstraint(["paper"], ["papers.key"], name="fk_ledger_paper"),
        sa.ForeignKeyConstraint(
            ["subscription"], ["subscriptions.key"], name="fk_ledger_subscription"
        ),
        sa.PrimaryKeyConstraint("subscription", "paper", name="pk_ledger"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ledger_paper", "ledger", ["paper"])
    op.create_table(
        "tokens",
        sa.Column("id", NAME, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sqlite_with_rowid=False,
    )
