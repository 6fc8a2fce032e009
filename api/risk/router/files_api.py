"""JSON API: an enterprise's file, the rows behind a control point, overrides and snoozes. Another street's is not found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.infra.idempotency import IdempotentRoute
from api.risk.file_schemas import EnterpriseOut, PointOut
from api.risk.router.api import Risk, Who
from api.risk.schemas import JudgementIn, JudgementOut
from api.risk.texts import GRADE_CODES

api = APIRouter(prefix="/risk", tags=["risk"], route_class=IdempotentRoute)
Enterprise = Annotated[int, Path(ge=0, le=2**63 - 1)]
Point = Annotated[str, Path(pattern=r"^[A-Z]{2}\d{2}$")]


@api.get("/enterprises/{enterprise}", summary="An enterprise's file with the reasons of its grade")
def enterprise(risk: Risk, who: Who, enterprise: Enterprise) -> EnterpriseOut:
    """Standing, explanation tree, nearest thresholds, episodes, cases, log, judgements, settled rows, sources."""
    return EnterpriseOut.of(risk.files.file(who, enterprise))


@api.get("/enterprises/{enterprise}/points/{point}", summary="The rows behind a control point")
def point(risk: Risk, who: Who, enterprise: Enterprise, point: Point) -> PointOut:
    """Conditions with their values, facts, and each accepted row with batch, raw file and line."""
    return PointOut.of(risk.files.point(who, enterprise, point))


@api.post("/enterprises/{enterprise}/judgements", status_code=201, summary="Override a grade or snooze")
def judge(risk: Risk, who: Who, enterprise: Enterprise, body: JudgementIn) -> JudgementOut:
    """With author, reason and expiry; no warning is withheld by it. Audited."""
    number = None if body.grade is None else GRADE_CODES.index(body.grade)
    made = risk.warnings.judge(who, enterprise, body.kind, number, body.reason, body.expires_on)
    return JudgementOut.of(made)


@api.post("/judgements/{judgement_id}/withdrawal", status_code=204, summary="Take a judgement back")
def withdraw(risk: Risk, who: Who, judgement_id: str) -> None:
    """It stays on record; audited."""
    risk.warnings.withdraw(who, judgement_id)
