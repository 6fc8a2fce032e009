"""Risk: how far a delivery reached, so that a small correction does not wait behind a register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("risk_pending", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reach", sa.Integer(), nullable=False, server_default="0"))
