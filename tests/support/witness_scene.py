"""A log's checkpoints and three witnesses of it in the database: one up, one down, one that contradicts the log."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from api.anchoring.model import WitnessIdentity
from api.anchoring.repository import alarms, cosignatures, tree, witnesses
from api.anchoring.rules import SEVERITY_INTEGRITY
from api.infra.db import Database, UnitOfWork
from chain.cosignature import Pair

ORIGIN = "log.concord.example/test"
NAMES = ("court.example/witness", "union.example/witness", "notary.example/witness")
IDENTITIES = [
    WitnessIdentity(name, f"{number:08x}", hashlib.sha256(name.encode()).hexdigest())
    for number, name in enumerate(NAMES, 1)
]
UP, DOWN, CONFLICTING = NAMES


def checkpoint(uow: UnitOfWork, size: int, made: datetime, *cosigners: str) -> None:
    """A stamped checkpoint, cosigned by these."""
    with uow() as session:
        tree.add_checkpoint(session, size, bytes([size % 256]) * 32, b"note", made)
        tree.set_token(session, size, b"token", "TEST TSA", made)
        for name in cosigners:
            pair = Pair(name, int(made.timestamp()), f"line {name}\n", None)
            cosignatures.keep(session, size, pair, 2, made)


def fill_witnesses(database: Database, now: datetime) -> None:
    """At 120 entries all three cosigned; at 130 one does, one has been away for ten minutes, one shows another history."""
    uow = UnitOfWork(database)
    before = now - timedelta(minutes=10)
    checkpoint(uow, 120, before, *NAMES)
    checkpoint(uow, 130, now - timedelta(minutes=5), UP)
    with uow() as session:
        for moment in (before, now - timedelta(minutes=1)):
            detail = "ConnectError: [Errno 111] Connection refused"
            witnesses.keep_trouble(session, DOWN, "unreachable", detail, moment)
        facts = {"witness": CONFLICTING, "size": 130, "reason": "its root at size 120 is not ours"}
        alarms.raise_alarm(session, witnesses.CONFLICT, SEVERITY_INTEGRITY, facts, now)
