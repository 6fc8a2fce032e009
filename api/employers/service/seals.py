"""An organisation's seal: a P-256 certificate issued on the reviewed organisation, and its registered picture.

The key is external (the organisation brings a PKCS#10 request) or PKCS#8 under a passphrase that only the organisation knows.
"""

from __future__ import annotations

import base64
import hashlib

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import PictureState, SealCertificate, SealMode
from api.employers.service.wiring import Wiring, own_as_representative, own_membership, require_verified
from api.employers.tables import PictureRow, SealRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import invalid, not_found
from api.kernel.ids import new_id


class Seals:
    """Making seals and their pictures."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def create(
        self, principal: Principal, *, passphrase: str | None = None, request: bytes | None = None
    ) -> SealRow:
        """Have a seal certificate issued; the seal is in use once the representative named its key on chain.

        Either a passphrase (the key is made and kept here under it) or a request by an external key.
        """
        if (passphrase is None) == (request is None):
            raise invalid("employers.seal_choice", pointer="/passphrase")
        with self._w.uow.read() as session:
            org = own_as_representative(session, principal)
            require_verified(org)
        encrypted: bytes | None = None
        if passphrase is not None:
            key = self._w.seals.new_key(passphrase, org.name, org.uscc)
            encrypted, request = key.encrypted_key, key.request
        assert request is not None  # noqa: S101  (one of the two was given)
        self._w.seals.check_request(request)
        # The CA is an outside service: no transaction is open while it is asked.
        issued = self._w.seals.certify(request, name=org.name, uscc=org.uscc, org_id=org.org_id)
        return self._store(principal, encrypted, issued)

    def _store(self, principal: Principal, encrypted: bytes | None, issued: SealCertificate) -> SealRow:
        now = self._w.clock.now()
        with self._w.uow() as session:
            org = own_as_representative(session, principal, lock=True)
            require_verified(org)
            waiting = rows.newest_seal(session, org.org_id, named=False)
            if waiting is not None:
                waiting.ended_at = now
            row = SealRow(
                seal_id=new_id(),
                org_id=org.org_id,
                mode=SealMode.EXTERNAL if encrypted is None else SealMode.PLATFORM,
                spki=issued.spki,
                spki_sha256=hashlib.sha256(issued.spki).hexdigest(),
                encrypted_key=encrypted,
                certificate=issued.certificate,
                chain=[base64.b64encode(item).decode("ascii") for item in issued.chain],
                created_at=now,
            )
            session.add(row)
            audit.record(
                session, principal, "employers.seal.issued", "organisation", org.org_id, mode=row.mode
            )
            return row

    def current(self, principal: Principal) -> tuple[SealRow | None, SealRow | None, PictureRow | None]:
        """The seal in use, a newer one that waits to be named on chain, and the picture."""
        with self._w.uow.read() as session:
            _, org = own_membership(session, principal)
            return (
                rows.newest_seal(session, org.org_id, named=True),
                rows.newest_seal(session, org.org_id, named=False),
                rows.picture(session, org.org_id),
            )

    def upload_picture(self, principal: Principal, data: bytes) -> PictureRow:
        """Hand in the registered seal's picture; documents show it once the desk has compared it."""
        kept = rules.check_seal_picture(data)
        with self._w.uow() as session:
            org = own_as_representative(session, principal, lock=True)
            row = rows.picture(session, org.org_id)
            if row is None:
                row = PictureRow(org_id=org.org_id)
                session.add(row)
            row.data, row.state, row.uploaded_at = kept, PictureState.PENDING, self._w.clock.now()
            row.decided_at = row.decided_by = None
            audit.record(session, principal, "employers.seal_picture.uploaded", "organisation", org.org_id)
            return row

    def own_picture(self, principal: Principal) -> bytes:
        """The organisation's own picture."""
        with self._w.uow.read() as session:
            _, org = own_membership(session, principal)
            row = rows.picture(session, org.org_id)
            if row is None:
                raise not_found()
            return row.data
