"""The worker's pages: screens one and two, the way into screen three, and his own contracts."""

from __future__ import annotations

from fastapi import APIRouter

from api.econtract.router import worker_evidence, worker_identity, worker_portal, worker_reading

pages = APIRouter(include_in_schema=False)
pages.include_router(worker_identity.pages)
pages.include_router(worker_reading.pages)
pages.include_router(worker_portal.pages)
pages.include_router(worker_evidence.pages)
