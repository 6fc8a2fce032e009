"""The log for everybody (checkpoint, tiles, proofs) and the outbox for those who run and supervise the platform."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response

from api.anchoring import schemas
from api.anchoring.model import StoredCheckpoint
from api.anchoring.service import Anchoring
from api.infra.auth import Principal, require
from api.infra.pacing import Pace
from api.kernel.errors import forbidden, not_found
from chain.merkle import TILE_WIDTH, TileId
from chain.merkle.tiles import tile_path
from chain.package.proofs import LogProof

_pace = Pace(rate=50.0, burst=10_000.0)
"""Of one address: an audit of a million entries (8,000 files) at once, then fifty files a second."""


def paced(request: Request) -> None:
    """Refuse an address that asks for too much of the public log."""
    wait = _pace.wait(request.client.host if request.client else "")
    if wait:
        raise forbidden("too_many_requests", seconds=wait)


pages = APIRouter(dependencies=[Depends(paced)])
api = APIRouter(tags=["anchoring"])

_TILE = re.compile(r"(?:0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")
PLAIN = "text/plain; charset=utf-8"
FOREVER = "public, max-age=31536000, immutable"


def service(request: Request) -> Anchoring:
    """The slice's service."""
    found: Anchoring = request.app.state.container.anchoring
    return found


Service = Annotated[Anchoring, Depends(service)]
Supervision = Annotated[Principal, Depends(require("operator", "regulator", "auditor"))]
Operations = Annotated[Principal, Depends(require("operator"))]


def _newest(anchoring: Anchoring) -> StoredCheckpoint:
    with anchoring.uow.read() as session:
        found = anchoring.proofs.checkpoint(session)
    if found is None:
        raise not_found("anchoring.no_checkpoint")
    return found


@pages.get("/log/checkpoint")
def checkpoint(anchoring: Service) -> PlainTextResponse:
    """The newest checkpoint as a C2SP signed note."""
    return PlainTextResponse(
        _newest(anchoring).note, headers={"Cache-Control": "no-store, max-age=0"}, media_type=PLAIN
    )


@pages.get("/log/tile/{path:path}")
def tile(path: str, anchoring: Service) -> Response:
    """Tiles and entry bundles of the log (C2SP tlog-tiles); entries are the 32-byte digests."""
    entries = path.startswith("entries/")
    match = _TILE.match("0/" + path.removeprefix("entries/") if entries else path)
    if match is None:
        raise not_found()
    level = 0 if entries else int(path.split("/", 1)[0])
    number = int(re.sub(r"[x/]", "", match[1]))
    width = int(match[2]) if match[2] else TILE_WIDTH
    if tile_path(TileId(level, number), width) != "tile/" + path.replace("entries/", "0/", 1):
        raise not_found()  # one resource, one address: no leading x000, no partial tile of full width
    with anchoring.uow.read() as session:
        data = anchoring.proofs.tile(session, level, number, width)
        if entries:
            found = anchoring.proofs.entries(session, number * TILE_WIDTH, width)
            data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in found)
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": FOREVER})


@pages.get("/log/proof/{index}")
def proof(index: Annotated[int, Path(ge=0, lt=2**53)], anchoring: Service) -> PlainTextResponse:
    """C2SP tlog-proof of the entry at `index` against the oldest checkpoint that holds it and went furthest."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.checkpoint(session, covering=index)
        if found is None:
            raise not_found("anchoring.index_unknown")
        path = anchoring.proofs.inclusion(session, index, found.size)
    text = LogProof.of(index, path, found.note).encode()
    return PlainTextResponse(text, headers={"Cache-Control": "no-store, max-age=0"}, media_type=PLAIN)


@api.get("/log/checkpoint")
def checkpoint_json(anchoring: Service) -> schemas.CheckpointOut:
    """The newest checkpoint with its token."""
    found = _newest(anchoring)
    try:
        vkey = anchoring.proofs.log_key.vkey
    except FileNotFoundError:
        vkey = None  # this process does not hold the log's key; the trust root names it
    return schemas.CheckpointOut(
        size=found.size,
        root=found.root,
        note=found.note.decode("utf-8"),
        token=base64.b64encode(found.token).decode("ascii") if found.token else None,
        token_tsa=found.token_tsa,
        created_at=found.created_at,
        vkey=vkey,
    )


@api.get("/log/inclusion")
def inclusion(anchoring: Service, index: Annotated[int, Query(ge=0)]) -> schemas.InclusionOut:
    """Inclusion proof of an entry against the smallest checkpoint that holds it."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.checkpoint(session, covering=index)
        if found is None:
            raise not_found("anchoring.index_unknown")
        path = anchoring.proofs.inclusion(session, index, found.size)
    return schemas.InclusionOut(
        log_index=index, size=found.size, root=found.root, path=[node.hex() for node in path]
    )


