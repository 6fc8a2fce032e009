"""Routes of the evidence slice: `pages` at the root, `api` under /api/v1."""

from api.evidence.router.court import api as court_api
from api.evidence.router.court import pages as court_pages
from api.evidence.router.json_api import api
from api.evidence.router.offline import pages as offline_pages
from api.evidence.router.pages import pages
from api.evidence.router.publications import pages as publication_pages
from api.evidence.router.shown import api as shown_api
from api.evidence.router.shown import pages as shown_pages

pages.include_router(publication_pages)
pages.include_router(offline_pages)
pages.include_router(shown_pages)
api.include_router(shown_api)

pages.include_router(court_pages)
api.include_router(court_api)

__all__ = ["api", "pages"]
