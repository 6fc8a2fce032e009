"""One clause by itself for a contract's parties; one figure with its proof for supervision."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Response

from api.evidence import schemas as s
from api.evidence.router.access import Party, Ref, Service, Supervisor, package_file

ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/zip": {}},
        "description": "evidence package of kind clause or figure, format v1",
    }
}
Number = Annotated[int, Path(ge=1, le=1000, description="number of the clause, from 1")]
Region = Annotated[
    str | None, Query(pattern="^[0-9]{6,12}$", description="region code as registered; none: all regions")
]
Month = Annotated[
    str | None,
    Query(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$", description="month of the block, Shanghai; none: all"),
]

api = APIRouter(tags=["evidence"])
pages = APIRouter()


@api.post("/contracts/{ref}/clauses/{number}/evidence", response_class=Response, responses=ZIP)
def clause_evidence(service: Service, who: Party, ref: Ref, number: Number) -> Response:
    """A small package that proves one clause and shows no other. For the contract's worker and employer; recorded: what
    the employer shows, the worker sees; what the worker shows, his employer does not."""
    return package_file(service.clause_package(who, ref, number))


@api.get("/supervision/counters")
def counter(service: Service, who: Supervisor, region: Region = None, month: Month = None) -> s.CounterOut:
    """What the registry's counter holds in the newest final block: contract versions concluded in a region and month."""
    del who
    found = service.figures.read([(_code(region), month)])
    return s.CounterOut.of(found.figures[0], found.block)


@api.get("/supervision/counters/evidence", response_class=Response, responses=ZIP)
def counter_evidence(
    service: Service, who: Supervisor, region: Region = None, month: Month = None
) -> Response:
    """The file that proves this counter by a storage proof and the block's header."""
    return package_file(service.figures.package(who, _code(region), month))


@pages.post("/contracts/{ref}/clauses")
def show_clause(
    service: Service, who: Party, ref: Ref, clause: Annotated[int, Form(ge=1, le=1000)]
) -> Response:
    """The same from a page's form."""
    return package_file(service.clause_package(who, ref, clause))


def _code(region: str | None) -> int | None:
    return int(region) if region else None
