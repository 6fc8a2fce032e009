"""TEST SMS gateway: takes messages, keeps them in an inbox that can be read on this machine, reports delivery.

`python -m signing.testing.sms --data DIR --port N --token-file F [--delay-ms 0] [--receipt-url URL]`
"""

from __future__ import annotations

import argparse
import html
import secrets
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from signing.identity_service.serving import bearer_matches, limit_bodies, listen, log, serve
from signing.identity_service.settings import secret_file
from signing.identity_service.store import Store
from signing.testing.faults import Faults

TABLE = """CREATE TABLE message (
  id TEXT PRIMARY KEY, gateway_id TEXT UNIQUE NOT NULL, phone TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,
  accepted_at REAL NOT NULL, deliver_at REAL NOT NULL, status TEXT NOT NULL, reported INTEGER NOT NULL) STRICT"""


class Inbox:
    """Messages on disk; a message is delivered when its time has come."""

    def __init__(self, data: Path, delay_ms: int) -> None:
        self.store = Store(data / "sms.db", TABLE)
        self.delay_ms = delay_ms

    def accept(self, message: dict[str, Any], fate: str, delay_ms: int) -> dict[str, Any]:
        """Take a message; the same id is the same message."""
        with self.store.transaction() as tx:
            known = tx.one("SELECT * FROM message WHERE id=?", message["id"])
            if known is None:
                now = time.time()
                tx.insert(
                    "message",
                    id=message["id"],
                    gateway_id=f"TEST-{secrets.token_hex(8)}",
                    phone=message["to"],
                    text=message["text"],
                    kind=message["kind"],
                    accepted_at=now,
                    deliver_at=now + delay_ms / 1000,
                    status=fate,
                    reported=0,
                )
                known = tx.one("SELECT * FROM message WHERE id=?", message["id"])
        if known is None:
            raise HTTPException(500, "store")
        return {"gateway_id": known["gateway_id"], "status": self._status(known)}

    @staticmethod
    def _status(row: Any) -> str:
        if row["status"] == "accepted" and time.time() >= row["deliver_at"]:
            return "delivered"
        return str(row["status"]) if row["status"] != "lost" else "accepted"

    def status(self, gateway_id: str) -> dict[str, Any]:
        """Delivery status of one message."""
        with self.store.transaction() as tx:
            row = tx.one("SELECT * FROM message WHERE gateway_id=?", gateway_id)
        if row is None:
            raise HTTPException(404, "message")
        status = self._status(row)
        return {
            "gateway_id": gateway_id,
            "status": status,
            "delivered_at": row["deliver_at"] if status == "delivered" else None,
        }

    def of(self, phone: str | None, limit: int = 50) -> list[dict[str, Any]]:
        """Delivered messages, newest first."""
        with self.store.transaction() as tx:
            rows = tx.all(
                "SELECT * FROM message WHERE status='accepted' AND deliver_at<=? AND (? IS NULL OR phone=?)"
                " ORDER BY accepted_at DESC, rowid DESC LIMIT ?",
                time.time(),
                phone,
                phone,
                limit,
            )
        keys = ("id", "phone", "text", "kind", "accepted_at")
        return [{k: row[k] for k in keys} | {"delivered_at": row["deliver_at"]} for row in rows]

    def report(self, url: str, http: httpx.Client) -> int:
        """Post delivery receipts that were not posted yet; number of receipts taken."""
        with self.store.transaction() as tx:
            rows = tx.all(
                "SELECT * FROM message WHERE reported=0 AND (status='failed' OR (status='accepted' AND deliver_at<=?))"
                " LIMIT 100",
                time.time(),
            )
        taken = 0
        for row in rows:
            body = {"id": row["id"], "gateway_id": row["gateway_id"], "status": self._status(row)}
            try:
                http.post(url, json=body | {"at": row["deliver_at"]}).raise_for_status()
            except httpx.HTTPError as exc:
                log("sms.receipt.failed", error=type(exc).__name__)
                break
            with self.store.transaction() as tx:
                tx.update("message", "id", row["id"], reported=1)
            taken += 1
        return taken


PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>TEST 短信收件箱</title>
<h1>TEST 短信收件箱（仅供演示，不是真实短信）</h1><table border="1" cellpadding="6">
<tr><th>号码</th><th>时间</th><th>内容</th></tr>{rows}</table></html>"""


def build_app(inbox: Inbox, token: str, faults: Faults) -> FastAPI:
    """The HTTP application."""
    app = FastAPI(title="TEST SMS gateway", docs_url=None, redoc_url=None)
    limit_bodies(app)
    app.include_router(faults.router())

    def authorise(request: Request) -> None:
        if not bearer_matches(request, token):
            raise HTTPException(401, "credential")

    @app.post("/v1/messages")
    def send(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        authorise(request)
        faults.check_down()
        if not all(isinstance(body.get(key), str) and body[key] for key in ("id", "to", "text", "kind")):
            raise HTTPException(422, "id, to, text, kind")
        fate = {"lost": "lost", "undeliverable": "failed"}.get(faults.mode, "accepted")
        return inbox.accept(body, fate, faults.facts.get("delay_ms", inbox.delay_ms))

    @app.get("/v1/messages/{gateway_id}")
    def status(request: Request, gateway_id: str) -> dict[str, Any]:
        authorise(request)
        faults.check_down()
        return inbox.status(gateway_id)

    @app.get("/inbox/{phone}")
    def inbox_of(phone: str) -> list[dict[str, Any]]:
        return inbox.of(phone)

    @app.get("/inbox")
    def page() -> HTMLResponse:
        rows = "".join(
            f"<tr><td>{html.escape(m['phone'])}<td>{time.strftime('%H:%M:%S', time.localtime(m['accepted_at']))}"
            f"<td>{html.escape(m['text'])}</tr>"
            for m in inbox.of(None)
        )
        return HTMLResponse(PAGE.format(rows=rows))

    return app


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m signing.testing.sms", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--delay-ms", type=int, default=0)
    parser.add_argument("--receipt-url", help="where delivery receipts are posted (else they are polled)")
    args = parser.parse_args()
    inbox = Inbox(args.data, args.delay_ms)
    stop = threading.Event()
    if args.receipt_url:
        http = httpx.Client(timeout=5, trust_env=False)

        def loop() -> None:
            while not stop.wait(0.5):
                inbox.report(args.receipt_url, http)

        threading.Thread(target=loop, daemon=True).start()
    app = build_app(inbox, secret_file(args.token_file), Faults("down", "lost", "undeliverable"))
    serve(app, listen(args.port), "test-sms", test=True)
    stop.set()


if __name__ == "__main__":
    main()
