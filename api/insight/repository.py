"""Reading the audit record."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.infra.audit import AuditRow
from api.insight.model import AuditLine


def audit_lines(
    session: Session, *, action: str, object_id: str, actor: str, before: int | None, limit: int
) -> list[AuditLine]:
    """Audited actions, newest first; empty filters do not restrict."""
    query = select(AuditRow)
    if action:
        query = query.where(AuditRow.action.startswith(action, autoescape=True))
    if object_id:
        query = query.where(AuditRow.object_id == object_id)
    if actor:
        query = query.where(AuditRow.actor == actor)
    if before is not None:
        query = query.where(AuditRow.no < before)
    return [
        AuditLine(
            row.no,
            row.at,
            row.actor,
            row.actor_kind,
            row.action,
            row.object_type,
            row.object_id,
            row.purpose,
            row.case_no,
            row.facts or {},
        )
        for row in session.scalars(query.order_by(AuditRow.no.desc()).limit(limit))
    ]
