"""Pages of the catalogue: what every department sends, and one dataset with its schema, legal basis and templates."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.exchange.router.access import CSV, XLSX, Service, SignedIn, download
from api.exchange.service import exports
from api.exchange.texts import FREQUENCY_NAMES, GRAIN_NAMES, KIND_NAMES, TYPE_NAMES
from api.infra.web import language, page

pages = APIRouter()


@pages.get("/exchange/datasets")
def catalogue(request: Request, exchange: Service, who: SignedIn) -> Response:
    """Datasets for which the account sends, or all of them for who reads the catalogue."""
    return page(
        request,
        "exchange/catalogue.html",
        found=exchange.readable(who),
        covered=exchange.accepted.covered_by_dataset(),
        english=language(request) == "en",
        kinds=KIND_NAMES,
        frequencies=FREQUENCY_NAMES,
    )


@pages.get("/exchange/datasets/{code}")
def dataset(request: Request, exchange: Service, who: SignedIn, code: str) -> Response:
    """One dataset."""
    return page(
        request,
        "exchange/dataset.html",
        what=exchange.readable_dataset(who, code),
        covered=exchange.accepted.covered(code),
        english=language(request) == "en",
        kinds=KIND_NAMES,
        grains=GRAIN_NAMES,
        frequencies=FREQUENCY_NAMES,
        types=TYPE_NAMES,
    )


@pages.get("/exchange/datasets/{code}/template.xlsx")
def template_xlsx(exchange: Service, who: SignedIn, code: str) -> Response:
    """An empty sheet with a note per column."""
    return download(exports.template_xlsx(exchange.readable_dataset(who, code)), XLSX, f"{code}.xlsx")


@pages.get("/exchange/datasets/{code}/template.csv")
def template_csv(exchange: Service, who: SignedIn, code: str) -> Response:
    """The header alone."""
    return download(exports.template_csv(exchange.readable_dataset(who, code)), CSV, f"{code}.csv")
