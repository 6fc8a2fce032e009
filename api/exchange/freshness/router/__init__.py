"""Pages and JSON API of the freshness board."""

from api.exchange.freshness.router.api import api
from api.exchange.freshness.router.pages import pages

__all__ = ["api", "pages"]
