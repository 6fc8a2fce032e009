"""JSON API of the exchange: catalogue, files in, batches."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi import Request as HttpRequest
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.exchange import schemas as s
from api.exchange.model import Channel, Request
from api.exchange.router.access import (
    CSV,
    LATER,
    XLSX,
    Code,
    Limit,
    SendingRoute,
    Service,
    SignedIn,
    chunks_of,
    download,
    may_send,
    mode_of,
    pieces_of,
    said,
)

api = APIRouter(prefix="/exchange", tags=["exchange"], route_class=SendingRoute)


@api.get("/datasets", summary="Datasets for which the caller sends, with their schemas")
def datasets(exchange: Service, who: SignedIn) -> list[s.DatasetOut]:
    """All of the catalogue for the bureau's data managers."""
    return [s.DatasetOut.of(what) for what in exchange.datasets(who)]


@api.get("/datasets/{code}/template.csv", response_class=Response, summary="Empty file with the header (CSV)")
def template_csv(exchange: Service, who: SignedIn, code: str) -> Response:
    """In UTF-8 with mark."""
    return download(exchange.template(who, code, "csv"), CSV, f"{code}.csv")


@api.get("/datasets/{code}/template.xlsx", response_class=Response, summary="Empty sheet with notes (XLSX)")
def template_xlsx(exchange: Service, who: SignedIn, code: str) -> Response:
    """A note per column says what belongs there."""
    return download(exchange.template(who, code, "xlsx"), XLSX, f"{code}.xlsx")


@api.post(
    "/datasets/{code}/files", status_code=201, responses=LATER, summary="Send a file (CSV, XLSX, Parquet)"
)
def upload(
    response: Response,
    exchange: Service,
    who: SignedIn,
    code: str,
    file: UploadFile,
    mode: Annotated[str, Form()] = "append",
    trial: Annotated[bool, Form()] = False,
    period_from: Annotated[date | None, Form()] = None,
    period_to: Annotated[date | None, Form()] = None,
    expected_rows: Annotated[int | None, Form(ge=0)] = None,
    expected_sha256: Annotated[str, Form(pattern="^([0-9a-fA-F]{64})?$")] = "",
) -> s.BatchOut:
    """Lands, checks and commits it (or only checks it: `trial`). A file that can't be read is a batch in state refused.

    A large file is landed, and the worker does the rest: 202 with the batch in state checking; ask for it at `Location`.
    """
    may_send(who)
    asked = Request(
        code,
        mode_of(mode),
        trial,
        Channel.UPLOAD,
        file.filename or "",
        period_from,
        period_to,
        expected_rows,
        expected_sha256,
    )
    return said(response, exchange.receive(who, asked, chunks_of(file.file)))


@api.put(
    "/datasets/{code}/files/{name}",
    status_code=201,
    responses=LATER,
    summary="Send a file as it is (the body)",
)
async def put(
    request: HttpRequest,
    response: Response,
    exchange: Service,
    who: SignedIn,
    code: str,
    name: str,
    mode: Annotated[str, Query()] = "append",
    trial: Annotated[bool, Query()] = False,
    period_from: Annotated[date | None, Query()] = None,
    period_to: Annotated[date | None, Query()] = None,
    expected_rows: Annotated[int | None, Query(ge=0)] = None,
    expected_sha256: Annotated[str, Query(pattern="^([0-9a-fA-F]{64})?$")] = "",
) -> s.BatchOut:
    """The body goes to the disk in pieces and is never held in memory. Sent twice it changes nothing: no key is needed.

    A large file is landed, and the worker does the rest: 202 with the batch in state checking; ask for it at `Location`.
    A department over its bytes of the day is told 413, a disk that is nearly full 507, as soon as that is known.
    """
    may_send(who)
    asked = Request(
        code,
        mode_of(mode),
        trial,
        Channel.PUSH if who.kind == "machine" else Channel.UPLOAD,
        name,
        period_from,
        period_to,
        expected_rows,
        expected_sha256,
    )
    stated = int(request.headers.get("content-length", 0))
    with ExitStack() as open_files:
        held = await run_in_threadpool(open_files.enter_context, exchange.arriving(who, code, stated))
        async for piece in pieces_of(request.stream()):
            await run_in_threadpool(held.write, piece)
        return said(response, await run_in_threadpool(exchange.receive, who, asked, held.pieces()))


@api.post(
    "/datasets/{code}/rows",
    status_code=201,
    responses=LATER,
    summary="Push rows from a department's system",
)
def push(response: Response, exchange: Service, who: SignedIn, code: str, body: s.PushIn) -> s.BatchOut:
    """The same way as a file; machine credentials need the scope `send`."""
    may_send(who)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in body.rows)
    asked = Request(
        code,
        mode_of(body.mode),
        body.trial,
        Channel.PUSH,
        "rows.ndjson",
        body.period_from,
        body.period_to,
        len(body.rows),
    )
    return said(response, exchange.receive(who, asked, [lines.encode("utf-8")]))


@api.get("/batches", summary="Batches of the caller's datasets, newest first")
def batches(
    exchange: Service,
    who: SignedIn,
    dataset: Code = "",
    state: Annotated[str, Query(max_length=12)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Limit = 50,
) -> s.BatchesOut:
    """By dataset or state, or all."""
    found = exchange.batches(who, dataset, state, before, limit)
    return s.BatchesOut(batches=[s.BatchOut.of(batch) for batch in found.batches], next=found.next)


@api.get("/batches/{batch_id}", summary="One batch")
def batch(exchange: Service, who: SignedIn, batch_id: str) -> s.BatchOut:
    """With its findings counted by column and rule; while the worker checks it, how far it is."""
    return s.BatchOut.of(exchange.batch(who, batch_id))


@api.post("/batches/{batch_id}/commit", responses=LATER, summary="Commit a batch that was tried")
def commit(response: Response, exchange: Service, who: SignedIn, batch_id: str) -> s.BatchOut:
    """It is checked again against what was accepted meanwhile; a large one by the worker (202)."""
    may_send(who)
    return said(response, exchange.commit(who, batch_id))


@api.post("/batches/{batch_id}/discard", summary="Leave a batch that was tried")
def discard(exchange: Service, who: SignedIn, batch_id: str) -> s.BatchOut:
    """Nothing of it was accepted."""
    may_send(who)
    return s.BatchOut.of(exchange.discard(who, batch_id))


@api.post("/batches/{batch_id}/withdrawal", summary="Take a committed batch back")
def withdraw(exchange: Service, who: SignedIn, batch_id: str, body: s.ReasonIn) -> s.BatchOut:
    """Older versions count again and the affected enterprise-months are scored again."""
    may_send(who)
    return s.BatchOut.of(exchange.withdraw(who, batch_id, body.reason))
