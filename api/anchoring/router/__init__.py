"""The log for everybody (checkpoint, tiles, proofs) and the outbox for those who run and supervise the platform."""

from fastapi import APIRouter

from api.anchoring.router import operations, public_log

pages = public_log.pages
api = APIRouter(tags=["anchoring"])
api.include_router(public_log.api)
api.include_router(operations.api)

__all__ = ["api", "pages"]
