"""The log for everybody (checkpoint, tiles, proofs), the outbox for those who run and supervise the platform, and decisions
about warnings: pages for those who sign and those who supervise.
"""

from fastapi import APIRouter

from api.anchoring.router import (
    chain_pages,
    decision_pages,
    officer_pages,
    operations,
    public_log,
    warnings,
)

pages = APIRouter()
pages.include_router(public_log.pages)
pages.include_router(officer_pages.pages)
pages.include_router(chain_pages.pages)
pages.include_router(decision_pages.pages)
api = APIRouter(tags=["anchoring"])
api.include_router(public_log.api)
api.include_router(operations.api)
api.include_router(warnings.api)
api.include_router(warnings.files)

__all__ = ["api", "pages"]
