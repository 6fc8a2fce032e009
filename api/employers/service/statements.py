"""Statements about participants: prepared as typed data, signed by the right wallet, recorded, queued for the chain.

Nothing on chain rests on who sends a transaction, so whoever signs here decides: a registrar about organisations and lost
representatives, the representative about agents and the seal. One transaction holds the signed statement, its effect, the
evidence event and the queued registry call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import AgentRevoked, Prepared, Signed, StatementType, WalletState
from api.employers.service.effects import Effects
from api.employers.service.wiring import Wiring, own_as_representative, require_verified
from api.employers.tables import OrganisationRow, StatementRow, WalletRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id

PREPARED_LIFE = timedelta(minutes=30)


@dataclass(frozen=True)
class Draft:
    """A statement's content without nonce, in the field names and forms of its typed data."""

    type: StatementType
    fields: Mapping[str, Any]
    context: Mapping[str, Any]


class Statements:
    """Preparing and submitting statements."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring
        self._effects = Effects(wiring)

    def prepare_grant(
        self, principal: Principal, account_id: str, wallet: str, scope: int, valid_until: datetime
    ) -> Prepared:
        """Authorise an agent's wallet. An agent who changed wallets must be revoked first: on chain the old one stands."""
        with self._w.uow() as session:
            org = self._representing(session, principal)
            agent = rows.member(session, account_id)
            if agent is None or agent.org_id != org.org_id or agent.kind != "agent" or not agent.active:
                raise not_found()
            end = rules.check_expiry(valid_until, self._w.clock.now())
            held = rows.wallet(session, wallet)
            if held is None or held.account_id != account_id or held.org_id != org.org_id:
                raise not_found()
            if held.state != WalletState.ACTIVE:
                raise conflict("employers.wallet_not_active")
            current = rows.open_grant(session, org.org_id, account_id)
            if current is not None and current.wallet != wallet:
                raise conflict("employers.revoke_first", wallet=current.wallet)
            fields = {
                "orgId": "0x" + org.org_id,
                "agent": wallet,
                "scope": int(rules.check_scope(scope)),
                "validUntil": int(end.timestamp()),
            }
            draft = Draft(StatementType.GRANT_AGENT, fields, {"account_id": account_id})
            return self.prepare(session, principal, org, draft, self._representative_wallet(session, org))

    def prepare_revocation(self, principal: Principal, account_id: str, reason: str) -> Prepared:
        """Take an agent's authority back."""
        stated = rules.check_text(reason, "reason", 200)
        with self._w.uow() as session:
            org = self._representing(session, principal)
            agent = rows.member(session, account_id)
            if agent is None or agent.org_id != org.org_id:
                raise not_found()
            grant = rows.open_grant(session, org.org_id, account_id)
            if grant is None:
                raise conflict("employers.no_grant")
            fields = {"orgId": "0x" + org.org_id, "agent": grant.wallet}
            draft = Draft(StatementType.REVOKE_AGENT, fields, {"account_id": account_id, "reason": stated})
            return self.prepare(session, principal, org, draft, self._representative_wallet(session, org))

    def prepare_seal_key(self, principal: Principal) -> Prepared:
        """Name the newest seal's key on chain; from then on it is the organisation's seal."""
        with self._w.uow() as session:
            org = self._representing(session, principal)
            seal = rows.newest_seal(session, org.org_id, named=False)
            if seal is None:
                raise conflict("employers.no_new_seal")
            fields = {"orgId": "0x" + org.org_id, "sealKeyHash": "0x" + seal.spki_sha256}
            draft = Draft(StatementType.SET_SEAL_KEY, fields, {"seal_id": seal.seal_id})
            return self.prepare(session, principal, org, draft, self._representative_wallet(session, org))

    def prepare(
        self, session: Session, principal: Principal, org: OrganisationRow, draft: Draft, signer: WalletRow
    ) -> Prepared:
        """Store a statement with the next nonce of its organisation and return what is to be signed."""
        now = self._w.clock.now()
        nonce = org.last_nonce + 1
        message = {**draft.fields, "nonce": nonce}
        row = StatementRow(
            statement_id=new_id(),
            org_id=org.org_id,
            type=draft.type,
            message=message,
            context=dict(draft.context),
            digest=self._w.statements.digest(draft.type, message).hex(),
            signer=signer.address,
            nonce=nonce,
            prepared_by=principal.account_id or "",
            prepared_at=now,
            expires_at=now + PREPARED_LIFE,
        )
        session.add(row)
        return self._prepared(row, signer.kind)

    def show(self, principal: Principal, statement_id: str) -> tuple[StatementRow, Prepared]:
        """A statement with its typed data, for whoever prepared it."""
        with self._w.uow.read() as session:
            row = self._mine(session, principal, statement_id)
            wallet = rows.wallet(session, row.signer)
            return row, self._prepared(row, wallet.kind if wallet else "external")

    def listed(self, principal: Principal) -> list[StatementRow]:
        """Signed statements of the principal's organisation, newest first."""
        with self._w.uow.read() as session:
            org = own_as_representative(session, principal)
            return list(reversed(rows.signed_statements(session, org.org_id)))

    def submit(
        self,
        principal: Principal,
        statement_id: str,
        *,
        signature: bytes | None = None,
        passphrase: str | None = None,
    ) -> Signed:
        """Accept the signature over a prepared statement, or make it with the signer's keystore.

        Submitting a signed statement again returns the same answer. Raises conflict when another statement of the
        organisation was signed in the meantime (prepare again), invalid when another wallet signed.
        """
        with self._w.uow.read() as session:
            row = self._mine(session, principal, statement_id)
            wallet = rows.wallet(session, row.signer)
        if row.signed_at is None:
            given = self._signature(row, wallet, signature, passphrase)
            with self._w.uow() as session:
                row = self._accept(session, principal, statement_id, given)
        self._effects.settle_accounts(row)
        if row.signed_at is None or row.call_id is None:
            raise conflict("employers.statement_stale")
        return Signed(row.statement_id, row.org_id, row.type, row.call_id, row.signed_at)

    def _signature(
        self, row: StatementRow, wallet: WalletRow | None, signature: bytes | None, passphrase: str | None
    ) -> bytes:
        digest = bytes.fromhex(row.digest)
        if signature is None:
            if passphrase is None:
                raise invalid("employers.signature_missing", pointer="/signature")
            if wallet is None or wallet.keystore is None:
                raise conflict("employers.wallet_external")
            signature = self._w.keystores.sign(json.loads(wallet.keystore), passphrase, digest)
        found = self._w.statements.recover(digest, signature)
        if found != row.signer:
            raise invalid("employers.signature_other", expected=row.signer, found=found, pointer="/signature")
        return signature

    def _accept(
        self, session: Session, principal: Principal, statement_id: str, signature: bytes
    ) -> StatementRow:
        row = self._mine(session, principal, statement_id)
        org = rows.organisation(session, row.org_id, lock=True)
        if org is None:
            raise not_found()
        session.refresh(row)
        if row.signed_at is not None:
            return row
        now = self._w.clock.now()
        if row.expires_at <= now:
            raise conflict("employers.statement_expired")
        if row.nonce <= org.last_nonce:
            raise conflict("employers.statement_stale")
        self._require_signer(session, row, org)
        org.last_nonce = row.nonce
        row.signed_nonce, row.signature, row.signed_at = row.nonce, signature, now
        row.call_id = self._effects.apply(session, principal, org, row)
        audit.record(
            session,
            principal,
            "employers.statement.signed",
            "organisation",
            org.org_id,
            type=row.type,
            nonce=row.nonce,
            digest=row.digest,
        )
        if row.type == StatementType.REVOKE_AGENT:
            event = AgentRevoked(org.org_id, row.context["account_id"], row.message["agent"])
            self._w.bus.publish(session, event)
        return row

    def _require_signer(self, session: Session, row: StatementRow, org: OrganisationRow) -> None:
        """The signing wallet must still be in use, and still be the one that may sign this."""
        wallet = rows.wallet(session, row.signer)
        if wallet is None or wallet.state != WalletState.ACTIVE:
            raise forbidden("employers.wallet_not_active")
        if StatementType(row.type).by_registrar:
            if not self._w.statements.is_registrar(row.signer):
                raise forbidden("employers.not_a_registrar")
        elif org.representative_wallet != row.signer:
            raise forbidden("employers.wallet_replaced")

    def _mine(self, session: Session, principal: Principal, statement_id: str) -> StatementRow:
        row = rows.statement(session, statement_id)
        if row is None or row.prepared_by != principal.account_id:
            raise not_found()
        return row

    def _representing(self, session: Session, principal: Principal) -> OrganisationRow:
        org = own_as_representative(session, principal, lock=True)
        require_verified(org)
        return org

    def _representative_wallet(self, session: Session, org: OrganisationRow) -> WalletRow:
        wallet = rows.wallet(session, org.representative_wallet or "")
        if wallet is None or wallet.state != WalletState.ACTIVE:
            raise conflict("employers.representative_wallet_lost")
        return wallet

    def _prepared(self, row: StatementRow, signer_kind: str) -> Prepared:
        return Prepared(
            statement_id=row.statement_id,
            org_id=row.org_id,
            type=row.type,
            typed_data=self._w.statements.typed_data(row.type, row.message),
            digest=row.digest,
            signer=row.signer,
            signer_kind=signer_kind,
            expires_at=row.expires_at,
        )
