"""Risk: towns and subdistricts of the district with their tiles; the first edition has plainly invented names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import api.infra.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DIGITS = "一二三四五六七八九"
_PLACES = (
    (2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2), (3, 3), (4, 3), (1, 2), (1, 3),
    (2, 3), (5, 3), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (2, 5), (3, 5),
)  # fmt: skip
"""Column and row of each town's tile, in the order of the codes: drawn by nobody's map."""


def _zh(number: int) -> str:
    if number < 10:
        return _DIGITS[number - 1]
    return "十" if number == 10 else f"十{_DIGITS[number - 11]}"


def first_towns() -> list[dict[str, Any]]:
    """Nineteen towns that exist nowhere; an operator replaces them by the district's own."""
    return [
        {
            "code": f"500107{number:03d}",
            "name_zh": f"示例{_zh(number)}{'街道' if number <= 8 else '镇'}",
            "name_en": f"Example {'Subdistrict' if number <= 8 else 'Town'} {number}",
            "tile_column": column,
            "tile_row": row,
            "administered_by": "示例高新区" if number in (7, 8, 12) else "示例区",
        }
        for number, (column, row) in enumerate(_PLACES, 1)
    ]


def upgrade() -> None:
    """Apply."""
    editions = op.create_table(
        "risk_town_edition",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("known_from", api.infra.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_risk_town_edition")),
    )
    with op.batch_alter_table("risk_town_edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_town_edition_valid_from"), ["valid_from"], unique=False)
    towns = op.create_table(
        "risk_town",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name_zh", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("tile_column", sa.Integer(), nullable=False),
        sa.Column("tile_row", sa.Integer(), nullable=False),
        sa.Column("administered_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["risk_town_edition.no"], name=op.f("fk_risk_town_edition")),
        sa.PrimaryKeyConstraint("edition", "code", name=op.f("pk_risk_town")),
        sa.UniqueConstraint(
            "edition", "tile_column", "tile_row", name=op.f("uq_risk_town_edition_tile_column_tile_row")
        ),
    )
    op.bulk_insert(
        editions,
        [
            {
                "no": 1, "valid_from": date(2000, 1, 1), "known_from": datetime.fromisoformat("2000-01-01T00:00:00Z"),
                "changed_by": "installation", "reason": "示例 Example",
            }
        ],
    )  # fmt: skip
    op.bulk_insert(towns, [{"edition": 1, **town} for town in first_towns()])
