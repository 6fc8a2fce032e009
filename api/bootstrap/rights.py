"""Wires erasure to everything that holds a contract's data: contracts, rounds, identity, messages, events, blocks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.econtract.service.retention import Ended
from api.identity.service.forgetting import forget_checks, forget_person
from api.identity.service.gateway import refusals
from api.infra import idempotency
from api.kernel.errors import integrity, unavailable
from api.kernel.events import Json
from api.rights.model import Certificate, EndedContract, Leftovers
from api.rights.service import Erasures
from api.signing_round.service.erasure import destroy as destroy_rounds
from api.signing_round.service.wiring import translated
from chain.checkpoint import SignedNote
from chain.errors import NoteInvalid
from signing import jcs
from signing.sqlite_rewrite import rewrite

if TYPE_CHECKING:
    from api.bootstrap.container import Container

HEADER = "concord-erasure/v1"
LEDGER = "erasures.jsonl"
REPLAY = "erasures.replay.jsonl"
TURN = "erasures.lock"


class EndedContracts:
    """`Contracts` over the econtract slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def ended(self, session: Any, before: date, limit: int) -> Sequence[EndedContract]:
        """Contracts whose retention is over."""
        found = self._container.econtract.retention.ended(session, before, limit)
        return [
            EndedContract(
                item.contract_id,
                f"econtract/{item.contract_id}",
                item.org_id,
                item.person_id,
                item.title,
                item.ended_on,
            )
            for item in found
        ]

    def tell(self, session: Any, contract: EndedContract, due: date) -> None:
        """Worker and employer learn the date."""
        ended = Ended(
            contract.contract_id, contract.org_id, contract.person_id, contract.title, contract.ended_on
        )
        self._container.econtract.retention.tell(session, ended, due)


class AllHoldings:
    """`Holdings` over every slice that holds something of a contract."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def destroy(self, session: Any, contract_id: str, stream: str, *, replay: bool) -> Leftovers:
        """One transaction over all slices."""
        c = self._container
        emptied = c.econtract.retention.empty(session, contract_id)
        events = c.anchoring.erasure.destroy(session, stream, replay=replay)
        rounds, cids = destroy_rounds(session, contract_id)
        identity = forget_checks(session, contract_id)
        refs: tuple[str, ...] = ()
        if emptied.freed is not None:
            forgotten = forget_person(session, emptied.freed)
            if forgotten is not None:
                identity += forgotten.rows
                events += c.anchoring.erasure.destroy(session, forgotten.stream, replay=True)
                refs = (forgotten.ref,) if forgotten.ref else ()
        messages = c.notification.forget(session, "econtract", contract_id)
        idempotency.forget(session, c.clock.now(), everything=replay)
        counts = {
            "contract": emptied.rows,
            "events": events,
            "documents": len(cids),
            "signing": rounds,
            "identity": identity,
            "messages": messages,
        }
        return Leftovers(counts, cids, refs)

    def log_range(self, session: Any, stream: str) -> Mapping[str, Json]:
        """What stays provable."""
        found: Mapping[str, Json] = self._container.anchoring.erasure.log_range(session, stream)
        return found

    def remove_blob(self, cid: str) -> None:
        """From the block store that documents lie in."""
        with translated():
            self._container.signing_round.wiring.blobs.remove(cid)

    def forget_person(self, ref: str) -> None:
        """At the identity service."""
        with refusals():
            self._container.identity.client.forget(ref)

    def settle(self) -> None:
        """SQLite's file is written anew from its live rows; PostgreSQL's are the operator's (docs/operations/erasure.md)."""
        if self._container.db.dialect != "sqlite":
            return
        with closing(self._container.db.engine.raw_connection()) as connection:
            file: Any = connection.driver_connection
            done = rewrite(file)
        if not done:
            raise unavailable("rights.disk_busy")


class LogCertifier:
    """`Certifier` with the log's key: whoever knows the trust root can check a certificate."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def certify(self, facts: Mapping[str, Json]) -> Certificate:
        """Canonical JSON and a signed note over its digest."""
        body = jcs.canonical(dict(facts))
        return Certificate(body.decode(), self._key.sign_note(self._text(body)).decode())

    def check(self, certificate: Certificate) -> Mapping[str, Any]:
        """Facts of a certificate of this log; raises integrity."""
        body = certificate.body.encode()
        try:
            note = SignedNote.parse(certificate.note.encode())
            self._key.verifier.signature_in(note)
            facts: Mapping[str, Any] = json.loads(body)
        except (NoteInvalid, ValueError) as error:
            raise integrity("rights.certificate_wrong", reason=str(error)) from error
        if note.text != self._text(body):
            raise integrity("rights.certificate_wrong", reason="another certificate's signature")
        return facts

    @property
    def _key(self) -> Any:
        return self._container.anchoring.proofs.log_key

    def _text(self, body: bytes) -> bytes:
        origin = self._container.settings.log_origin
        return f"{HEADER}\n{origin}\n{hashlib.sha256(body).hexdigest()}\n".encode()


class LedgerFile:
    """`Ledger`: one JSON object a line, appended and synced. The operator copies it off the machine."""

    def __init__(self, folder: Path) -> None:
        self._ledger = folder / LEDGER
        self._replay = folder / REPLAY
        self._turn = folder / TURN

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One process after the other; the lock of one that is killed ends with it."""
        with self._turn.open("wb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def append(self, certificate: Certificate) -> None:
        """On disk when it returns; a line that a kill cut in two is ended first."""
        if certificate in self._read(self._ledger):
            return
        line = json.dumps({"certificate": certificate.body, "note": certificate.note}, ensure_ascii=False)
        with self._ledger.open("ab") as handle:
            torn = handle.tell() > 0 and not self._ledger.read_bytes().endswith(b"\n")
            handle.write((("\n" if torn else "") + line + "\n").encode())
            handle.flush()
            os.fsync(handle.fileno())

    def to_replay(self) -> Sequence[Certificate]:
        """What `concord restore --erasures` laid down; raises integrity for a line that can't be read."""
        return self._read(self._replay, strict=True)

    def replayed(self) -> None:
        """The file has done its work; its lines stand in the ledger."""
        self._replay.unlink(missing_ok=True)

    @staticmethod
    def _read(path: Path, *, strict: bool = False) -> list[Certificate]:
        found: list[Certificate] = []
        if not path.exists():
            return found
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                found.append(Certificate(str(item["certificate"]), str(item["note"])))
            except (ValueError, KeyError, TypeError) as error:
                if strict:
                    raise integrity("rights.ledger_unreadable", line=number) from error
        return found


class _Recorder:
    """The evidence recorder, looked up when the first event comes."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def record(self, session: Any, draft: Any) -> Any:
        return self._container.recorder.record(session, draft)


def build(c: Container) -> Erasures:
    """The slice's service."""
    return Erasures(
        c.uow,
        c.clock,
        _Recorder(c),
        EndedContracts(c),
        AllHoldings(c),
        LogCertifier(c),
        LedgerFile(c.settings.data_dir),
        c.settings.log_origin,
    )


def start(c: Container) -> None:
    """Before anything is served: repeat what a restore has laid down."""
    if (c.settings.data_dir / REPLAY).exists():
        c.rights.replay()
