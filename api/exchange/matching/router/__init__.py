"""Pages and JSON API of the review queue."""

from api.exchange.matching.router.api import api
from api.exchange.matching.router.pages import pages

__all__ = ["api", "pages"]
