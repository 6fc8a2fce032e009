"""Risk: stored facts, replays, backtests as jobs, shadow runs that can be stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "risk_facts",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_facts")),
    )
    with op.batch_alter_table("risk_facts", schema=None) as batch_op:
        batch_op.create_index("ix_risk_facts_month_made", ["month", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_facts_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_facts_file"), ["file"], unique=False)
    op.create_table(
        "risk_replay",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("same_bytes", sa.Boolean(), nullable=False),
        sa.Column("same_numbers", sa.Boolean(), nullable=False),
        sa.Column("same_input", sa.Boolean(), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("found", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_replay")),
    )
    with op.batch_alter_table("risk_replay", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_replay_run_id"), ["run_id"], unique=False)
    with op.batch_alter_table("risk_standing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("risk_shadow", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stopped_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(_text("stopped_by", 64))
    with op.batch_alter_table("risk_backtest", schema=None) as batch_op:
        batch_op.add_column(_text("acceptance", 1000))
        batch_op.add_column(_text("state", 10, "finished"))
        batch_op.add_column(sa.Column("done", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("total", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("progress", api.infra.db.JsonText(), nullable=False, server_default="{}")
        )
        batch_op.add_column(_text("problem", 80))
        batch_op.add_column(sa.Column("finished_at", api.infra.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_risk_backtest_state"), ["state"], unique=False)


def _text(name: str, length: int, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default=default)
