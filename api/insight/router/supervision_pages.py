"""Pages of supervision: figures, contracts, one contract, organisations, the text for a case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.insight.model import ContractFilter
from api.insight.router.api import csv_response
from api.insight.router.wiring import Filter, Reader, Supervisor, View
from api.insight.rules import NAME_ROLES, STATES, TEXT_ROLES, query_string
from api.insight.texts import EVENT_NAMES, GROUP_NAMES, KIND_NAMES, STATE_NAMES
from api.kernel.errors import DomainError, ErrorKind
from api.kernel.ids import is_hex32

pages = APIRouter()


def _until(seconds: int) -> datetime:
    """A grant's end as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


_NAMES: dict[str, Any] = {
    "groups": GROUP_NAMES,
    "states": STATE_NAMES,
    "kinds": KIND_NAMES,
    "events": EVENT_NAMES,
    "until": _until,
}


def _form(query: ContractFilter) -> dict[str, str]:
    fields = query.described()
    fields["region"] = fields.pop("region_prefix", "")
    return fields


@pages.get("/supervision")
def overview(request: Request, view: View, who: Supervisor, query: Filter) -> Response:
    """All figures under one filter."""
    return page(
        request,
        "insight/overview.html",
        overview=view.overview(who, query),
        proven=view.proven(query),
        form=_form(query),
        query=query_string(query),
        link=lambda **changes: query_string(query, **changes),
        state_values=STATES,
        **_NAMES,
    )


@pages.get("/supervision/contracts")
def contracts(request: Request, view: View, who: Supervisor, query: Filter) -> Response:
    """Contract versions, newest first."""
    listing = view.contracts(who, query)
    following = query_string(query, after=listing.next) if listing.next else ""
    return page(
        request,
        "insight/contracts.html",
        listing=listing,
        form=_form(query),
        query=query_string(query),
        following=following,
        state_values=STATES,
        **_NAMES,
    )


@pages.get("/supervision/contracts.csv")
def export(view: View, who: Supervisor, query: Filter) -> Response:
    """The same rows as CSV."""
    return csv_response(view.export(who, query))


@pages.get("/supervision/contracts/{contract_id}")
def contract(request: Request, view: View, who: Supervisor, contract_id: str) -> Response:
    """One contract's history and who acted."""
    found = view.contract(who, contract_id)
    acting = {row.employer_wallet for row in found.versions}
    return page(
        request,
        "insight/contract.html",
        history=found,
        newest=found.versions[-1],
        acting=acting,
        may_read=who.has(*TEXT_ROLES),
        **_NAMES,
    )


@pages.get("/supervision/organisations")
def organisations(
    request: Request,
    view: View,
    who: Supervisor,
    q: Annotated[str, Query(max_length=80)] = "",
    region: Annotated[str, Query(pattern=r"^(\d{2,9})?$")] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Registered organisations; a search by name or USCC for who may see names."""
    q = q.strip()
    if is_hex32(q.lower()):
        return redirect(request, f"/supervision/organisations/{q.lower()}")
    may_search = who.has(*NAME_ROLES)
    found = view.find_organisations(who, q) if q and may_search else None
    listing = view.organisations(who, region=region or None, after=after or None)
    return page(
        request,
        "insight/organisations.html",
        listing=listing,
        found=found,
        q=q,
        region=region,
        may_search=may_search,
        **_NAMES,
    )


@pages.get("/supervision/organisations/{org_id}")
def organisation(request: Request, view: View, who: Supervisor, org_id: str) -> Response:
    """One organisation on chain."""
    return page(request, "insight/organisation.html", view=view.organisation(who, org_id), **_NAMES)


@pages.get("/supervision/texts/{contract_id}")
def ask_text(request: Request, view: View, who: Reader, contract_id: str) -> Response:
    """Case number and purpose, before the text."""
    return page(
        request,
        "insight/ask_text.html",
        history=view.contract(who, contract_id),
        contract_id=contract_id,
        form={"case_no": "", "purpose": ""},
        message="",
    )


@pages.post("/supervision/texts/{contract_id}")
def read_text(
    request: Request,
    view: View,
    who: Reader,
    contract_id: str,
    case_no: Annotated[str, Form()] = "",
    purpose: Annotated[str, Form()] = "",
) -> Response:
    """The text, audited and told to the worker."""
    try:
        found = view.read_text(who, contract_id, case_no, purpose)
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return page(
            request,
            "insight/ask_text.html",
            status=422,
            history=view.contract(who, contract_id),
            contract_id=contract_id,
            form={"case_no": case_no, "purpose": purpose},
            message=text_of(error.code, error.facts, language(request)),
        )
    return page(request, "insight/text.html", text=found, case_no=case_no.strip(), purpose=purpose.strip())
