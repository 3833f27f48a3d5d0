"""What the administrator wants of a source, how its runs go, and how to read a fault again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("entered", sa.BigInteger(), nullable=True),
        sa.Column("is_added", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("interval_s", sa.Integer(), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("new", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("succeeded", sa.BigInteger(), nullable=True),
        sa.Column("delivered", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.Text(), nullable=False, server_default=""),
        sa.Column("requests", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("syncs", column)
    op.execute("UPDATE syncs SET entered = due")
    op.add_column("quarantine", sa.Column("form", sa.Text(), nullable=False, server_default=""))
