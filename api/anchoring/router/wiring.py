"""Dependencies shared by the slice's routers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.anchoring.model import StoredCheckpoint
from api.anchoring.service import Anchoring
from api.kernel.errors import not_found


def service(request: Request) -> Anchoring:
    """The slice's service."""
    found: Anchoring = request.app.state.container.anchoring
    return found


Service = Annotated[Anchoring, Depends(service)]


def newest(anchoring: Anchoring) -> StoredCheckpoint:
    """The newest checkpoint; raises not_found while there is none."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.checkpoint(session)
    if found is None:
        raise not_found("anchoring.no_checkpoint")
    return found
