"""Routes of the evidence slice: `pages` at the root, `api` under /api/v1."""

from api.evidence.router.json_api import api
from api.evidence.router.pages import pages
from api.evidence.router.publications import pages as publication_pages

pages.include_router(publication_pages)

__all__ = ["api", "pages"]
