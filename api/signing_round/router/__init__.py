"""Routes of the slice: the signing page's JSON, the employer's JSON. Pages belong to the slice whose document it is."""

from __future__ import annotations

from fastapi import APIRouter

from api.signing_round.router import employer_api, worker_api

api = APIRouter()
api.include_router(worker_api.router)
api.include_router(employer_api.router)
