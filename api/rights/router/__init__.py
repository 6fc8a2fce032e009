"""Pages and JSON API of erasures."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from api.infra.auth import Principal, require
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import not_found
from api.rights.model import State
from api.rights.schemas import CertificateOut, ErasureOut, ErasuresOut, HoldIn
from api.rights.service import Erasures
from api.rights.texts import STATES, TONES

api = APIRouter(tags=["rights"])
pages = APIRouter()
_PAGE = 50


def _service(request: Request) -> Erasures:
    return cast(Erasures, request.app.state.container.rights)


Service = Annotated[Erasures, Depends(_service)]
Reader = Annotated[Principal, Depends(require("operator", "regulator", "auditor"))]
Holder = Annotated[Principal, Depends(require("operator", "regulator"))]
After = Annotated[str, Query(max_length=26)]


def _certificate(service: Erasures, key: str) -> CertificateOut:
    found = service.one(key).certificate
    if found is None:
        raise not_found()
    return CertificateOut(certificate=found.body, note=found.note)


@api.get("/erasures")
def listing(
    service: Service,
    _who: Reader,
    state: State | None = None,
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ErasuresOut:
    """Erasures, oldest first."""
    found = service.listing(state, after, limit + 1)
    return ErasuresOut(
        items=[ErasureOut.of(item) for item in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@api.get("/erasures/{key}")
def one(service: Service, _who: Reader, key: str) -> ErasureOut:
    """One erasure."""
    return ErasureOut.of(service.one(key))


@api.get("/erasures/{key}/certificate")
def certificate(service: Service, _who: Reader, key: str) -> CertificateOut:
    """The signed certificate of what was destroyed."""
    return _certificate(service, key)


@api.put("/erasures/{key}/hold")
def hold(service: Service, who: Holder, key: str, body: HoldIn) -> ErasureOut:
    """Put an announced erasure on hold: an open dispute or enforcement comes first."""
    return ErasureOut.of(service.hold(who, key, body.reason, body.case_no))


@api.delete("/erasures/{key}/hold")
def lift(service: Service, who: Holder, key: str) -> ErasureOut:
    """Let it go on; it is announced for another 30 days."""
    return ErasureOut.of(service.lift(who, key))


@pages.get("/erasures")
def erasures_page(
    request: Request, service: Service, who: Reader, state: State | None = None, after: After = ""
) -> Response:
    """What is announced, on hold, erased."""
    found = service.listing(state, after, _PAGE + 1)
    return page(
        request,
        "rights/erasures.html",
        erasures=found[:_PAGE],
        next=found[_PAGE - 1].id if len(found) > _PAGE else None,
        counts=service.counts(),
        state=state.value if state else "",
        states=STATES,
        tones=TONES,
        may_hold=who.has("operator", "regulator"),
    )


@pages.post("/erasures/{key}/hold")
def hold_form(
    request: Request,
    service: Service,
    who: Holder,
    key: str,
    reason: Annotated[str, Form()] = "",
    case_no: Annotated[str, Form()] = "",
) -> Response:
    """Put on hold."""
    service.hold(who, key, reason, case_no)
    return redirect(request, "/erasures", notice=N_("已暂缓清除。"))


@pages.post("/erasures/{key}/release")
def release_form(request: Request, service: Service, who: Holder, key: str) -> Response:
    """Lift the hold."""
    service.lift(who, key)
    return redirect(request, "/erasures", notice=N_("已恢复，重新公告 30 天。"))


@pages.get("/erasures/{key}/certificate.json")
def certificate_file(service: Service, _who: Reader, key: str) -> Response:
    """The certificate as a file."""
    return Response(
        _certificate(service, key).model_dump_json(),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="erasure-{key}.json"'},
    )
