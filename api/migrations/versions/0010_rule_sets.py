"""Risk: versions of the rule set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "risk_rule_set",
        sa.Column("row_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", api.infra.db.JsonText(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("authors", api.infra.db.JsonText(), nullable=False),
        sa.Column("changed_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("validated_by", sa.String(length=64), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("published_by", sa.String(length=64), nullable=True),
        sa.Column("known_from", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_risk_rule_set")),
        sa.UniqueConstraint("sequence", name=op.f("uq_risk_rule_set_sequence")),
    )
    with op.batch_alter_table("risk_rule_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_rule_set_hash"), ["hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_rule_set_state"), ["state"], unique=False)
