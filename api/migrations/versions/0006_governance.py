"""Governance: kept events of a validator network's contract."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "governance_event",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("proposal", sa.BigInteger(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("fields", api.infra.db.JsonText(), nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_governance_event")),
    )
    with op.batch_alter_table("governance_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_governance_event_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_governance_event_proposal"), ["proposal"], unique=False)
    op.create_table(
        "governance_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("names", api.infra.db.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_governance_mark")),
    )
