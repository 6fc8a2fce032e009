"""Pages and JSON API of sharing."""

from api.exchange.sharing.router.api import api
from api.exchange.sharing.router.pages import pages

__all__ = ["api", "pages"]
