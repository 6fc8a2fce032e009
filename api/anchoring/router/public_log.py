"""The log for everybody: checkpoint, tiles, proofs (C2SP tlog-tiles, tlog-proof), as files and as JSON."""

from __future__ import annotations

import base64
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response

from api.anchoring import schemas
from api.anchoring.router.wiring import Service, newest
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
api = APIRouter()

_TILE = re.compile(r"(?:0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z")
PLAIN = "text/plain; charset=utf-8"
FOREVER = "public, max-age=31536000, immutable"


@pages.get("/log/checkpoint")
def checkpoint(anchoring: Service) -> PlainTextResponse:
    """The newest checkpoint as a C2SP signed note."""
    return PlainTextResponse(
        newest(anchoring).note, headers={"Cache-Control": "no-store, max-age=0"}, media_type=PLAIN
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
    found = newest(anchoring)
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
