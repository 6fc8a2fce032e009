"""Routes of the slice: the signing page's JSON, the employer's JSON and page."""

from __future__ import annotations

from fastapi import APIRouter

from api.signing_round.router import employer_api, employer_pages, worker_api

pages = APIRouter()
pages.include_router(employer_pages.router)

api = APIRouter()
api.include_router(worker_api.router)
api.include_router(employer_api.router)
