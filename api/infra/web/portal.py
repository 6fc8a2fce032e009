"""统一门户, the unified portal (module 1): home, help, accessibility, privacy notice, style guide."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.infra.i18n import N_, translate
from api.infra.web.errors import problem_page
from api.infra.web.render import language, page, web_of

pages = APIRouter(include_in_schema=False)


@pages.get("/")
def home(request: Request) -> HTMLResponse:
    """The front door: an entrance for each role, the public verification, help."""
    return page(request, "web/home.html")


@pages.get("/help")
def help_page(request: Request) -> HTMLResponse:
    """How signing works, how to get help, what to do when something looks wrong."""
    return page(request, "web/help.html")


@pages.get("/help/errors")
def error_codes(request: Request) -> HTMLResponse:
    """What each error code means: the target of the `type` member of problem details."""
    from api.infra.problems import TEXTS  # problems imports this package for its error pages

    second = language(request) == "en"
    codes = sorted((code, pair[second]) for code, pair in TEXTS.items())
    return page(request, "web/help_errors.html", codes=codes)


@pages.get("/accessibility")
def accessibility(request: Request) -> HTMLResponse:
    """What we do for everybody to be able to use the pages, and how to tell us where we fall short."""
    return page(request, "web/accessibility.html")


@pages.get("/privacy")
def privacy(request: Request) -> HTMLResponse:
    """The layered notice of the Personal Information Protection Law, art. 17."""
    return page(request, "web/privacy.html")


@pages.get("/design")
def design(request: Request) -> Response:
    """The living style guide; TEST installations only."""
    if not web_of(request).config.test:
        lang = language(request)
        return problem_page(
            request,
            status=404,
            title=translate(lang, N_("没有找到这个页面")),
            detail=translate(lang, N_("网址可能不完整，或者页面已经移走。")),
            code="PAGE_NOT_FOUND",
            trace_id=getattr(request.state, "trace_id", ""),
        )
    return page(request, "web/design.html")
