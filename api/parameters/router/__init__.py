"""Pages and JSON API of the parameters."""

from api.parameters.router.api import api
from api.parameters.router.pages import pages

__all__ = ["api", "pages"]
