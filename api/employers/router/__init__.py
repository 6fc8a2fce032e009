"""Routes of the slice: pages and JSON for employers, and for the review desk."""

from __future__ import annotations

from fastapi import APIRouter

from api.employers.router import (
    agent_pages,
    employer_api,
    employer_pages,
    registration_pages,
    review_api,
    review_pages,
    seal_pages,
    statement_pages,
    wallet_pages,
)

pages = APIRouter()
for part in (
    registration_pages,
    employer_pages,
    wallet_pages,
    agent_pages,
    seal_pages,
    statement_pages,
    review_pages,
):
    pages.include_router(part.router)

api = APIRouter()
api.include_router(employer_api.router)
api.include_router(review_api.router)
