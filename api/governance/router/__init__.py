"""Pages and JSON API of the chain's governance."""

from api.governance.router.api import api
from api.governance.router.pages import pages

__all__ = ["api", "pages"]
