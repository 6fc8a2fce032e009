"""Public facts of the installation: trust roots with signature and history, releases; the operator's page about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse

from api.evidence.router.access import Service, download
from api.evidence.service.publications import Publications
from api.infra.auth import Principal, require
from api.infra.web import page
from api.kernel.errors import not_found

pages = APIRouter()

Version = Annotated[int, Path(ge=1, le=1_000_000)]
Operator = Annotated[Principal, Depends(require("operator"))]
FOR_EVER = "public, max-age=31536000, immutable"


def _publications(service: Service) -> Publications:
    if service.publications is None:
        raise not_found()
    return service.publications


Public = Annotated[Publications, Depends(_publications)]


def _open(data: bytes, media_type: str, *, immutable: bool = False) -> Response:
    headers = {"Cache-Control": FOR_EVER if immutable else "no-cache", "Access-Control-Allow-Origin": "*"}
    return Response(data, media_type=media_type, headers=headers)


@pages.get("/trust-root")
def trust_root(request: Request, service: Service) -> Response:
    """For people the fingerprint to compare and what the root holds; for programs the file itself."""
    root = service.trust_root()
    if "text/html" not in request.headers.get("accept", ""):
        return _open(root.canonical(), "application/json")
    found = service.publications
    return page(
        request,
        "evidence/trust_root.html",
        fingerprint=root.fingerprint,
        root=root.value,
        versions=found.versions() if found is not None else [],
        signed=found is not None and found.root().note is not None,
    )


@pages.get("/trust-root.json")
def trust_root_file(service: Service) -> Response:
    """The file, to keep."""
    return download(service.trust_root_bytes(), "application/json", "trust-root.json")


@pages.get("/trust-root.sig")
def trust_root_note(found: Public) -> Response:
    """The root keys' signature of the current file."""
    return _open(found.note(), "text/plain; charset=utf-8")


@pages.get("/trust-root/{version}.sig")
def earlier_note(found: Public, version: Version) -> Response:
    """The signature of one version; a version's never changes."""
    return _open(found.note(version), "text/plain; charset=utf-8", immutable=True)


@pages.get("/trust-root/{version}")
def earlier_root(found: Public, version: Version) -> Response:
    """One version of the trust root."""
    return _open(found.root(version).root.canonical(), "application/json", immutable=True)


@pages.get("/releases/page")
def page_release(found: Public) -> Response:
    """The signing page in force: its release event, and the proof that the log holds it."""
    return _open(found.release("page", "signing-page"), "application/json")


@pages.get("/releases/source.json")
def source(found: Public) -> Response:
    """The source manifest of the program that runs here."""
    return _open(found.source[1], "application/json")


@pages.get("/releases/template/{template:path}")
def template_release(
    found: Public, template: Annotated[str, Path(max_length=200, pattern=r"^[a-z0-9/-]+$")]
) -> Response:
    """A document template in force, likewise."""
    return _open(found.release("template", template), "application/json")


@pages.get("/operator/releases")
def status(request: Request, found: Public, _who: Operator) -> HTMLResponse:
    """What is served, since when, and what waits for the log or for signatures."""
    return page(request, "evidence/releases.html", **found.status())
