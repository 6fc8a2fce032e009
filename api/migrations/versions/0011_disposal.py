"""Disposal: units, posts, cases with their events, forms, notices, samples."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "disposal_number",
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_disposal_number")),
    )
    op.create_table(
        "disposal_sample",
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("population_digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_disposal_sample")),
    )
    op.create_table(
        "disposal_unit",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_disposal_unit")),
    )
    op.create_table(
        "disposal_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("warning_id", sa.String(length=64), nullable=False),
        sa.Column("episode_id", sa.String(length=64), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("colour", sa.Integer(), nullable=False),
        sa.Column("auto", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("registered_unit", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("points", api.infra.db.JsonText(), nullable=False),
        sa.Column("issued_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("clock_start", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("dues", api.infra.db.JsonText(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("next_look", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_feedback", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("verified_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("proposer", sa.String(length=64), nullable=False),
        sa.Column("proposal", api.infra.db.SealedText(), nullable=True),
        sa.Column("closed_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reviewer", sa.String(length=64), nullable=False),
        sa.Column("transfer_to", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["disposal_unit.code"], name=op.f("fk_disposal_case_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_case")),
        sa.UniqueConstraint("number", name=op.f("uq_disposal_case_number")),
        sa.UniqueConstraint("warning_id", name=op.f("uq_disposal_case_warning_id")),
    )
    with op.batch_alter_table("disposal_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_case_enterprise"), ["enterprise"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_episode_id"), ["episode_id"], unique=False)
        batch_op.create_index("ix_disposal_case_listing", ["stage", "colour", "issued_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_next_look"), ["next_look"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_provisional"), ["provisional"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_transfer_to"), ["transfer_to"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_unit"), ["unit"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_case_verified_at"), ["verified_at"], unique=False)

    op.create_table(
        "disposal_duty",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("phone", api.infra.db.SealedText(), nullable=True),
        sa.Column("starts_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["disposal_unit.code"], name=op.f("fk_disposal_duty_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_duty")),
    )
    with op.batch_alter_table("disposal_duty", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_duty_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_duty_unit"), ["unit"], unique=False)

    op.create_table(
        "disposal_post",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("capacity", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("deputy_of", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["disposal_unit.code"], name=op.f("fk_disposal_post_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_post")),
    )
    with op.batch_alter_table("disposal_post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_post_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_post_unit"), ["unit"], unique=False)

    op.create_table(
        "disposal_answer",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", api.infra.db.SealedText(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=26), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_answer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "cycle", "name", name=op.f("pk_disposal_answer")),
    )
    op.create_table(
        "disposal_event",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(length=10), nullable=False),
        sa.Column("after", sa.String(length=10), nullable=False),
        sa.Column("facts", api.infra.db.JsonText(), nullable=False),
        sa.Column("note", api.infra.db.SealedText(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_event_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_disposal_event")),
    )
    op.create_table(
        "disposal_inspection",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("town", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("note", api.infra.db.SealedText(), nullable=True),
        sa.Column("made_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_inspection_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_inspection")),
        sa.UniqueConstraint("case_id", name=op.f("uq_disposal_inspection_case_id")),
    )
    with op.batch_alter_table("disposal_inspection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_inspection_enterprise"), ["enterprise"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_inspection_month"), ["month"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_inspection_town"), ["town"], unique=False)

    op.create_table(
        "disposal_measure",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("measure", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_measure_case_id")),
        sa.PrimaryKeyConstraint("case_id", "key", name=op.f("pk_disposal_measure")),
    )
    with op.batch_alter_table("disposal_measure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_measure_measure"), ["measure"], unique=False)

    op.create_table(
        "disposal_notice",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("facts", api.infra.db.SealedText(), nullable=False),
        sa.Column("phone", api.infra.db.SealedText(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", api.infra.db.SealedBytes(), nullable=True),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_notice_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_disposal_notice_number")),
    )
    with op.batch_alter_table("disposal_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_notice_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_notice_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_notice_state"), ["state"], unique=False)

    op.create_table(
        "disposal_party",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_party_case_id")),
        sa.ForeignKeyConstraint(["unit"], ["disposal_unit.code"], name=op.f("fk_disposal_party_unit")),
        sa.PrimaryKeyConstraint("case_id", "unit", name=op.f("pk_disposal_party")),
    )
    with op.batch_alter_table("disposal_party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_party_unit"), ["unit"], unique=False)

    op.create_table(
        "disposal_photo",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("captured_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=26), nullable=False),
        sa.Column("received_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", api.infra.db.SealedBytes(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_photo_case_id")),
        sa.PrimaryKeyConstraint("case_id", "sha256", name=op.f("pk_disposal_photo")),
    )
    op.create_table(
        "disposal_statement",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", api.infra.db.SealedText(), nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("due_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", api.infra.db.SealedText(), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=False),
        sa.Column("answered_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_statement_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_statement")),
    )
    with op.batch_alter_table("disposal_statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_statement_case_id"), ["case_id"], unique=False)

    op.create_table(
        "disposal_task",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("text", api.infra.db.SealedText(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("opened_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.String(length=64), nullable=False),
        sa.Column("done_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("result", api.infra.db.SealedText(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_task_case_id")),
        sa.ForeignKeyConstraint(["unit"], ["disposal_unit.code"], name=op.f("fk_disposal_task_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_task")),
    )
    with op.batch_alter_table("disposal_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_task_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposal_task_unit"), ["unit"], unique=False)

    op.create_table(
        "disposal_service",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("notice_id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("receiver", api.infra.db.SealedText(), nullable=True),
        sa.Column("note", api.infra.db.SealedText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["disposal_notice.id"], name=op.f("fk_disposal_service_notice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_service")),
    )
    with op.batch_alter_table("disposal_service", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_service_notice_id"), ["notice_id"], unique=False)
