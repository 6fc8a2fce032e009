"""Questions to the index of the chain about decisions on warnings; nothing here knows whose a warning is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from api.anchoring.model import ChainStep
from api.anchoring.repository.index_queries import within
from api.anchoring.tables import IndexWarningStepRow
from chain.warning_rules import StepKind, WarningStatus, status_after

Row = IndexWarningStepRow


def _step(row: IndexWarningStepRow) -> ChainStep:
    return ChainStep(
        row.warning_id,
        row.sequence,
        StepKind(row.kind).name.lower(),
        row.grade,
        row.automatic,
        row.town_code,
        row.input_hash,
        row.rule_set_hash,
        row.prev,
        row.digest,
        row.stated_at,
        row.decided_by,
        row.reviewed_by,
        row.block_number,
        row.transaction,
    )


def _filters(town: str, kind: str, grade: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if town:
        found += within(Row.town_code, town)
    if kind:
        found.append(Row.kind == int(StepKind[kind.upper()]))
    if grade is not None:
        found.append(Row.grade == grade)
    return found


def steps(
    session: Session, town: str = "", kind: str = "", grade: int | None = None,
    after: tuple[int, int] | None = None, limit: int = 50,
) -> tuple[list[ChainStep], tuple[int, int] | None]:  # fmt: skip
    """Steps newest first by (block, place in it), and the place of the last one where more follow.

    town: digits with which the code begins. Raises invalid `anchoring.region_malformed`.
    """
    query: Select[IndexWarningStepRow] = select(Row).where(*_filters(town, kind, grade))
    if after is not None:
        query = query.where(tuple_(Row.block_number, Row.log_index) < after)
    rows = list(
        session.scalars(query.order_by(Row.block_number.desc(), Row.log_index.desc()).limit(limit + 1))
    )
    shown = rows[:limit]
    more = (shown[-1].block_number, shown[-1].log_index) if len(rows) > limit else None
    return [_step(row) for row in shown], more


def history(session: Session, warning_id: str) -> list[ChainStep]:
    """All steps of a warning (its salted id) in order; empty for an unknown one."""
    return [
        _step(row)
        for row in session.scalars(select(Row).where(Row.warning_id == warning_id).order_by(Row.sequence))
    ]


def status(found: list[ChainStep]) -> str:
    """Where these steps leave their warning: none, unconfirmed, open, lifted or closed."""
    at = WarningStatus.NONE
    for step in found:
        at = status_after(at, StepKind[step.kind.upper()], step.automatic) or at
    return at.name.lower()


def tallies(session: Session, town: str = "") -> dict[str, dict[int, int]]:
    """Number of steps by kind and grade."""
    query = select(Row.kind, Row.grade, func.count()).where(*_filters(town, "", None))
    found: dict[str, dict[int, int]] = {}
    for kind, grade, count in session.execute(query.group_by(Row.kind, Row.grade)):
        found.setdefault(StepKind(kind).name.lower(), {})[grade] = int(count)
    return found
