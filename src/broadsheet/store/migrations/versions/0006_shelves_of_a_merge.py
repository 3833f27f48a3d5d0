"""The shelves that a paper was on when it joined another, for an undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("merges", sa.Column("shelves", sa.Text(), nullable=True))
