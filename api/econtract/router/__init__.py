"""HTTP of the slice: JSON for agents, workers and authorities; pages for agents and the public look-up."""

from __future__ import annotations

from fastapi import APIRouter

from api.econtract.router import agent_api, agent_pages, draft_pages, lookup_pages, worker_api, worker_pages

api = APIRouter(tags=["econtract"])
api.include_router(agent_api.plain)
api.include_router(agent_api.once)
api.include_router(worker_api.plain)
api.include_router(worker_api.once)

pages = APIRouter()
pages.include_router(draft_pages.pages)  # /new before /{pk}
pages.include_router(agent_pages.pages)
pages.include_router(lookup_pages.pages)
pages.include_router(worker_pages.pages)
