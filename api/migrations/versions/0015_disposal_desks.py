"""Disposal: the deadline that waits first, contacts, results of service, attachments, periods of law."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_WAITS = {"issued": "sign_in", "signed": "verify", "verified": "act", "acting": "feedback"}
_RESULTS = {"left": "left", "post": "sent", "public": "published"}


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("disposal_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("contact_name", api.infra.db.SealedText(), nullable=True))
        batch_op.add_column(sa.Column("contact_phone", api.infra.db.SealedText(), nullable=True))
        batch_op.create_index(batch_op.f("ix_disposal_case_due_at"), ["due_at"], unique=False)
    with op.batch_alter_table("disposal_service", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("result", sa.String(length=10), nullable=False, server_default="received")
        )
        batch_op.add_column(sa.Column("witness", api.infra.db.SealedText(), nullable=True))
        batch_op.add_column(sa.Column("tracking", api.infra.db.SealedText(), nullable=True))
    with op.batch_alter_table("disposal_service", schema=None) as batch_op:
        batch_op.alter_column("result", server_default=None)
    with op.batch_alter_table("disposal_statement", schema=None) as batch_op:
        batch_op.create_index("ix_disposal_statement_waiting", ["answered_at", "due_at"], unique=False)
    op.create_table(
        "disposal_attachment",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("statement_id", sa.String(length=26), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", api.infra.db.SealedText(), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", api.infra.db.SealedBytes(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["disposal_statement.id"],
            name=op.f("fk_disposal_attachment_statement_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_attachment")),
    )
    with op.batch_alter_table("disposal_attachment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_disposal_attachment_statement_id"), ["statement_id"], unique=False
        )
    op.create_table(
        "disposal_law_period",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("note", api.infra.db.SealedText(), nullable=True),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("entered_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["disposal_case.id"], name=op.f("fk_disposal_law_period_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_law_period")),
    )
    with op.batch_alter_table("disposal_law_period", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_law_period_case_id"), ["case_id"], unique=False)
    _fill()


def _fill() -> None:
    """Deadlines of the cases that are there, and what their records of service say without words."""
    connection = op.get_bind()
    case = sa.table(
        "disposal_case",
        sa.column("id", sa.String),
        sa.column("stage", sa.String),
        sa.column("dues", sa.Text),
        sa.column("due_at", api.infra.db.UtcDateTime(timezone=True)),
    )
    waiting = connection.execute(
        sa.select(case.c.id, case.c.stage, case.c.dues).where(case.c.stage != "closed")
    ).all()
    for case_id, stage, kept in waiting:
        if first := _first(stage, json.loads(kept) if isinstance(kept, str) else kept):
            connection.execute(sa.update(case).where(case.c.id == case_id).values(due_at=first))
    service = sa.table("disposal_service", sa.column("channel", sa.String), sa.column("result", sa.String))
    for channel, result in _RESULTS.items():
        connection.execute(sa.update(service).where(service.c.channel == channel).values(result=result))


def _first(stage: str, dues: dict[str, Any]) -> datetime | None:
    steps = [_WAITS.get(stage, ""), "transfer", "close"]
    moments = [datetime.fromisoformat(dues[step][0]).astimezone(UTC) for step in steps if step in dues]
    return min(moments, default=None)
