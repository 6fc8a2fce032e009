"""HTTP of the slice: JSON for agents, workers and authorities; pages for agents and the public look-up."""

from __future__ import annotations

from importlib.util import find_spec

from fastapi import APIRouter

from api.econtract.router import agent_api, agent_pages, lookup_pages, worker_api

api = APIRouter(tags=["econtract"])
api.include_router(agent_api.plain)
api.include_router(agent_api.once)
api.include_router(worker_api.plain)
api.include_router(worker_api.once)

pages = APIRouter()
pages.include_router(agent_pages.pages)
pages.include_router(lookup_pages.pages)
if find_spec("api.econtract.router.worker_pages") is not None:
    from api.econtract.router import worker_pages

    pages.include_router(worker_pages.pages)
