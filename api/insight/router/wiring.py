"""Dependencies shared by the slice's routers."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Query, Request

from api.infra.auth import Principal, require
from api.insight.model import ContractFilter
from api.insight.operations import Operations
from api.insight.rules import parse_filter
from api.insight.service import Supervision


def supervision(request: Request) -> Supervision:
    """The regulator's view."""
    return cast(Supervision, request.app.state.container.insight.supervision)


def operations(request: Request) -> Operations:
    """The operator's view."""
    return cast(Operations, request.app.state.container.insight.operations)


def contract_filter(
    contract_id: Annotated[str, Query(max_length=64)] = "",
    org_id: Annotated[str, Query(max_length=64)] = "",
    region: Annotated[str, Query(max_length=9)] = "",
    month: Annotated[str, Query(max_length=7)] = "",
    state: Annotated[str, Query(max_length=12)] = "",
    wallet: Annotated[str, Query(max_length=42)] = "",
    level: Annotated[str, Query(max_length=1)] = "",
    after: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ContractFilter:
    """The filter in the query string; empty fields do not restrict."""
    return parse_filter(
        contract_id=contract_id,
        org_id=org_id,
        region=region,
        month=month,
        state=state,
        wallet=wallet,
        level=level,
        after=after,
        limit=limit,
    )


View = Annotated[Supervision, Depends(supervision)]
Machine = Annotated[Operations, Depends(operations)]
Filter = Annotated[ContractFilter, Depends(contract_filter)]
Supervisor = Annotated[Principal, Depends(require("regulator", "court", "auditor"))]
Reader = Annotated[Principal, Depends(require("regulator", "court"))]
Operator = Annotated[Principal, Depends(require("operator"))]
Auditor = Annotated[Principal, Depends(require("operator", "auditor"))]
