"""Server-rendered pages: templates, languages, static files, security headers, navigation, error pages.

What other parts use is named here; how it works stands in the modules. Decisions: DESIGN §7,
docs/design-system.md.
"""

from api.infra.web.errors import problem_page
from api.infra.web.install import Web, WebConfig, install_web
from api.infra.web.render import Visitor, is_htmx, language, page, redirect, wants_html

__all__ = [
    "Visitor",
    "Web",
    "WebConfig",
    "install_web",
    "is_htmx",
    "language",
    "page",
    "problem_page",
    "redirect",
    "wants_html",
]
