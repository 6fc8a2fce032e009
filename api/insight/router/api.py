"""JSON API of supervision (regulator, court, auditor) and operation (operator)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.infra.idempotency import IdempotentRoute
from api.insight.router.wiring import Auditor, Filter, Machine, Operator, Reader, Supervisor, View
from api.insight.schemas import (
    AsOfOut,
    AuditOut,
    FiguresOut,
    HistoryOut,
    ListingOut,
    OrganisationOut,
    OverviewOut,
    ReasonIn,
    StatusOut,
    TextIn,
    TextOut,
    plain,
)

api = APIRouter(route_class=IdempotentRoute)
_SUPERVISION = "supervision"
_OPERATION = "operation"


@api.get(
    "/supervision/overview", tags=[_SUPERVISION], summary="All figures under one filter, as of one block"
)
def overview(view: View, who: Supervisor, query: Filter) -> OverviewOut:
    """Answered from chain state; each figure names block and query."""
    return OverviewOut.of(view.overview(who, query))


@api.get(
    "/supervision/counts",
    tags=[_SUPERVISION],
    summary="Counts by month, region, organisation, state or level",
)
def counts(
    view: View, who: Supervisor, query: Filter, by: Annotated[str, Query(max_length=20)]
) -> FiguresOut:
    """Answered from chain state."""
    return FiguresOut.of(view.counts(who, by, query))


@api.get("/supervision/contracts", tags=[_SUPERVISION], summary="Contract versions on chain, newest first")
def contracts(view: View, who: Supervisor, query: Filter) -> ListingOut:
    """Pages by `after`."""
    return ListingOut.of(view.contracts(who, query))


@api.get("/supervision/contracts.csv", tags=[_SUPERVISION], summary="Contract versions as CSV")
def export(view: View, who: Supervisor, query: Filter) -> Response:
    """Block, hash and query in the first lines; audited."""
    return csv_response(view.export(who, query))


def csv_response(text: str) -> Response:
    """A CSV download with the byte order mark that spreadsheets need for Chinese."""
    headers = {"Content-Disposition": 'attachment; filename="contracts.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


@api.get(
    "/supervision/contracts/{contract_id}", tags=[_SUPERVISION], summary="One contract's history on chain"
)
def contract(view: View, who: Supervisor, contract_id: str) -> HistoryOut:
    """All versions, and who acted."""
    found = view.contract(who, contract_id)
    return HistoryOut(
        contract_id=contract_id,
        versions=[plain(row) for row in found.versions],
        actors=[plain(row) for row in found.actors],
        role_events=[plain(row) for row in found.role_events],
        organisation=found.names.get(found.versions[-1].org_id),
        as_of=AsOfOut.of(found.as_of),
    )


@api.post(
    "/supervision/contracts/{contract_id}/text",
    tags=[_SUPERVISION],
    summary="Read a contract's text for a case",
)
def read_text(view: View, who: Reader, contract_id: str, body: TextIn) -> TextOut:
    """Needs case number and purpose; audited; the worker is told authority and date, the employer never."""
    found = view.read_text(who, contract_id, body.case_no, body.purpose)
    return TextOut(
        contract_id=found.contract_id,
        version=found.version,
        state=str(found.state),
        document=dict(found.data),
    )


@api.get("/supervision/organisations", tags=[_SUPERVISION], summary="Registered organisations")
def organisations(
    view: View,
    who: Supervisor,
    region: Annotated[str, Query(pattern=r"^(\d{2,9})?$")] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ListingOut:
    """By id, with the number of their contracts."""
    return ListingOut.of(view.organisations(who, region=region or None, after=after or None, limit=limit))


@api.get("/supervision/organisations/{org_id}", tags=[_SUPERVISION], summary="One organisation on chain")
def organisation(view: View, who: Supervisor, org_id: str) -> OrganisationOut:
    """Registration, wallets with their time, registry events, contracts by month."""
    found = view.organisation(who, org_id)
    return OrganisationOut(
        organisation=plain(found.row),
        name=found.names.get(org_id),
        actors=[plain(row) for row in found.actors],
        role_events=[plain(row) for row in found.role_events],
        months=FiguresOut.of(found.months),
    )


@api.get(
    "/operator/status", tags=[_OPERATION], summary="What is pending, parked, behind; height and ms a block"
)
def status(operations: Machine, _who: Operator) -> StatusOut:
    """Facts at this moment."""
    return StatusOut.of(operations.status())


@api.post(
    "/operator/calls/{call_id}/retry", status_code=204, tags=[_OPERATION], summary="Queue a parked call again"
)
def retry(operations: Machine, who: Operator, call_id: str) -> None:
    """Audited."""
    operations.retry_call(who, call_id)


@api.post(
    "/operator/alarms/{alarm_id}/clearance", status_code=204, tags=[_OPERATION], summary="Close an alarm"
)
def clear(operations: Machine, who: Operator, alarm_id: str, body: ReasonIn) -> None:
    """Audited with the reason."""
    operations.clear_alarm(who, alarm_id, body.reason)


@api.get("/operator/audit", tags=[_OPERATION], summary="The audit record, newest first")
def audit(
    operations: Machine,
    _who: Auditor,
    action: Annotated[str, Query(max_length=80)] = "",
    object_id: Annotated[str, Query(max_length=80)] = "",
    actor: Annotated[str, Query(max_length=64)] = "",
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[AuditOut]:
    """Operator and auditor."""
    lines = operations.audit_lines(
        action=action, object_id=object_id, actor=actor, before=before, limit=limit
    )
    return [AuditOut.of(line) for line in lines]
