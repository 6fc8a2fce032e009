"""The review desk: officers verify organisations with their registrar wallets, reject, settle disputes, replace lost
representatives, and compare seal pictures (电子劳动合同订立指引 art. 7; 网络安全法: duties separated, every act audited)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import MaterialKind, OrgState, PictureState, Prepared, StatementType, WalletState
from api.employers.service.statements import Draft, Statements
from api.employers.service.wiring import Wiring
from api.employers.tables import MaterialRow, MemberRow, OrganisationRow, PictureRow, WalletRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found


@dataclass(frozen=True)
class Dossier:
    """All that the desk sees of one application."""

    organisation: OrganisationRow
    body_check: bool
    materials: tuple[MaterialRow, ...]
    members: tuple[MemberRow, ...]
    wallets: tuple[WalletRow, ...]
    disputed: OrganisationRow | None
    claims: tuple[OrganisationRow, ...]
    picture: PictureRow | None
    missing: tuple[str, ...]
    replacement_for: str | None


class Review:
    """Decisions of review officers."""

    def __init__(self, wiring: Wiring, statements: Statements) -> None:
        self._w = wiring
        self._statements = statements

    def listed(self, principal: Principal, state: str | None, text: str = "") -> list[OrganisationRow]:
        """Organisations for the desk."""
        _officer(principal)
        with self._w.uow.read() as session:
            return rows.organisations(session, state, text)

    def dossier(self, principal: Principal, org_id: str) -> Dossier:
        """One application with everything that decides it; the reading is audited."""
        _officer(principal)
        with self._w.uow() as session:
            org = self._known(session, org_id)
            audit.record(
                session, principal, "employers.dossier.read", "organisation", org_id, purpose="review"
            )
            wallets = rows.wallets(session, org_id=org_id)
            return Dossier(
                organisation=org,
                body_check=rules.body_check_passes(org.uscc),
                materials=tuple(rows.materials(session, org_id)),
                members=tuple(rows.members(session, org_id)),
                wallets=tuple(wallets),
                disputed=rows.organisation(session, org.disputes) if org.disputes else None,
                claims=tuple(row for row in rows.claims_of(session, org.uscc) if row.org_id != org_id),
                picture=rows.picture(session, org_id),
                missing=tuple(self._missing(session, org)),
                replacement_for=self._replacement(session, org),
            )

    def prepare_verification(
        self, principal: Principal, org_id: str, *, uscc_confirmed: bool = False, note: str = ""
    ) -> Prepared:
        """Prepare the registrar's statement that registers the organisation as reviewed.

        Raises conflict naming what is missing; a code whose check fails needs the officer's own confirmation and reason.
        """
        _officer(principal)
        with self._w.uow() as session:
            org = self._known(session, org_id, lock=True)
            if org.state != OrgState.PENDING:
                raise conflict("employers.already_decided", state=org.state)
            missing = self._missing(session, org)
            if missing:
                raise conflict("employers.incomplete", missing=", ".join(missing))
            context: dict[str, str | None] = {"uscc_confirmed_by": None}
            if not org.uscc_passed:
                if not uscc_confirmed:
                    raise conflict("employers.uscc_unconfirmed")
                context = {
                    "uscc_confirmed_by": principal.account_id,
                    "note": rules.check_text(note, "note", 500),
                }
            fields = {
                "orgId": "0x" + org.org_id,
                "regionCode": org.region_code,
                "representative": org.representative_wallet,
                "sealKeyHash": "0x" + "00" * 32,
            }
            draft = Draft(StatementType.REGISTER_ORGANISATION, fields, context)
            return self._statements.prepare(
                session, principal, org, draft, self._registrar(session, principal)
            )

    def reject(self, principal: Principal, org_id: str, reason: str) -> OrganisationRow:
        """Reject an application with a reason that the applicant reads; he may correct and resubmit it."""
        _officer(principal)
        stated = rules.check_text(reason, "reason", 500)
        with self._w.uow() as session:
            org = self._known(session, org_id, lock=True)
            if org.state not in (OrgState.PENDING, OrgState.DISPUTED):
                raise conflict("employers.already_decided", state=org.state)
            self._decide(org, principal, OrgState.REJECTED, stated)
            audit.record(session, principal, "employers.organisation.rejected", "organisation", org_id)
            return org

    def settle_dispute(self, principal: Principal, org_id: str, decision: str, note: str) -> Prepared | None:
        """Refuse a claim, or uphold it.

        Upheld against an organisation that was never verified, the claim goes on to the ordinary review and the other is
        rejected. Upheld against a verified one, the claimant takes it over: the returned statement, once signed, replaces the
        representative on chain.
        """
        _officer(principal)
        stated = rules.check_text(note, "note", 500)
        if decision not in ("refuse", "uphold"):
            raise invalid("employers.decision_form", pointer="/decision")
        with self._w.uow() as session:
            claim = self._known(session, org_id, lock=True)
            if claim.state != OrgState.DISPUTED:
                raise conflict("employers.already_decided", state=claim.state)
            other = rows.organisation(session, claim.disputes or "", lock=True)
            audit.record(
                session,
                principal,
                "employers.dispute.decided",
                "organisation",
                org_id,
                decision=decision,
                note=stated,
            )
            if decision == "refuse":
                self._decide(claim, principal, OrgState.REJECTED, stated)
                return None
            if other is None or other.state != OrgState.VERIFIED:
                if other is not None and other.state in (OrgState.PENDING, OrgState.DISPUTED):
                    self._decide(other, principal, OrgState.REJECTED, stated)
                claim.state, claim.disputes = OrgState.PENDING, None
                return None
            wallet = rows.active_wallet(session, claim.representative_account)
            missing = self._missing(session, claim)
            if wallet is None or missing:
                raise conflict("employers.incomplete", missing=", ".join(missing or ["wallet"]))
            takeover = {
                "claim": claim.org_id,
                "account_id": claim.representative_account,
                "previous_account_id": other.representative_account,
            }
            draft = self._replacement_draft(other, wallet, {"reason": stated, "takeover": takeover})
            return self._statements.prepare(
                session, principal, other, draft, self._registrar(session, principal)
            )

    def prepare_replacement(self, principal: Principal, org_id: str, reason: str) -> Prepared:
        """Prepare the registrar's statement for a representative who lost his wallet and made another one."""
        _officer(principal)
        stated = rules.check_text(reason, "reason", 200)
        with self._w.uow() as session:
            org = self._known(session, org_id, lock=True)
            if org.state != OrgState.VERIFIED:
                raise conflict("employers.not_verified", state=org.state)
            address = self._replacement(session, org)
            wallet = rows.wallet(session, address or "")
            if wallet is None:
                raise conflict("employers.no_new_wallet")
            draft = self._replacement_draft(org, wallet, {"reason": stated})
            return self._statements.prepare(
                session, principal, org, draft, self._registrar(session, principal)
            )

    def decide_picture(self, principal: Principal, org_id: str, approve: bool) -> PictureRow:
        """Accept or refuse a seal picture after comparing it with the registered seal."""
        _officer(principal)
        with self._w.uow() as session:
            picture = rows.picture(session, org_id)
            if picture is None:
                raise not_found()
            if picture.state != PictureState.PENDING:
                raise conflict("employers.already_decided", state=picture.state)
            picture.state = PictureState.APPROVED if approve else PictureState.REFUSED
            picture.decided_at, picture.decided_by = self._w.clock.now(), principal.account_id
            audit.record(
                session, principal, "employers.seal_picture.decided", "organisation", org_id, approved=approve
            )
            return picture

    def picture(self, principal: Principal, org_id: str) -> bytes:
        """The picture as uploaded."""
        _officer(principal)
        with self._w.uow.read() as session:
            picture = rows.picture(session, org_id)
            if picture is None:
                raise not_found()
            return picture.data

    def registrar_wallet(self, principal: Principal) -> tuple[WalletRow | None, bool]:
        """The officer's wallet, and whether the chain knows it as a registrar's."""
        _officer(principal)
        with self._w.uow.read() as session:
            wallet = rows.active_wallet(session, principal.account_id or "")
            return wallet, wallet is not None and self._w.statements.is_registrar(wallet.address)

    def _registrar(self, session: Session, principal: Principal) -> WalletRow:
        wallet = rows.active_wallet(session, principal.account_id or "")
        if wallet is None:
            raise conflict("employers.no_registrar_wallet")
        if not self._w.statements.is_registrar(wallet.address):
            raise forbidden("employers.not_a_registrar")
        return wallet

    def _missing(self, session: Session, org: OrganisationRow) -> list[str]:
        present = {row.kind for row in rows.materials(session, org.org_id)}
        missing = [kind.value for kind in MaterialKind if kind not in present]
        wallet = rows.wallet(session, org.representative_wallet or "")
        if wallet is None or wallet.state != WalletState.ACTIVE:
            missing.append("wallet")
        return missing

    def _replacement(self, session: Session, org: OrganisationRow) -> str | None:
        """Address of the representative's new wallet when the one on record is not in use any more."""
        active = rows.active_wallet(session, org.representative_account)
        if org.state != OrgState.VERIFIED or active is None or active.address == org.representative_wallet:
            return None
        return active.address

    def _replacement_draft(
        self, org: OrganisationRow, wallet: WalletRow, context: dict[str, object]
    ) -> Draft:
        fields = {"orgId": "0x" + org.org_id, "representative": wallet.address}
        return Draft(StatementType.REPLACE_REPRESENTATIVE, fields, context)

    def _decide(self, org: OrganisationRow, principal: Principal, state: OrgState, reason: str) -> None:
        org.state, org.reason = state, reason
        org.decided_at, org.decided_by = self._w.clock.now(), principal.account_id

    def _known(self, session: Session, org_id: str, *, lock: bool = False) -> OrganisationRow:
        org = rows.organisation(session, org_id, lock=lock)
        if org is None:
            raise not_found()
        return org


def _officer(principal: Principal) -> None:
    if not principal.has("review_officer"):
        raise forbidden("role_required")
