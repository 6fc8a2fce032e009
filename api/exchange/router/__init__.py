"""JSON API and pages of the exchange: intake, and the review queue, freshness and sharing beside it."""

import re

from fastapi import APIRouter

from api.exchange.freshness import router as freshness
from api.exchange.matching import router as matching
from api.exchange.router.api import api as intake_api
from api.exchange.router.catalogue_pages import pages as catalogue_pages
from api.exchange.router.credentials_pages import pages as credentials_pages
from api.exchange.router.desks_api import api as desks_api
from api.exchange.router.desks_pages import pages as desks_pages
from api.exchange.router.pages import pages as intake_pages
from api.exchange.router.quarantine_pages import pages as quarantine_pages
from api.exchange.router.rows_api import api as rows_api
from api.exchange.router.rows_api import people as rows_for_people
from api.exchange.sharing import router as sharing

__all__ = ["STREAMS", "api", "pages"]

STREAMS = (("PUT", re.compile("/api/v1/exchange/datasets/[^/]+/files/[^/]+")),)
"""Methods and paths whose bodies go to the disk piece by piece."""

# The parts come first: their fixed paths would else be taken for the id of a batch.
api, pages = APIRouter(), APIRouter()
for _part in (matching, freshness, sharing):
    api.include_router(_part.api)
    pages.include_router(_part.pages)
api.include_router(desks_api)
api.include_router(intake_api)
api.include_router(rows_api)
api.include_router(rows_for_people)
pages.include_router(catalogue_pages)
pages.include_router(credentials_pages)
pages.include_router(desks_pages)
pages.include_router(quarantine_pages)
pages.include_router(intake_pages)
