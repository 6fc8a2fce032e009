"""Routes of the evidence slice: `pages` at the root, `api` under /api/v1."""

from api.evidence.router.json_api import api
from api.evidence.router.pages import pages

__all__ = ["api", "pages"]
