"""What a signed statement changes: rows, the evidence event in the organisation's stream, and the call to the registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers.model import OrganisationVerified, OrgState, StatementType, WalletState
from api.employers.service.wiring import Wiring, stream_of
from api.employers.tables import GrantRow, OrganisationRow, StatementRow
from api.infra.auth import Principal
from api.kernel.errors import conflict
from api.kernel.events import EventDraft, EventRef, Json
from api.kernel.ids import new_id


class Effects:
    """Applies signed statements; always inside the caller's transaction, with the organisation locked."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def apply(self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow) -> str:
        """Carry out `row`; returns the id of the queued registry call."""
        match StatementType(row.type):
            case StatementType.REGISTER_ORGANISATION:
                return self._register(session, principal, org, row)
            case StatementType.REPLACE_REPRESENTATIVE:
                return self._replace(session, principal, org, row)
            case StatementType.SET_SEAL_KEY:
                return self._name_seal(session, principal, org, row)
            case StatementType.GRANT_AGENT:
                return self._grant(session, principal, org, row)
            case StatementType.REVOKE_AGENT:
                return self._revoke(session, principal, org, row)

    def settle_accounts(self, row: StatementRow) -> None:
        """Bring login accounts in line with a signed takeover. Repeatable: accounts have transactions of their own."""
        taken = row.context.get("takeover")
        if row.signed_at is not None and taken:
            self._w.accounts.enable(taken["account_id"], row.org_id, "representative")
            self._w.accounts.disable(taken["previous_account_id"])

    def _register(
        self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow
    ) -> str:
        if org.state != OrgState.PENDING:
            raise conflict("employers.already_decided", state=org.state)
        if org.representative_wallet != row.message["representative"]:
            raise conflict("employers.statement_stale")
        if any(
            o.state == OrgState.VERIFIED for o in rows.claims_of(session, org.uscc) if o.org_id != org.org_id
        ):
            raise conflict("employers.uscc_taken")
        now = self._w.clock.now()
        org.state, org.decided_at, org.decided_by = OrgState.VERIFIED, now, principal.account_id
        org.uscc_confirmed_by = row.context.get("uscc_confirmed_by")
        org.reason = None
        materials: dict[str, Json] = {item.kind: item.sha256 for item in rows.materials(session, org.org_id)}
        payload: dict[str, Json] = {
            "region_code": org.region_code,
            "representative_wallet": row.message["representative"],
            "method": "desk_review",
            "uscc_check": "passed" if org.uscc_passed else "confirmed_by_desk",
            "materials_sha256": materials,
        }
        ref = self._record(session, org, "econtract.E01/1", principal, "operator", row, payload)
        org.e01_stream, org.e01_seq, org.e01_digest, org.e01_utc = ref.stream, ref.seq, ref.digest, ref.utc
        self._w.bus.publish(session, OrganisationVerified(org.org_id))
        return self._w.registry.register_organisation(
            session,
            org_id=org.org_id,
            region_code=org.region_code,
            representative=row.message["representative"],
            seal_key_hash=None,
            nonce=row.nonce,
            registrar=row.signer,
            signature=_signature(row),
        )

    def _replace(
        self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow
    ) -> str:
        now = self._w.clock.now()
        previous = rows.wallet(session, org.representative_wallet or "")
        if previous is not None and previous.state == WalletState.ACTIVE:
            previous.state, previous.ended_at = WalletState.REVOKED, now
        org.representative_wallet = row.message["representative"]
        if row.context.get("takeover"):
            self._take_over(session, org, row, now)
        payload: dict[str, Json] = {
            "representative_wallet": row.message["representative"],
            "reason": row.context["reason"],
        }
        self._record(session, org, "employers.representative_replaced/1", principal, "operator", row, payload)
        return self._w.registry.replace_representative(
            session,
            org_id=org.org_id,
            representative=row.message["representative"],
            nonce=row.nonce,
            registrar=row.signer,
            signature=_signature(row),
        )

    def _take_over(self, session: Session, org: OrganisationRow, row: StatementRow, now: datetime) -> None:
        """An upheld claim: the claimant becomes the representative, and nobody whom the other one authorised remains."""
        claim = rows.organisation(session, row.context["takeover"]["claim"], lock=True)
        claimant = rows.member(session, row.context["takeover"]["account_id"])
        if claim is None or claimant is None or claim.state != OrgState.DISPUTED:
            raise conflict("employers.statement_stale")
        for member in rows.members(session, org.org_id):
            member.active = False
        for grant in rows.grants(session, org.org_id):
            if grant.ended_at is None:
                grant.ended_at, grant.end_reason = now, "takeover"
        for held in rows.wallets(session, org_id=claim.org_id):
            held.org_id = org.org_id
        claimant.org_id = org.org_id
        org.representative_account = claimant.account_id
        org.legal_representative, org.id_kind = claim.legal_representative, claim.id_kind
        org.id_number, org.contact_phone = claim.id_number, claim.contact_phone
        org.name, org.domicile = claim.name, claim.domicile
        claim.state, claim.decided_at, claim.decided_by = OrgState.MERGED, now, row.prepared_by

    def _name_seal(
        self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow
    ) -> str:
        now = self._w.clock.now()
        for seal in rows.seals(session, org.org_id):
            if seal.seal_id == row.context["seal_id"]:
                seal.named_at = now
            else:
                seal.ended_at = now
        key_hash = str(row.message["sealKeyHash"]).removeprefix("0x")
        self._record(
            session,
            org,
            "employers.seal_key_set/1",
            principal,
            "employer",
            row,
            {"seal_key_sha256": key_hash},
        )
        return self._w.registry.set_seal_key(
            session, org_id=org.org_id, seal_key_hash=key_hash, nonce=row.nonce, signature=_signature(row)
        )

    def _grant(self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow) -> str:
        now = self._w.clock.now()
        account_id, message = row.context["account_id"], row.message
        held = rows.wallet(session, message["agent"])
        if held is None or held.state != WalletState.ACTIVE or held.account_id != account_id:
            raise conflict("employers.wallet_not_active")
        current = rows.open_grant(session, org.org_id, account_id)
        if current is not None:
            if current.wallet != message["agent"]:
                raise conflict("employers.revoke_first", wallet=current.wallet)
            current.ended_at, current.end_reason = now, "rewritten"
        end = datetime.fromtimestamp(message["validUntil"], UTC)
        session.add(
            GrantRow(
                grant_id=new_id(),
                org_id=org.org_id,
                account_id=account_id,
                wallet=message["agent"],
                scope=message["scope"],
                valid_until=end,
                statement_id=row.statement_id,
                granted_at=now,
            )
        )
        payload: dict[str, Json] = {
            "agent": account_id,
            "wallet": message["agent"],
            "scope": message["scope"],
            "valid_until": message["validUntil"],
        }
        self._record(session, org, "employers.agent_granted/1", principal, "employer", row, payload)
        return self._w.registry.grant_agent(
            session,
            org_id=org.org_id,
            agent=message["agent"],
            scope=message["scope"],
            valid_until=message["validUntil"],
            nonce=row.nonce,
            signature=_signature(row),
        )

    def _revoke(self, session: Session, principal: Principal, org: OrganisationRow, row: StatementRow) -> str:
        account_id, wallet = row.context["account_id"], row.message["agent"]
        current = rows.open_grant(session, org.org_id, account_id)
        if current is None or current.wallet != wallet:
            raise conflict("employers.no_grant")
        current.ended_at, current.end_reason = self._w.clock.now(), row.context["reason"]
        payload: dict[str, Json] = {"agent": account_id, "wallet": wallet, "reason": row.context["reason"]}
        self._record(session, org, "employers.agent_revoked/1", principal, "employer", row, payload)
        return self._w.registry.revoke_agent(
            session, org_id=org.org_id, agent=wallet, nonce=row.nonce, signature=_signature(row)
        )

    def _record(
        self,
        session: Session,
        org: OrganisationRow,
        event_type: str,
        principal: Principal,
        role: str,
        row: StatementRow,
        payload: dict[str, Json],
    ) -> EventRef:
        statement: dict[str, Json] = {
            "type": row.type,
            "digest": row.digest,
            "signer": row.signer,
            "nonce": row.nonce,
            "signature": _signature(row).hex(),
        }
        facts: dict[str, Any] = {"org_id": org.org_id, "statement": statement, **payload}
        draft = EventDraft(stream_of(org.org_id), event_type, principal.actor, role, facts)
        return self._w.recorder.record(session, draft)


def _signature(row: StatementRow) -> bytes:
    if row.signature is None:
        raise ValueError("the statement is not signed")
    return row.signature
