"""Risk: why a rule set was published without a passed backtest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("risk_rule_set", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waiver", sa.String(length=400), nullable=True))
