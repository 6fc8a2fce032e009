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
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy import String, Table, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column
from starlette.concurrency import run_in_threadpool

from api.infra.auth import principal
from api.infra.db import Base, Database, SealedBytes, UtcDateTime
from api.infra.process import is_gone, this_process
from api.kernel.clock import SystemClock
from api.kernel.errors import conflict, invalid

HEADER = "Idempotency-Key"
KEEP = timedelta(hours=24)
CLAIM = timedelta(minutes=2)
TIDY_STEP = timedelta(minutes=1)


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


_TABLE = cast(Table, IdempotencyRow.__table__)
_MINE = (IdempotencyRow.caller == bindparam("of")) & (IdempotencyRow.key == bindparam("under"))
_INSERT = insert(_TABLE)
_ANSWER = update(_TABLE).where(_MINE)
_FORGET = delete(_TABLE).where(_MINE)
_TIDY = delete(_TABLE).where(
    (IdempotencyRow.at < bindparam("kept"))
    | (IdempotencyRow.status.is_(None) & (IdempotencyRow.at < bindparam("claimed")))
)


def _begin(db: Database, request: Request, key: str, digest: str) -> tuple[str, Response | None]:
    """Who calls, and the answer that he was given under this key before (None: he runs it now)."""
    who = principal(request)
    caller = who.account_id or who.person_id or "anonymous"
    _tidy(db, request.app)
    return caller, _claim(db, caller, key, digest)


def _claim(db: Database, caller: str, key: str, digest: str) -> Response | None:
    """Take the key (None), or return the answer that was given under it; a conflict when that can't be done."""
    now = SystemClock().now()
    claim = {"request_digest": digest, "at": now, "owner": this_process(), "status": None}
    try:
        with db.engine.begin() as connection:
            connection.execute(_INSERT, {"caller": caller, "key": key, **claim})
            return None
    except IntegrityError:
        pass
    with db.transaction() as session:
        row = session.get(IdempotencyRow, (caller, key), with_for_update=True)
        if row is None:
            raise conflict("idempotency_in_progress")  # it ended this very moment
        if _void(row, now):
            for name, value in claim.items():
                setattr(row, name, value)
            return None
    if row.request_digest != digest:
        raise conflict("idempotency_key_reused")
    if row.status is None:
        raise conflict("idempotency_in_progress")
    return Response(row.body, row.status, {"Idempotent-Replay": "true"}, row.media_type)


def _void(row: IdempotencyRow, now: datetime) -> bool:
    if row.at < now - KEEP:
        return True
    return row.status is None and (row.at < now - CLAIM or is_gone(row.owner))


def _settle(db: Database, caller: str, key: str, response: Response | None) -> None:
    mine = {"of": caller, "under": key}
    with db.engine.begin() as connection:
        if response is None or response.status_code >= 500:
            connection.execute(_FORGET, mine)
            return
        answer = {
            "status": response.status_code,
            "body": bytes(response.body),
            "media_type": response.media_type or response.headers.get("content-type", "application/json"),
        }
        connection.execute(_ANSWER, mine | answer)


def forget(session: Session, now: datetime, *, everything: bool) -> None:
    """Drop kept answers, which repeat what was sent: those that nobody may ask for any more, or (after a restore) all."""
    kept = now if everything else now - KEEP
    session.execute(_TIDY, {"kept": kept, "claimed": now - CLAIM})


def _tidy(db: Database, app: FastAPI) -> None:
    """Drop what nobody may ask for any more, at most once a minute: a stale claim is void before it is dropped."""
    now = SystemClock().now()
    if now < getattr(app.state, "idempotency_tidy_at", now):
        return
    app.state.idempotency_tidy_at = now + TIDY_STEP
    with db.transaction() as session:
        forget(session, now, everything=False)


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
            body = await request.body()
            digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
            caller, kept = await run_in_threadpool(_begin, db, request, key, digest)
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
