"""Disposal: everybody who could have been drawn is kept with a random sample, so that it can be drawn again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("disposal_sample", schema=None) as batch_op:
        batch_op.add_column(sa.Column("members", api.infra.db.SealedBytes(), nullable=True))
