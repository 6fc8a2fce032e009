"""Pages and JSON API of the messages."""

from api.notification.router.api import api
from api.notification.router.pages import pages

__all__ = ["api", "pages"]
