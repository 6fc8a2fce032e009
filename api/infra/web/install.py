"""Joins the web layer to an application: static and portal routes, headers, per-process state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from api.infra.auth import Principal
from api.infra.i18n import API_ROOT, Language
from api.infra.web.assets import IMMUTABLE, Assets, file_response
from api.infra.web.navigation import MENU, Link, links
from api.infra.web.portal import pages as portal_pages
from api.infra.web.render import Visitor, build_environment, visitor_of
from api.infra.web.security import SecurityHeaders

RELEASE_PREFIX = "/signing-page"

ReleaseFiles = Mapping[str, tuple[Path, str]]
"""A signing page's files: path → file and media type."""


@dataclass(frozen=True)
class WebConfig:
    """What the pages need to know of an installation.

    `test` shows the TEST banner, `secure` marks cookies and adds HSTS, `visitor` reads who asks.
    """

    public_origin: str
    test: bool
    visitor: Callable[[Request], Visitor] = visitor_of
    operator_name: str = ""
    filing_number: str = ""
    secure: bool = False
    hotline: str = "12333"
    node_modules: Path = API_ROOT.parent / "node_modules"


class Web:
    """The web layer of one process: environments, assets, navigation, releases of the signing page."""

    def __init__(self, app: FastAPI, config: WebConfig) -> None:
        self.config = config
        self.assets = Assets(API_ROOT, config.node_modules)
        self._app = app
        self._served: dict[str, bool] = {}
        self._current: Callable[[], str] = lambda: ""
        self._release_of: Callable[[str], ReleaseFiles] = lambda _digest: {}
        folders = [API_ROOT / "infra" / "web" / "templates", *sorted(API_ROOT.glob("*/templates"))]
        shared: dict[str, Any] = {
            "static": self.assets.url,
            "served": self.served,
            "test": config.test,
            "operator_name": config.operator_name,
            "filing_number": config.filing_number,
            "hotline": config.hotline,
            "public_origin": config.public_origin,
        }
        self._environments: dict[Language, Environment] = {
            "zh": build_environment("zh", folders, shared),
            "en": build_environment("en", folders, shared),
        }

    def environment(self, lang: Language) -> Environment:
        """The template environment of a language."""
        return self._environments[lang]

    def served(self, path: str) -> bool:
        """Whether the application answers GET on this path (pages link only to what is there)."""
        known = self._served.get(path)
        if known is None:
            scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
            known = any(route.matches(dict(scope))[0] is Match.FULL for route in self._app.router.routes)
            self._served[path] = known
        return known

    def navigation(self, request: Request, principal: Principal) -> list[Link]:
        """The entrances of this visitor; nobody signed in sees the public ones only."""
        return links(MENU, self.served, principal, request.url.path)

    def serve_release(self, digest: str, files: ReleaseFiles) -> None:
        """Serve one signing page under `/signing-page/<digest>/` for as long as the process runs."""
        kept = dict(files)
        self.follow_releases(lambda: digest, lambda asked: kept if asked == digest else {})

    def follow_releases(self, current: Callable[[], str], files: Callable[[str], ReleaseFiles]) -> None:
        """Serve signing pages that are released while the process runs.

        `current` names the one in force (raises DomainError while there is none), `files` gives a release's files by its
        digest, none for a digest that was never released.
        """
        self._current, self._release_of = current, files

    @property
    def signing_release(self) -> str:
        """Digest of the signing page in force; empty where none is served."""
        return self._current()

    def icon(self, request: Request) -> Response:
        """The mark, for browsers that ask on their own (a PDF or a picture opened in a tab)."""
        mark = self.assets.files["web/mark.svg"]
        return file_response(request, mark.path, mark.media_type, {"Cache-Control": "max-age=86400"})

    def release_file(self, request: Request) -> Response:
        """One file of a release of the signing page; releases never change, so they are cached for ever."""
        files = self._release_of(request.path_params["digest"])
        found = files.get(request.path_params["path"])
        if found is None:
            return Response("not found", status_code=404, media_type="text/plain")
        path, media_type = found
        return file_response(request, path, media_type, {"Cache-Control": IMMUTABLE})


def install_web(app: FastAPI, config: WebConfig) -> Web:
    """Add the web layer to the application (once, before it serves) and return it."""
    web = Web(app, config)
    app.state.web = web
    app.router.routes.append(
        Route("/static/{path:path}", web.assets.serve, methods=["GET"], include_in_schema=False)
    )
    app.router.routes.append(
        Route(
            RELEASE_PREFIX + "/{digest}/{path:path}",
            web.release_file,
            methods=["GET"],
            include_in_schema=False,
        )
    )
    app.router.routes.append(Route("/favicon.ico", web.icon, methods=["GET"], include_in_schema=False))
    app.include_router(portal_pages)
    app.add_middleware(SecurityHeaders, secure=config.secure)
    return web
