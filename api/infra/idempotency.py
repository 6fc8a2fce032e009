"""`Idempotency-Key` on every POST that creates, signs or sends.

The first request with a key runs; its answer is kept for a day and given again to the same caller for the same body. The
same key with another body is a conflict; a request whose first run is still under way is told so.
A run that died (kill -9) leaves a claim without an answer: it is void as soon as its process is seen to be gone, and
after two minutes where that process was another machine's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy import String, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from starlette.concurrency import run_in_threadpool

from api.infra.auth import authenticate
from api.infra.db import Base, Database, SealedBytes, UtcDateTime
from api.infra.process import is_gone, this_process
from api.kernel.clock import SystemClock
from api.kernel.errors import conflict, invalid

HEADER = "Idempotency-Key"
KEEP = timedelta(hours=24)
CLAIM = timedelta(minutes=2)


class IdempotencyRow(Base):
    """A key of a caller, the digest of what was asked, and the answer once there is one."""

    __tablename__ = "infra_idempotency"

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    owner: Mapped[str] = mapped_column(String(100))
    status: Mapped[int | None]
    media_type: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[bytes | None] = mapped_column(SealedBytes)


def _claim(db: Database, caller: str, key: str, digest: str) -> Response | None:
    now = SystemClock().now()
    try:
        with db.transaction() as session:
            session.execute(
                delete(IdempotencyRow).where(
                    (IdempotencyRow.at < now - KEEP)
                    | (IdempotencyRow.status.is_(None) & (IdempotencyRow.at < now - CLAIM))
                )
            )
            row = session.get(IdempotencyRow, (caller, key))
            if row is not None and row.status is None and is_gone(row.owner):
                session.delete(row)
                session.flush()
                row = None
            if row is None:
                claim = IdempotencyRow(
                    caller=caller, key=key, request_digest=digest, at=now, owner=this_process()
                )
                session.add(claim)
                return None
    except IntegrityError:
        raise conflict("idempotency_in_progress") from None
    if row.request_digest != digest:
        raise conflict("idempotency_key_reused")
    if row.status is None:
        raise conflict("idempotency_in_progress")
    return Response(row.body, row.status, {"Idempotent-Replay": "true"}, row.media_type)


def _settle(db: Database, caller: str, key: str, response: Response | None) -> None:
    with db.transaction() as session:
        row = session.get(IdempotencyRow, (caller, key))
        if row is None:
            return
        if response is None or response.status_code >= 500:
            session.delete(row)
            return
        row.status, row.body = response.status_code, bytes(response.body)
        row.media_type = response.media_type or response.headers.get("content-type", "application/json")


class IdempotentRoute(APIRoute):
    """Route class for `APIRouter(route_class=IdempotentRoute)`: POSTs need the header and are run once per key."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.method != "POST":
                answer: Response = await inner(request)
                return answer
            key = request.headers.get(HEADER, "")
            if not key:
                raise invalid("idempotency_key_required")
            if len(key) > 100 or not key.isascii() or not key.isprintable():
                raise invalid("malformed", pointer="/headers/Idempotency-Key")
            db: Database = request.app.state.container.db
            who = await run_in_threadpool(authenticate, request, request.app.state.container.authenticator)
            caller = who.account_id or who.person_id or "anonymous"
            body = await request.body()
            digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
            kept = await run_in_threadpool(_claim, db, caller, key, digest)
            if kept is not None:
                return kept
            try:
                response: Response = await inner(request)
            except BaseException:
                await run_in_threadpool(_settle, db, caller, key, None)
                raise
            if isinstance(response, JSONResponse) or hasattr(response, "body"):
                await run_in_threadpool(_settle, db, caller, key, response)
            return response

        return handler
