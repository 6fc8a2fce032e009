"""JSON API behind the exchange: who sends for whom, credentials of departments' systems, sources that are fetched."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.exchange.router import schemas as s
from api.exchange.router.access import Operator, Service, SignedIn, mode_of
from api.exchange.service.sources import NewSource
from api.infra.idempotency import IdempotentRoute

api = APIRouter(prefix="/exchange", tags=["exchange"], route_class=IdempotentRoute)


@api.get("/officers", summary="Who sends for which department")
def officers(exchange: Service, _who: Operator) -> list[s.OfficerOut]:
    """Owner `*` stands for all departments."""
    return [s.OfficerOut(**vars(officer)) for officer in exchange.officers()]


@api.post("/officers", status_code=204, summary="Let an account send for a department")
def grant(exchange: Service, who: Operator, body: s.OfficerIn) -> Response:
    """Twice is the same as once."""
    exchange.grant(who, body.account_id, body.owner)
    return Response(status_code=204)


@api.delete("/officers/{account_id}/{owner}", status_code=204, summary="Take it back")
def revoke(exchange: Service, who: Operator, account_id: str, owner: str) -> Response:
    """Batches that were sent stay."""
    exchange.revoke(who, account_id, owner)
    return Response(status_code=204)


@api.get("/credentials", summary="Credentials of the caller's departments' systems")
def credentials(exchange: Service, who: SignedIn) -> list[s.CredentialOut]:
    """Without their secrets; those that ended stay in the list."""
    return [s.CredentialOut.of(found) for found in exchange.credentials.listed(exchange.keepers(who))]


@api.post("/credentials", status_code=201, summary="Issue a credential for a department's system")
def issue(exchange: Service, who: SignedIn, body: s.CredentialIn) -> s.IssuedOut:
    """The secret stands in this answer and nowhere else. It sends the named datasets and nothing more."""
    made, secret = exchange.credentials.issue(
        who, exchange.owners(who), body.owner, body.datasets, body.label, body.days
    )
    return s.IssuedOut.issued(made, secret)


@api.post("/credentials/{number}/revocation", status_code=204, summary="End a credential at once")
def end(exchange: Service, who: SignedIn, number: str) -> Response:
    """Twice is the same as once."""
    exchange.credentials.revoke(who, exchange.keepers(who), number)
    return Response(status_code=204)


@api.get("/sources", summary="Folders and databases that the worker fetches")
def sources(exchange: Service, _who: Operator) -> list[s.SourceOut]:
    """Without URLs: they hold passwords."""
    return [s.SourceOut.of(found) for found in exchange.sources.listed()]


@api.post("/sources", status_code=201, summary="Enter a source")
def enter(exchange: Service, who: Operator, body: s.SourceIn) -> s.SourceOut:
    """Its place is kept sealed; it is due at once."""
    new = NewSource(
        body.dataset, mode_of(body.mode), body.label, body.kind, body.place, body.pattern, body.query, body.every_minutes
    )  # fmt: skip
    return s.SourceOut.of(exchange.sources.add(who, new))


@api.post("/sources/{number}/pause", status_code=204, summary="Fetch a source no more")
def pause(exchange: Service, who: Operator, number: str) -> Response:
    """Until it is made due again."""
    exchange.sources.pause(who, number)
    return Response(status_code=204)


@api.post("/sources/{number}/due", status_code=204, summary="Fetch a source in the worker's next round")
def due(exchange: Service, who: Operator, number: str) -> Response:
    """And by its rhythm from then on."""
    exchange.sources.due(who, number)
    return Response(status_code=204)


@api.delete("/sources/{number}", status_code=204, summary="Forget a source")
def remove(exchange: Service, who: Operator, number: str) -> Response:
    """What came from it stays."""
    exchange.sources.remove(who, number)
    return Response(status_code=204)
