"""Risk: runs, standings, episodes, warnings, settled rows, and what people decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "risk_run",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("slot", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("scope", api.infra.db.JsonText(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ruleset_hash", sa.String(length=64), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("counts", api.infra.db.JsonText(), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_run")),
        sa.UniqueConstraint("slot", name=op.f("uq_risk_run_slot")),
    )
    with op.batch_alter_table("risk_run", schema=None) as batch_op:
        batch_op.create_index("ix_risk_run_kind_month", ["kind", "month"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_run_started_at"), ["started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_run_state"), ["state"], unique=False)
    op.create_table(
        "risk_used_ruleset",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("document", api.infra.db.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_risk_used_ruleset")),
    )
    op.create_table(
        "risk_standing",
        sa.Column("enterprise", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("town", sa.String(length=9), nullable=False),
        sa.Column("industry", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("tiers_a", sa.BigInteger(), nullable=False),
        sa.Column("tiers_b", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("coverage_bp", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("resting", sa.Boolean(), nullable=False),
        sa.Column("memory", api.infra.db.JsonText(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("changed_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("enterprise", name=op.f("pk_risk_standing")),
    )
    with op.batch_alter_table("risk_standing", schema=None) as batch_op:
        batch_op.create_index("ix_risk_standing_list", ["shown", "score"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_standing_town"), ["town"], unique=False)
    op.create_table(
        "risk_episode",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("lift", sa.Integer(), nullable=False),
        sa.Column("clocks_from", sa.Date(), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("closed_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_episode")),
        sa.UniqueConstraint("enterprise", "number", name=op.f("uq_risk_episode_enterprise_number")),
    )
    op.create_table(
        "risk_warning",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("episode_id", sa.String(length=26), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("town", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("pending_since", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("due_signoff", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("auto", sa.Boolean(), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("issued_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("raised_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("ruleset_hash", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("created_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["risk_episode.id"], name=op.f("fk_risk_warning_episode_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_warning")),
        sa.UniqueConstraint("episode_id", name=op.f("uq_risk_warning_episode_id")),
    )
    with op.batch_alter_table("risk_warning", schema=None) as batch_op:
        batch_op.create_index("ix_risk_warning_due", ["pending", "due_signoff"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_warning_enterprise"), ["enterprise"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_warning_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_warning_town"), ["town"], unique=False)
    op.create_table(
        "risk_settled",
        sa.Column(
            "no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("episode_id", sa.String(length=26), nullable=False),
        sa.Column("point", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("settled_by", sa.String(length=64), nullable=False),
        sa.Column("settled_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["risk_episode.id"], name=op.f("fk_risk_settled_episode_id")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_risk_settled")),
    )
    with op.batch_alter_table("risk_settled", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_settled_enterprise"), ["enterprise"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_settled_episode_id"), ["episode_id"], unique=False)
    op.create_table(
        "risk_change",
        sa.Column(
            "no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=True),
        sa.Column("raw_before", sa.Integer(), nullable=True),
        sa.Column("raw_after", sa.Integer(), nullable=True),
        sa.Column("shown_before", sa.Integer(), nullable=True),
        sa.Column("shown_after", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_risk_change")),
    )
    with op.batch_alter_table("risk_change", schema=None) as batch_op:
        batch_op.create_index("ix_risk_change_enterprise_no", ["enterprise", "no"], unique=False)
        batch_op.create_index(batch_op.f("ix_risk_change_run_id"), ["run_id"], unique=False)
    op.create_table(
        "risk_pending",
        sa.Column("enterprise", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("enterprise", "month", name=op.f("pk_risk_pending")),
    )
    op.create_table(
        "risk_index",
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("by", sa.String(length=10), nullable=False),
        sa.Column("group", sa.String(length=12), nullable=False),
        sa.Column("firms", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("weighted", sa.BigInteger(), nullable=False),
        sa.Column("counts", api.infra.db.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("month", "by", "group", name=op.f("pk_risk_index")),
    )
    op.create_table(
        "risk_judgement",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("enterprise", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("made_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_judgement")),
    )
    with op.batch_alter_table("risk_judgement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_judgement_enterprise"), ["enterprise"], unique=False)
    op.create_table(
        "risk_shadow",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("ruleset_hash", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("made_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_shadow")),
    )
    op.create_table(
        "risk_backtest",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("candidate_hash", sa.String(length=64), nullable=False),
        sa.Column("live_hash", sa.String(length=64), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("first_month", sa.Integer(), nullable=False),
        sa.Column("last_month", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("result", api.infra.db.JsonText(), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("over_capacity", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", api.infra.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_backtest")),
    )
    with op.batch_alter_table("risk_backtest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_backtest_candidate_hash"), ["candidate_hash"], unique=False)
