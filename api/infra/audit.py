"""The audit record: who did what to which object, when, for what purpose. Data, not a log line; append only.

Kept at least six months (网络安全法; MLPS level 3); reading of personal data needs a purpose (guideline art. 17, 19).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.auth import Principal
from api.infra.db import Base, JsonText, UtcDateTime
from api.kernel.clock import SystemClock

_KEY = BigInteger().with_variant(Integer, "sqlite")


class AuditRow(Base):
    """One audited action."""

    __tablename__ = "infra_audit"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(64), index=True)
    actor_kind: Mapped[str] = mapped_column(String(16))
    org_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(80), index=True)
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80), index=True)
    purpose: Mapped[str | None] = mapped_column(String(400))
    case_no: Mapped[str | None] = mapped_column(String(80))
    facts: Mapped[Any] = mapped_column(JsonText)


def record(
    session: Session,
    principal: Principal,
    action: str,
    object_type: str,
    object_id: str,
    purpose: str | None = None,
    case_no: str | None = None,
    **facts: Any,
) -> None:
    """Write one audit row in the caller's transaction. `facts` hold no names, numbers or phones."""
    session.add(
        AuditRow(
            at=SystemClock().now(),
            actor=principal.actor,
            actor_kind=principal.kind,
            org_id=principal.org_id,
            action=action,
            object_type=object_type,
            object_id=object_id,
            purpose=purpose,
            case_no=case_no,
            facts=facts,
        )
    )


def of_object(
    session: Session, object_type: str, object_id: str, after: int = 0, limit: int = 50
) -> list[AuditRow]:
    """The audit trail of one object, oldest first, paged by row number."""
    query = (
        select(AuditRow)
        .where(AuditRow.object_type == object_type, AuditRow.object_id == object_id, AuditRow.no > after)
        .order_by(AuditRow.no)
        .limit(limit)
    )
    return list(session.scalars(query))
