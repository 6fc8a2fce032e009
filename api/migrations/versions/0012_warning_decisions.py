"""Anchoring: decisions about risk warnings, their officers, and the index of the registry that holds them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "anchoring_warning",
        sa.Column("warning", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("town_code", sa.BigInteger(), nullable=False),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("warning", name=op.f("pk_anchoring_warning")),
        sa.UniqueConstraint("chain_id", name=op.f("uq_anchoring_warning_chain_id")),
    )
    op.create_table(
        "anchoring_warning_officer",
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("registrar", sa.String(length=42), nullable=False),
        sa.Column("appointed_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("appointment", sa.String(length=26), nullable=False),
        sa.Column("dismissed_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_anchoring_warning_officer")),
    )
    op.create_table(
        "anchoring_warning_step",
        sa.Column("warning", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("rule_set_hash", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("stated_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.String(length=42), nullable=True),
        sa.Column("officer_signature", sa.LargeBinary(), nullable=True),
        sa.Column("reviewer", sa.String(length=42), nullable=True),
        sa.Column("reviewer_signature", sa.LargeBinary(), nullable=True),
        sa.Column("call", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["warning"],
            ["anchoring_warning.warning"],
            name=op.f("fk_anchoring_warning_step_warning"),
        ),
        sa.PrimaryKeyConstraint("warning", "sequence", name=op.f("pk_anchoring_warning_step")),
        sa.UniqueConstraint("call", name=op.f("uq_anchoring_warning_step_call")),
    )
    with op.batch_alter_table("anchoring_warning_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_anchoring_warning_step_officer"), ["officer"], unique=False)
        batch_op.create_index(batch_op.f("ix_anchoring_warning_step_reviewer"), ["reviewer"], unique=False)
        batch_op.create_index("ix_anchoring_warning_step_unsigned", ["automatic", "officer"], unique=False)
    op.create_table(
        "anchoring_index_warning_step",
        sa.Column("warning_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("town_code", sa.String(length=12), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("rule_set_hash", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("stated_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=42), nullable=False),
        sa.Column("reviewed_by", sa.String(length=42), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("transaction", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("warning_id", "sequence", name=op.f("pk_anchoring_index_warning_step")),
    )
    with op.batch_alter_table("anchoring_index_warning_step", schema=None) as batch_op:
        batch_op.create_index(
            "ix_anchoring_index_warning_step_place", ["block_number", "log_index"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_anchoring_index_warning_step_town_code"), ["town_code"], unique=False
        )
