"""Who comes in, and files on their way in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, BinaryIO, cast

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.exchange.model import SENDERS_MODES, Batch, BatchState, Mode
from api.exchange.schemas import BatchOut
from api.exchange.service.credentials import PREFIX
from api.exchange.service.desk import Exchange
from api.infra.auth import SAFE_METHODS, Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import forbidden, invalid

CHUNK = 1 << 20
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def service(request: Request) -> Exchange:
    """The slice's service."""
    return cast(Exchange, request.app.state.container.exchange)


Service = Annotated[Exchange, Depends(service)]
SignedIn = Annotated[Principal, Depends(require())]
"""Anybody who is signed in; the service asks for whom he sends."""
Operator = Annotated[Principal, Depends(require("operator"))]
Limit = Annotated[int, Query(ge=1, le=200)]
Code = Annotated[str, Query(max_length=40)]


class SendingRoute(IdempotentRoute):
    """A route at which a department's system is known by its own credential; everywhere else it is nobody."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            header = request.headers.get("authorization", "")
            token = header[7:].strip() if header.lower().startswith("bearer ") else ""
            if token.startswith(PREFIX):
                request.state.principal = await run_in_threadpool(_system, request, token)
            answer: Response = await inner(request)
            return answer

        return handler


def _system(request: Request, token: str) -> Principal:
    sends = request.method not in SAFE_METHODS
    who = service(request).credentials.principal(token, sends=sends)
    if who is None:
        raise forbidden("exchange.credential_invalid")
    return who


def may_send(who: Principal) -> None:
    """A machine credential needs the scope `send`. Raises forbidden."""
    if who.kind == "machine" and "send" not in who.scopes:
        raise forbidden("role_required")


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The upload in pieces: it is never held in memory as a whole."""
    while chunk := file.read(CHUNK):
        yield chunk


async def pieces_of(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte: a server hands it over in small ones."""
    piece = bytearray()
    async for part in stream:
        piece += part
        if len(piece) >= CHUNK:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


LATER: dict[int | str, dict[str, Any]] = {
    202: {
        "model": BatchOut,
        "description": "Landed; the worker checks it. `Location` is the batch, which says how far it is",
    }
}
"""What an endpoint that takes files in answers, too."""


def said(response: Response, batch: Batch) -> BatchOut:
    """The batch as an answer: 202 with its place while the worker has it, else the endpoint's own status."""
    if batch.state is BatchState.CHECKING:
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/exchange/batches/{batch.id}"
        response.headers["Retry-After"] = "5"
    return BatchOut.of(batch)


def mode_of(text: str) -> Mode:
    """The mode of that name. Raises invalid."""
    for mode in SENDERS_MODES:
        if mode.value == text:
            return mode
    raise invalid("malformed", pointer="/mode")


def download(data: bytes, media_type: str, name: str) -> Response:
    """A file that is saved, not shown."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=media_type, headers=headers)
