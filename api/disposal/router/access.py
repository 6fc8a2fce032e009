"""Who calls, and the slice's service, for every router of the slice."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request

from api.disposal.service.facade import Disposal
from api.infra.auth import ROLES, Principal, require


def service(request: Request) -> Disposal:
    """The slice's service."""
    return cast(Disposal, request.app.state.container.disposal)


Service = Annotated[Disposal, Depends(service)]
STAFF_ROLES = sorted(
    {"review_officer", "regulator", "street_officer", "risk_analyst", "risk_director"} & ROLES
)
Staff = Annotated[Principal, Depends(require(*STAFF_ROLES))]
"""A login of staff with one of those of these roles that the platform has; what it may see and do is decided by its posts."""
Operator = Annotated[Principal, Depends(require("operator"))]
AnyStaff = Annotated[Principal, Depends(require(*STAFF_ROLES, "operator"))]
Employer = Annotated[Principal, Depends(require("representative", "agent"))]
Id = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=80)]
LongCursor = Annotated[str, Query(max_length=200)]
