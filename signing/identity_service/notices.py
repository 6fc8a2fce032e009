"""Notices that must leave whatever happens: stored in the transaction that causes them, sent and retried afterwards."""

from __future__ import annotations

import secrets
import threading

from signing.identity_service.codes import PhoneSeal, tidy
from signing.identity_service.errors import GatewayUnavailable
from signing.identity_service.issuer import Clock
from signing.identity_service.ports import SmsGateway
from signing.identity_service.serving import log
from signing.identity_service.store import Store, Transaction

MOST_TRIES = 20
TIDY_SECONDS = 3600


class Notices:
    """An outbox of texts. The notice's id is the message id at the gateway: a retry is the same message there."""

    def __init__(self, store: Store, seal: PhoneSeal, gateway: SmsGateway, clock: Clock) -> None:
        self._store = store
        self._seal = seal
        self._gateway = gateway
        self._clock = clock
        self._stop = threading.Event()

    def queue(self, tx: Transaction, phone_sealed: bytes, text: str, kind: str) -> str:
        """Store a notice in the caller's transaction; returns its id."""
        notice = secrets.token_hex(16)
        tx.insert(
            "notice",
            id=notice,
            phone_sealed=phone_sealed,
            text=text,
            kind=kind,
            state="queued",
            tries=0,
            next_at=int(self._clock()),
        )
        return notice

    def flush(self) -> int:
        """Send what is due; number of notices that the gateway took."""
        with self._store.transaction() as tx:
            due = tx.all(
                "SELECT * FROM notice WHERE state='queued' AND next_at<=? ORDER BY next_at LIMIT 50",
                int(self._clock()),
            )
        taken = 0
        for row in due:
            try:
                self._gateway.send(row["id"], self._seal.open(row["phone_sealed"]), row["text"], row["kind"])
            except GatewayUnavailable:
                self._later(row["id"], row["tries"] + 1)
                continue
            with self._store.transaction() as tx:
                tx.update("notice", "id", row["id"], state="sent")
            taken += 1
        return taken

    def _later(self, notice: str, tries: int) -> None:
        state = "queued" if tries < MOST_TRIES else "parked"
        wait = min(3600, 2**tries)
        with self._store.transaction() as tx:
            tx.update("notice", "id", notice, state=state, tries=tries, next_at=int(self._clock()) + wait)
        if state == "parked":
            log("identity.notice.parked", notice=notice)

    def run(self, every: float = 2.0) -> threading.Thread:
        """Flush in the background until `stop`; what an earlier process left is sent first."""

        def loop() -> None:
            tidied = 0.0
            while not self._stop.is_set():
                try:
                    self.flush()
                    if self._clock() >= tidied + TIDY_SECONDS:
                        tidied = self._clock()
                        with self._store.transaction() as tx:
                            tidy(tx, int(tidied))
                except Exception as exc:  # the thread must outlive any one failure; the notice stays queued
                    log("identity.notices.failed", error=type(exc).__name__)
                self._stop.wait(every)

        thread = threading.Thread(target=loop, name="notices", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the background thread."""
        self._stop.set()
