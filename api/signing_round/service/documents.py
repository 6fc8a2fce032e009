"""Sealed documents: encryption to the entitled parties, openings that are recorded, page images for old browsers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from sqlalchemy.orm import Session

from api.kernel.errors import forbidden, not_found
from api.kernel.events import EventDraft
from api.kernel.ids import new_id
from api.signing_round import repository, rules
from api.signing_round.model import Opener, Opening, SealedFile
from api.signing_round.service.pages import draw_page
from api.signing_round.service.vault import REGULATOR, employer_recipient, worker_recipient
from api.signing_round.service.wiring import Wiring, required_round, translated
from api.signing_round.tables import DocumentRow, OpeningRow, RoundRow
from signing.blobs import PROFILE
from signing.envelopes import open_sealed, seal

BASE = 0
_FOREIGN_ROLES = frozenset({"regulator", "court"})


class Documents:
    """Seals, keeps, opens."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def seal(
        self, plaintext: bytes, stream: str, version: int, recipients: Mapping[str, bytes]
    ) -> SealedFile:
        """Encrypt with a fresh key for the recipients and put the ciphertext into the block store."""
        with translated():
            sealed = seal(plaintext, stream=stream, version=version, recipients=recipients)
            cid = self._w.blobs.put(sealed.ciphertext)
        digest = hashlib.sha256(plaintext).hexdigest()
        return SealedFile(cid, digest, len(plaintext), sealed.envelopes)

    def seal_revision(self, session_row: RoundRow, plaintext: bytes) -> SealedFile:
        """Seal a signed revision for the same parties as the base."""
        with self._w.uow.read() as session:
            names = [
                worker_recipient(session_row.contract_id),
                employer_recipient(session_row.org_id),
                REGULATOR,
            ]
            recipients = repository.public_keys(session, names)
        return self.seal(plaintext, session_row.stream, session_row.version, recipients)

    def keep(self, session: Session, round_id: str, revision: int, file: SealedFile) -> None:
        """Store where a sealed revision lies."""
        session.add(
            DocumentRow(
                round_id=round_id,
                revision=revision,
                cid=file.cid,
                cid_profile=PROFILE.label(),
                sha256=file.sha256,
                length=file.length,
                envelopes={
                    name: base64.b64encode(envelope).decode() for name, envelope in file.envelopes.items()
                },
            )
        )

    def plain(self, session: Session, row: RoundRow, revision: int) -> bytes:
        """A revision's bytes for the process's own work (preparing, validating)."""
        found = repository.document(session, row.id, revision)
        if found is None:
            raise not_found("signing.document_missing")
        return self._open(session, row, found, worker_recipient(row.contract_id))

    def latest(self, session: Session, row: RoundRow) -> bytes:
        """The last whole revision's bytes for the process's own work."""
        return self.plain(session, row, row.revision)

    def open(self, round_id: str, opener: Opener, *, base: bool = False) -> bytes:
        """Open the text for a person: the base, or the last whole revision. The opening is recorded.

        Who may open is decided by the caller; here it is decided with which key: his own side's.
        """
        with self._w.uow() as session:
            row = required_round(session, round_id)
            found = repository.document(session, round_id, BASE if base else row.revision)
            if found is None:
                raise not_found("signing.document_missing")
            self._record(session, row, found, opener)
            return self._open(session, row, found, _recipient_of(row, opener.role))

    def openings(self, round_id: str) -> list[Opening]:
        """Who opened the text, as the worker may see it."""
        with self._w.uow.read() as session:
            return [
                Opening(item.at, item.actor, item.role, item.purpose)
                for item in repository.openings(session, round_id)
            ]

    def page_image(
        self, round_id: str, number: int, opener: Opener, *, base: bool = False, width: int = 1080
    ) -> bytes:
        """One page (from 1) as PNG for browsers that draw no PDF; not_found beyond the last."""
        return draw_page(self.open(round_id, opener, base=base), number, width)

    def _record(self, session: Session, row: RoundRow, found: DocumentRow, opener: Opener) -> None:
        now = self._w.clock.now()
        if repository.recent_opening(session, row.id, opener.actor, opener.purpose, now - rules.OPENING):
            return
        session.add(
            OpeningRow(
                id=new_id(),
                round_id=row.id,
                actor=opener.actor,
                role=opener.role,
                purpose=opener.purpose,
                at=now,
            )
        )
        # What an authority reads stands in the person's own stream: the employer's copy of the contract's stream must
        # not show who looked.
        # So does what the worker opens to show one clause to somebody: his employer need not know.
        alone = opener.role in _FOREIGN_ROLES or (opener.role, opener.purpose) == ("worker", "clause")
        own = alone and row.person_id is not None
        stream = f"person/{row.person_id}" if own else row.stream
        payload = {"document_sha256": found.sha256, "purpose": opener.purpose, "contract_id": row.contract_id}
        kind = f"{row.event_prefix}.opened/1"
        self._w.recorder.record(session, EventDraft(stream, kind, opener.actor, opener.role, payload))

    def _open(self, session: Session, row: RoundRow, found: DocumentRow, recipient: str) -> bytes:
        envelope = found.envelopes.get(recipient)
        if envelope is None:
            raise forbidden("signing.not_a_recipient")
        with translated():
            return open_sealed(
                self._w.blobs.get(found.cid),
                base64.b64decode(envelope),
                self._w.vault.unwrap(session, recipient),
                stream=row.stream,
                version=row.version,
            )


def _recipient_of(row: RoundRow, role: str) -> str:
    if role == "employer":
        return employer_recipient(row.org_id)
    if role in _FOREIGN_ROLES:
        return REGULATOR
    return worker_recipient(row.contract_id)
