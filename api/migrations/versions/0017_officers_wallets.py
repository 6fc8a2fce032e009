"""Confirmed warnings, whose wallet an officer's is, and warnings whose link to the chain was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What the rules issued before, and nobody closed, waits for a person: an issue is red and red never rises."""
    with op.batch_alter_table("risk_warning", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("confirmed_by", sa.String(length=64), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("confirmed_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
    warning = sa.table(
        "risk_warning",
        sa.column("unconfirmed", sa.Boolean()),
        sa.column("auto", sa.Boolean()),
        sa.column("state", sa.String()),
        sa.column("raised_at", sa.DateTime()),
    )
    op.execute(
        warning.update()
        .where(warning.c.auto, warning.c.state == "issued", warning.c.raised_at.is_(None))
        .values(unconfirmed=True)
    )
    with op.batch_alter_table("anchoring_warning", schema=None) as batch_op:
        batch_op.alter_column("chain_id", existing_type=sa.String(length=64), nullable=True)
        batch_op.alter_column("salt", existing_type=sa.LargeBinary(length=32), nullable=True)
        batch_op.add_column(sa.Column("erased_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table("anchoring_warning_officer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_anchoring_warning_officer_account"), ["account"], unique=False)
