"""Pages of the operator: the platform's state, parked calls, alarms, the audit record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.insight.router.wiring import Auditor, Machine, Operator
from api.insight.texts import WARNINGS, WITNESS_STATES, WITNESS_TROUBLES

pages = APIRouter()
_PAGE = 50


@pages.get("/operator")
def status(request: Request, operations: Machine, _who: Operator) -> Response:
    """What is pending, parked, behind; height and milliseconds a block."""
    return page(
        request,
        "insight/status.html",
        platform=operations.status(),
        warnings=WARNINGS,
        witness_states=WITNESS_STATES,
        witness_troubles=WITNESS_TROUBLES,
    )


@pages.post("/operator/calls/{call_id}/retry")
def retry(request: Request, operations: Machine, who: Operator, call_id: str) -> Response:
    """Queue a parked call again."""
    operations.retry_call(who, call_id)
    return redirect(request, "/operator", notice=N_("已重新排队。"))


@pages.post("/operator/alarms/{alarm_id}/clearance")
def clear(
    request: Request, operations: Machine, who: Operator, alarm_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Close an alarm."""
    operations.clear_alarm(who, alarm_id, reason)
    return redirect(request, "/operator", notice=N_("告警已关闭，处理情况已记录。"))


@pages.get("/operator/audit")
def audit(
    request: Request,
    operations: Machine,
    _who: Auditor,
    action: Annotated[str, Query(max_length=80)] = "",
    object_id: Annotated[str, Query(max_length=80)] = "",
    actor: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The audit record."""
    action, object_id, actor = action.strip(), object_id.strip(), actor.strip()
    lines = operations.audit_lines(
        action=action, object_id=object_id, actor=actor, before=before, limit=_PAGE + 1
    )
    shown = lines[:_PAGE]
    return page(
        request,
        "insight/audit.html",
        lines=shown,
        older=shown[-1].no if len(lines) > _PAGE else None,
        action=action,
        object_id=object_id,
        actor=actor,
    )
