"""Exchange: landed files, batches, quarantined rows, subjects, officers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "exchange_dataset",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("known_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_exchange_dataset")),
    )
    op.create_table(
        "exchange_landing",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("received_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_landing")),
    )
    with op.batch_alter_table("exchange_landing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_landing_dataset"), ["dataset"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_landing_sha256"), ["sha256"], unique=False)

    op.create_table(
        "exchange_officer",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("granted_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "owner", name=op.f("pk_exchange_officer")),
    )
    op.create_table(
        "exchange_quarantine",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("cells", api.infra.db.JsonText(), nullable=False),
        sa.Column("findings", api.infra.db.JsonText(), nullable=False),
        sa.Column("settled_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_quarantine")),
    )
    with op.batch_alter_table("exchange_quarantine", schema=None) as batch_op:
        batch_op.create_index("ix_exchange_quarantine_batch_id_row", ["batch_id", "row"], unique=False)
        batch_op.create_index(
            "ix_exchange_quarantine_dataset_state_id", ["dataset", "state", "id"], unique=False
        )

    op.create_table(
        "exchange_subject",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("uscc", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("legal_form", sa.String(length=60), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("operating_address", sa.String(length=300), nullable=True),
        sa.Column("town", sa.String(length=9), nullable=True),
        sa.Column("industry", sa.String(length=3), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=True),
        sa.Column("established_on", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("known_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_subject")),
        sa.UniqueConstraint("uscc", name=op.f("uq_exchange_subject_uscc")),
    )
    with op.batch_alter_table("exchange_subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exchange_subject_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_subject_town"), ["town"], unique=False)

    op.create_table(
        "exchange_subject_history",
        sa.Column(
            "no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("fields", api.infra.db.JsonText(), nullable=False),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("known_from", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("known_to", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exchange_subject_history")),
    )
    with op.batch_alter_table("exchange_subject_history", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_exchange_subject_history_subject_id"), ["subject_id"], unique=False
        )

    op.create_table(
        "exchange_batch",
        sa.Column(
            "no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("landing_id", sa.String(length=26), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("expected_rows", sa.BigInteger(), nullable=True),
        sa.Column("stated_from", sa.Date(), nullable=True),
        sa.Column("stated_to", sa.Date(), nullable=True),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("first_month", sa.Integer(), nullable=True),
        sa.Column("last_month", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.Column("summary", api.infra.db.JsonText(), nullable=False),
        sa.Column("problem", api.infra.db.JsonText(), nullable=True),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("known_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("segment", sa.String(length=120), nullable=True),
        sa.Column("segment_sha256", sa.String(length=64), nullable=True),
        sa.Column("findings", sa.String(length=120), nullable=True),
        sa.Column("findings_sha256", sa.String(length=64), nullable=True),
        sa.Column("withdrawn_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["landing_id"], ["exchange_landing.id"], name=op.f("fk_exchange_batch_landing_id")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_exchange_batch")),
        sa.UniqueConstraint("id", name=op.f("uq_exchange_batch_id")),
    )
    with op.batch_alter_table("exchange_batch", schema=None) as batch_op:
        batch_op.create_index("ix_exchange_batch_dataset_seq", ["dataset", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_batch_landing_id"), ["landing_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_batch_state"), ["state"], unique=False)