@api.get("/log/consistency")
def consistency(
    anchoring: Service, size1: Annotated[int, Query(ge=1)], size2: Annotated[int, Query(ge=1)]
) -> schemas.ConsistencyOut:
    """Consistency proof between two sizes of the log."""
    with anchoring.uow.read() as session:
        path = anchoring.proofs.consistency(session, size1, size2)
    return schemas.ConsistencyOut(size1=size1, size2=size2, path=[node.hex() for node in path])


@api.get("/anchors/{stream:path}")
def anchors(stream: str, anchoring: Service, _who: Supervision) -> schemas.AnchorsOut:
    """Where each event of a stream stands on its way into the log."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.anchors(session, stream)
    if not found:
        raise not_found()
    events = [
        schemas.AnchorOut(
            seq=seq,
            type=kind,
            entry=entry,
            state=anchor.state,
            log_index=anchor.log_index,
            transaction=anchor.transaction,
            block_number=anchor.block_number,
        )
        for seq, kind, entry, anchor in found
    ]
    state = "anchored" if all(event.state == "anchored" for event in events) else "pending"
    return schemas.AnchorsOut(stream=stream, state=state, events=events)


@api.get("/anchoring/status")
def status(anchoring: Service, _who: Supervision) -> schemas.StatusOut:
    """What is pending, parked and behind; open alarms."""
    with anchoring.uow.read() as session:
        return schemas.StatusOut.model_validate(anchoring.operator.status(session), from_attributes=True)


@api.get("/anchoring/calls")
def calls(anchoring: Service, _who: Operations, state: str = "parked") -> list[schemas.CallOut]:
    """Registry calls in a state (several separated by commas)."""
    with anchoring.uow.read() as session:
        found = anchoring.operator.calls(session, tuple(state.split(",")))
    return [schemas.CallOut(**asdict(call)) for call in found]


@api.post("/anchoring/calls/{call_id}/retry", status_code=204)
def retry(call_id: str, anchoring: Service, who: Operations) -> None:
    """Put a parked registry call back into the queue."""
    with anchoring.uow() as session:
        anchoring.operator.retry(session, who, call_id)


@api.post("/anchoring/judicial/{size}/retry", status_code=204)
def retry_checkpoint(size: int, anchoring: Service, who: Operations) -> None:
    """Send a checkpoint that the judicial chain refused on its way again."""
    with anchoring.uow() as session:
        anchoring.operator.retry_checkpoint(session, who, size)


@api.post("/anchoring/calls/{call_id}/void", status_code=204)
def void(call_id: str, body: schemas.ReasonIn, anchoring: Service, who: Operations) -> None:
    """Give a parked registry call up."""
    with anchoring.uow() as session:
        anchoring.operator.void(session, who, call_id, body.reason)


@api.post("/anchoring/alarms/{alarm_id}/clear", status_code=204)
def clear(alarm_id: str, body: schemas.ReasonIn, anchoring: Service, who: Operations) -> None:
    """Close an alarm after it was looked into."""
    with anchoring.uow() as session:
        anchoring.operator.clear_alarm(session, who, alarm_id, body.reason)
