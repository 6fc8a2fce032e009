"""What the services of the slice share: ports, outside services, and the translation of their errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, ErrorKind, conflict, not_found, unavailable
from api.kernel.events import Bus, EventDraft, EventRecorder, EventRef, Json
from api.signing_round import repository, rules
from api.signing_round.model import Signatory
from api.signing_round.ports import ConcludeCalls, Employers, Sessions
from api.signing_round.service.vault import Vault
from api.signing_round.tables import RoundRow
from signing.blobs import BlobStore
from signing.ca_client import CaClient
from signing.eip712 import Domain
from signing.errors import IntegrityError, Locked, ServiceUnavailable, SigningError
from signing.identity_service.client import IdentityServiceClient, IdentityServiceError
from signing.pades import Anchors, Box, Expected, ExpectedSigner
from signing.rendering import Renderer
from signing.timestamps import TimestampClient

_IDENTITY_KINDS = {
    422: ErrorKind.INVALID,
    403: ErrorKind.FORBIDDEN,
    423: ErrorKind.FORBIDDEN,
    404: ErrorKind.CONFLICT,
    409: ErrorKind.CONFLICT,
    503: ErrorKind.UNAVAILABLE,
}


@dataclass
class Wiring:
    """Everything the slice's services work with; one per process."""

    uow: UnitOfWork
    clock: Clock
    recorder: EventRecorder
    bus: Bus
    renderer: Renderer
    identity: IdentityServiceClient
    ca: CaClient
    timestamps: TimestampClient
    blobs: BlobStore
    vault: Vault
    sessions: Sessions
    employers: Employers
    registry: ConcludeCalls
    anchors: Anchors
    domain: Domain
    rp_id: str
    test: bool
    page_release: Callable[[], tuple[str, EventRef | None]] = lambda: ("", None)
    """Digest of the signing page in force, and the event that released it (None where pages are not released)."""
    _probed_at: datetime | None = None
    _probe: threading.Lock = field(default_factory=threading.Lock)

    def record(
        self, session: Session, row: RoundRow, kind: str, actor: str, role: str, payload: dict[str, Json]
    ) -> EventRef:
        """Append an evidence event to the round's stream."""
        draft = EventDraft(row.stream, f"{row.event_prefix}.{kind}/1", actor, role, payload)
        return self.recorder.record(session, draft)

    def probe(self) -> None:
        """Make sure that a time-stamping authority behaves before anything is begun; raises unavailable.

        A good answer counts for a minute.
        """
        now = self.clock.now()
        with self._probe:
            if self._probed_at is not None and now - self._probed_at < rules.PROBE:
                return
            with translated():
                self.timestamps.probe()
            self._probed_at = now

    def probe_failed(self) -> None:
        """A token could not be had: the next signatory asks again at once."""
        self._probed_at = None

    def expected(self, row: RoundRow, signers: int, *, stamped: bool) -> Expected:
        """What the file must be after `signers` signatures."""
        order = (Signatory.WORKER, Signatory.EMPLOYER)[:signers]
        return Expected(
            base_sha256=bytes.fromhex(row.base_sha256),
            base_length=row.base_length,
            signers=tuple(ExpectedSigner(item.field, box_of(row, item)) for item in order),
            document_timestamp=stamped,
        )


def box_of(row: RoundRow, signatory: Signatory) -> Box:
    """The signatory's reserved box."""
    page, x1, y1, x2, y2 = row.boxes[signatory.field]
    return Box(int(page), x1, y1, x2, y2)


def required_round(session: Session, round_id: str) -> RoundRow:
    """The round, or not_found."""
    row = repository.round_by_id(session, round_id)
    if row is None:
        raise not_found("signing.round_unknown")
    return row


@contextmanager
def translated() -> Iterator[None]:
    """Errors of `signing` and of the identity service as domain errors of the same code."""
    try:
        yield
    except SigningError as error:
        raise DomainError(_kind(error), error.code, **error.facts) from error
    except IdentityServiceError as error:
        raise identity_refusal(error) from error


def identity_refusal(error: IdentityServiceError) -> DomainError:
    """The platform's error for a refusal of the identity service."""
    if error.status == 429:
        return conflict("signing.wait", seconds=int(error.facts.get("retry_after", 60)))
    if error.status not in _IDENTITY_KINDS:
        return unavailable("identity.service_unavailable")
    return DomainError(_IDENTITY_KINDS[error.status], error.code, **error.facts)


def _kind(error: SigningError) -> ErrorKind:
    if isinstance(error, ServiceUnavailable):
        return ErrorKind.UNAVAILABLE
    if isinstance(error, IntegrityError):
        return ErrorKind.INTEGRITY
    if isinstance(error, Locked):
        return ErrorKind.CONFLICT
    return ErrorKind.INVALID


def hex_of(value: Any) -> str:
    """Plain 64 hex characters of a typed-data digest (`0x…`)."""
    return str(value).removeprefix("0x")
