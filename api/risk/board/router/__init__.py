"""Pages and JSON API of the district board."""

from fastapi import APIRouter

from api.risk.board.router.api import api as reading_api
from api.risk.board.router.api import files
from api.risk.board.router.pages import pages as district_pages
from api.risk.board.router.town_pages import pages as town_pages

api = APIRouter()
api.include_router(reading_api)
api.include_router(files)
pages = APIRouter()
pages.include_router(district_pages)
pages.include_router(town_pages)

__all__ = ["api", "pages"]
