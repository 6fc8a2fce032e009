"""What the board's routes share: the services, who asks, months as people and forms write them."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from fastapi import Depends, Query, Request

from api.infra.auth import Principal, require
from api.kernel.errors import invalid


async def service(request: Request) -> Any:
    """The board's services (`district`, `towns`, `exports`)."""
    return cast(Any, request.app.state.container.risk.board)


Board = Annotated[Any, Depends(service)]
Who = Annotated[Principal, Depends(require())]
Cursor = Annotated[str, Query(max_length=60)]
Code = Annotated[str, Query(max_length=9)]
MonthText = Annotated[str, Query(max_length=10)]
_MONTH = re.compile(r"(\d{4})-?(\d{2})")


def month_of(text: str, pointer: str = "/month") -> int | None:
    """202610 or 2026-10 as 202610; nothing written: None. Raises invalid `risk.month_malformed`."""
    if not text.strip():
        return None
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise invalid("risk.month_malformed", pointer=pointer, month=text)
    return int(found[1] + found[2])
