"""Desk checks (assurance L3): an officer has seen person, document and phone, and signs for it with his wallet.

The signature is what counts, not who sent the request: an officer's address is configured at this service.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signing.eip712 import Statement, checksum_address, digest, typed_data
from signing.errors import SigningError
from signing.identity_service.checks import Desk
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.persons import Claim
from signing.wallets import recover

CLOCK_SKEW = 600


@dataclass(frozen=True)
class DeskCheck(Statement):
    """An officer's statement: the holder of this document stood before me and holds this number."""

    LAYOUT = (
        ("personRef", "bytes32"),
        ("nameHash", "bytes32"),
        ("phoneHash", "bytes32"),
        ("time", "uint64"),
        ("nonce", "bytes32"),
    )
    person_ref: bytes
    name_hash: bytes
    phone_hash: bytes
    time: int
    nonce: bytes


class DeskChecks:
    """Build the message, verify the signature, keep the record."""

    def __init__(self, desk: Desk, officers: tuple[str, ...]) -> None:
        self._d = desk
        self.officers = frozenset(checksum_address(address) for address in officers)

    def message(self, claim: Claim) -> dict[str, Any]:
        """Typed data for the officer's wallet, with a fresh nonce and the present time."""
        statement = self._statement(claim, int(self._d.clock()), secrets.token_bytes(32))
        return typed_data(self._d.issuer.domain, statement)

    def record(self, claim: Claim, time: int, nonce: bytes, signature: bytes) -> dict[str, Any]:
        """Keep a desk check; raises identity.officer_unknown for a signature that is not a configured officer's.

        Lifts locks and objections that stand against the person: standing at the desk is the way out.
        """
        d, now = self._d, int(self._d.clock())
        if abs(now - time) > CLOCK_SKEW:
            raise IdentityRefused("identity.input_invalid", field="time")
        statement = self._statement(claim, time, nonce)
        value = digest(d.issuer.domain, statement)
        try:
            officer = recover(value, signature)
        except SigningError as exc:
            raise IdentityRefused("identity.officer_unknown") from exc
        if officer not in self.officers:
            raise IdentityRefused("identity.officer_unknown")
        person, phone_hash = d.names.person(claim), d.names.phone(claim.phone)
        with d.store.transaction() as tx:
            known: Mapping[str, Any] | None = tx.one(
                "SELECT * FROM desk_check WHERE statement=?", value.hex()
            )
            if known is None:
                known = {
                    "id": secrets.token_hex(16),
                    "valid_until": now + d.limits.desk_check_seconds,
                    "person_ref": person,
                }
                tx.insert(
                    "desk_check",
                    id=known["id"],
                    person_ref=person,
                    name_hash=d.names.name(claim),
                    phone_hash=phone_hash,
                    officer=officer,
                    statement=value.hex(),
                    signature=signature,
                    at=now,
                    valid_until=known["valid_until"],
                )
                d.locks.clear(tx, d.names.lock("person", person))
                d.locks.clear(tx, d.names.lock("login", person + phone_hash))
                tx.execute(
                    "UPDATE phone_change SET state='lifted' WHERE person_ref=? AND new_hash=? AND state='objected'",
                    person,
                    phone_hash,
                )
                d.audit(tx, "desk.recorded", known["id"], officer=officer)
            return {
                "desk_check_id": known["id"],
                "person_ref": person,
                "officer": officer,
                "valid_until": known["valid_until"],
            }

    def unlock_contract(self, contract_id: str) -> None:
        """Forget failures on one contract's identity screen, on the word of the review desk (audited there)."""
        with self._d.store.transaction() as tx:
            self._d.locks.clear(tx, self._d.names.lock("contract", contract_id))
            self._d.audit(tx, "desk.unlocked", contract_id)

    def _statement(self, claim: Claim, time: int, nonce: bytes) -> DeskCheck:
        names = self._d.names
        return DeskCheck(
            bytes.fromhex(names.person(claim)),
            bytes.fromhex(names.name(claim)),
            bytes.fromhex(names.phone(claim.phone)),
            time,
            nonce,
        )
