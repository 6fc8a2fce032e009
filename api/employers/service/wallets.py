"""Wallets of representatives, agents and review officers: made here, or proven by a signed challenge; lost ones stop.

The operator recovers nothing (电子签名法 art. 13, 15): a keystore opens only with its holder's passphrase, and a lost wallet is
revoked and replaced by the representative, the representative's own through a registrar's statement.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import OrgState, Wallet, WalletKind, WalletState
from api.employers.service.wiring import Wiring, own_membership
from api.employers.tables import ChallengeRow, OrganisationRow, WalletRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

CHALLENGE_LIFE = timedelta(minutes=10)
STAFF_ROLE = "review_officer"


@dataclass(frozen=True)
class Challenge:
    """What an external wallet is to sign with personal_sign."""

    challenge_id: str
    text: str
    expires_at: datetime


def view(row: WalletRow) -> Wallet:
    """A wallet row as a value."""
    return Wallet(
        address=row.address,
        org_id=row.org_id,
        account_id=row.account_id,
        kind=row.kind,
        state=row.state,
        keystore=json.loads(row.keystore) if row.keystore else None,
    )


class Wallets:
    """Making, proving and losing wallets."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def create_keystore(self, principal: Principal, passphrase: str) -> Wallet:
        """Make a wallet whose key exists only inside a V3 document under `passphrase`; the holder may keep a copy."""
        self._require_place(principal)
        address, document = self._w.keystores.create(
            passphrase
        )  # a second of scrypt: outside of the transaction
        return self._store(principal, address, WalletKind.KEYSTORE, document)

    def import_keystore(self, principal: Principal, document: Mapping[str, Any]) -> Wallet:
        """Take a V3 document that a review officer brings along."""
        if not principal.has(STAFF_ROLE):
            raise forbidden("role_required")
        self._require_place(principal)
        return self._store(principal, self._w.keystores.check(document), WalletKind.KEYSTORE, document)

    def challenge(self, principal: Principal, address: str) -> Challenge:
        """A text that proves the wallet's holder when signed within ten minutes."""
        checked = self._w.statements.checksum(address)
        self._require_place(principal)
        now = self._w.clock.now()
        text = rules.wallet_challenge(self._w.origin, checked, secrets.token_hex(16), now)
        with self._w.uow() as session:
            if rows.wallet(session, checked) is not None:
                raise conflict("employers.wallet_known")
            row = ChallengeRow(
                challenge_id=new_id(),
                account_id=principal.account_id or "",
                address=checked,
                text=text,
                expires_at=now + CHALLENGE_LIFE,
                used=False,
            )
            session.add(row)
            return Challenge(row.challenge_id, text, row.expires_at)

    def prove_external(self, principal: Principal, challenge_id: str, signature: bytes) -> Wallet:
        """Accept an external wallet by its signature over the challenge."""
        with self._w.uow() as session:
            row = rows.challenge(session, challenge_id)
            if row is None or row.account_id != principal.account_id:
                raise not_found()
            if row.used or row.expires_at <= self._w.clock.now():
                raise conflict("employers.challenge_expired")
            signer = self._w.statements.recover(self._w.statements.text_digest(row.text), signature)
            if signer != row.address:
                raise invalid(
                    "employers.signature_other", expected=row.address, found=signer, pointer="/signature"
                )
            row.used = True
            return self._insert(session, principal, row.address, WalletKind.EXTERNAL, None)

    def report_lost(self, principal: Principal, address: str) -> Wallet:
        """Stop a wallet at once: its holder, or the representative for his agents. There is no way back."""
        with self._w.uow() as session:
            row = rows.wallet(session, address)
            if row is None:
                raise not_found()
            if row.account_id != principal.account_id:
                member, org = own_membership(session, principal)
                if row.org_id != org.org_id or member.kind != "representative":
                    raise not_found()
            if row.state == WalletState.ACTIVE:
                row.state, row.ended_at = WalletState.LOST, self._w.clock.now()
                audit.record(session, principal, "employers.wallet.reported_lost", "wallet", address)
            return view(row)

    def own(self, principal: Principal) -> list[Wallet]:
        """The principal's wallets, newest first."""
        with self._w.uow.read() as session:
            return [view(row) for row in rows.wallets(session, account_id=principal.account_id or "")]

    def _require_place(self, principal: Principal) -> None:
        with self._w.uow.read() as session:
            self._place(session, principal)
            if rows.active_wallet(session, principal.account_id or "") is not None:
                raise conflict("employers.wallet_exists")

    def _place(self, session: Session, principal: Principal) -> OrganisationRow | None:
        """The organisation that the wallet will belong to; None for staff."""
        if principal.has(STAFF_ROLE):
            return None
        _, org = own_membership(session, principal)
        if org.state in (OrgState.REJECTED, OrgState.MERGED):
            raise conflict("employers.already_decided", state=org.state)
        return org

    def _store(
        self, principal: Principal, address: str, kind: WalletKind, document: Mapping[str, Any] | None
    ) -> Wallet:
        with self._w.uow() as session:
            return self._insert(session, principal, address, kind, document)

    def _insert(
        self,
        session: Session,
        principal: Principal,
        address: str,
        kind: WalletKind,
        document: Mapping[str, Any] | None,
    ) -> Wallet:
        org = self._place(session, principal)
        if org is not None:
            org = rows.organisation(session, org.org_id, lock=True)
        account_id = principal.account_id or ""
        if rows.active_wallet(session, account_id) is not None:
            raise conflict("employers.wallet_exists")
        if rows.wallet(session, address) is not None:
            raise conflict("employers.wallet_known")
        row = WalletRow(
            address=address,
            org_id=org.org_id if org else None,
            account_id=account_id,
            kind=kind,
            state=WalletState.ACTIVE,
            keystore=json.dumps(document) if document is not None else None,
            created_at=self._w.clock.now(),
        )
        session.add(row)
        if org is not None and org.representative_account == account_id and org.state != OrgState.VERIFIED:
            org.representative_wallet = (
                address  # a verified organisation's changes by a registrar's statement only
            )
        audit.record(session, principal, "employers.wallet.added", "wallet", address, kind=str(kind))
        return view(row)
