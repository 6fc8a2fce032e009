"""Routes of the slice: pages and JSON for employers, and for the review desk."""

from __future__ import annotations

from fastapi import APIRouter

from api.employers.router import employer_api, employer_pages, review_api, review_pages

pages = APIRouter()
pages.include_router(employer_pages.router)
pages.include_router(review_pages.router)

api = APIRouter()
api.include_router(employer_api.router)
api.include_router(review_api.router)
