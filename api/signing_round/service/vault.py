"""Recipient keys: custodial, wrapped by the operator's key, unwrapped for one opening at a time (DESIGN §3 Privacy).

This protects stolen disks and dumps. It does not protect against the operator, who holds the wrapping key.
"""

from __future__ import annotations

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from sqlalchemy.exc import IntegrityError as RowExists
from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import integrity
from api.signing_round import repository
from api.signing_round.tables import RecipientRow
from signing.envelopes import new_recipient

REGULATOR = "regulator"


def worker_recipient(contract_id: str) -> str:
    """A worker has a fresh recipient key for each contract: keys link nothing."""
    return f"worker/{contract_id}"


def employer_recipient(org_id: str) -> str:
    """The organisation's recipient key."""
    return f"employer/{org_id}"


class Vault:
    """Makes, wraps and unwraps recipient keys. `regulator` is the regulator's own public key, where it has one."""

    def __init__(self, uow: UnitOfWork, clock: Clock, operator_key: bytes, regulator: bytes | None) -> None:
        self._uow = uow
        self._clock = clock
        self._box = SealedBox(PrivateKey(operator_key))
        self._regulator = regulator

    def standing(self, org_id: str, *others: str) -> dict[str, bytes]:
        """Public keys of employer and regulator, made on first use; of the others those that exist."""
        names = (employer_recipient(org_id), REGULATOR)
        with self._uow.read() as session:
            known = repository.public_keys(session, (*names, *others))
        return known | {name: self._ensure(name) for name in names if name not in known}

    def wrap(self, private: bytes) -> bytes:
        """The private key under the operator's key."""
        return bytes(self._box.encrypt(private))

    def row(self, name: str, public: bytes, private: bytes | None) -> RecipientRow:
        """A row for a recipient's keys."""
        wrapped = None if private is None else self.wrap(private)
        return RecipientRow(name=name, public_key=public, wrapped_key=wrapped, created_at=self._clock.now())

    def unwrap(self, session: Session, name: str) -> bytes:
        """The private key of a custodial recipient; integrity when it is gone or does not open."""
        row = repository.recipient(session, name)
        if row is None or row.wrapped_key is None:
            raise integrity("signing.recipient_missing", recipient=name.split("/")[0])
        try:
            return bytes(self._box.decrypt(row.wrapped_key))
        except CryptoError as error:
            raise integrity("signing.recipient_missing", recipient=name.split("/")[0]) from error

    def _ensure(self, name: str) -> bytes:
        with self._uow.read() as session:
            row = repository.recipient(session, name)
        if row is not None:
            return row.public_key
        public, private = new_recipient()
        held: bytes | None = private
        if name == REGULATOR and self._regulator is not None:
            public, held = self._regulator, None
        try:
            with self._uow() as session:
                session.add(self.row(name, public, held))
        except RowExists:
            with self._uow.read() as session:
                other = repository.recipient(session, name)
            if other is None:
                raise
            return other.public_key
        return public
