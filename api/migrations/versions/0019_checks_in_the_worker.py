"""Exchange: how far the worker is with the checks of a large file, and how often it has taken it up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("exchange_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stage", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("stage_done", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stage_of", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("worked_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
