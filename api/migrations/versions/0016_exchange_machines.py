"""Exchange: credentials of departments' systems, sources that the worker fetches, the register that rows were matched against."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("exchange_dataset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("register_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "exchange_credential",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("datasets", api.infra.db.JsonText(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_credential")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_exchange_credential_token_hash")),
    )
    with op.batch_alter_table("exchange_credential", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_credential_owner"), ["owner"], unique=False)
    op.create_table(
        "exchange_source",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("place", api.infra.db.SealedText(), nullable=False),
        sa.Column("pattern", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("next_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=100), nullable=True),
        sa.Column("last_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_batches", sa.Integer(), nullable=False),
        sa.Column("last_refused", sa.Integer(), nullable=False),
        sa.Column("problem", api.infra.db.JsonText(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_source")),
    )
    with op.batch_alter_table("exchange_source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_source_next_at"), ["next_at"], unique=False)
