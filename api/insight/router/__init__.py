"""Pages and JSON API of supervision and operation."""

from fastapi import APIRouter

from api.insight.router import api as json_api
from api.insight.router import operator_pages, supervision_pages

api = json_api.api
pages = APIRouter()
pages.include_router(supervision_pages.pages)
pages.include_router(operator_pages.pages)

__all__ = ["api", "pages"]
