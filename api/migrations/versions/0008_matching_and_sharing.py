"""The exchange's review queue of matching, and sharing out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "exchange_review",
        sa.Column("no", _KEY, autoincrement=True, nullable=False),
        sa.Column("review_id", sa.String(length=26), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("candidates", api.infra.db.JsonText(), nullable=False),
        sa.Column("refused", api.infra.db.JsonText(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("enterprise", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_seen", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exchange_review")),
        sa.UniqueConstraint("review_id", name=op.f("uq_exchange_review_review_id")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_exchange_review_fingerprint")),
    )
    with op.batch_alter_table("exchange_review", schema=None) as batch_op:
        batch_op.create_index("ix_exchange_review_state_no", ["state", "no"], unique=False)
    op.create_table(
        "exchange_review_batch",
        sa.Column("review_no", _KEY, nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_no"], ["exchange_review.no"], name=op.f("fk_exchange_review_batch_review_no")
        ),
        sa.PrimaryKeyConstraint("review_no", "dataset", "batch", name=op.f("pk_exchange_review_batch")),
    )
    with op.batch_alter_table("exchange_review_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_review_batch_batch"), ["batch"], unique=False)
    op.create_table(
        "exchange_review_step",
        sa.Column("no", _KEY, autoincrement=True, nullable=False),
        sa.Column("review_no", _KEY, nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=True),
        sa.Column("before", api.infra.db.JsonText(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_no"], ["exchange_review.no"], name=op.f("fk_exchange_review_step_review_no")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exchange_review_step")),
    )
    with op.batch_alter_table("exchange_review_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_review_step_review_no"), ["review_no"], unique=False)
    op.create_table(
        "exchange_share",
        sa.Column("no", _KEY, autoincrement=True, nullable=False),
        sa.Column("share_id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("fields", api.infra.db.JsonText(), nullable=False),
        sa.Column("clearance", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("expires_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exchange_share")),
        sa.UniqueConstraint("share_id", name=op.f("uq_exchange_share_share_id")),
    )
    with op.batch_alter_table("exchange_share", schema=None) as batch_op:
        batch_op.create_index("ix_exchange_share_state_no", ["state", "no"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_share_requested_by"), ["requested_by"], unique=False)
