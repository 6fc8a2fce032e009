"""The review desk for people: desk checks (assurance L3) signed by the officer's wallet, locks lifted, reports closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.identity import repository as repo
from api.identity import rules
from api.identity.ports import OfficerWallets
from api.identity.service.gateway import refusals
from api.identity.service.people import Lookup
from api.identity.tables import DeskCaseRow, ReportRow
from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import is_hex32, new_id
from signing.eip712 import Domain, digest, from_message
from signing.errors import SigningError
from signing.identity_service.client import IdentityServiceClient
from signing.identity_service.desk import DeskCheck
from signing.wallets import sign_with_keystore


class DeskService:
    """What a review officer does for persons who stand before him."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        client: IdentityServiceClient,
        wallets: OfficerWallets,
        lookup: Lookup,
        log_origin: str,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._client = client
        self._wallets = wallets
        self._lookup = lookup
        self._log_origin = log_origin

    def prepare(
        self,
        who: Principal,
        name: str,
        id_number: str,
        phone: str,
        *,
        id_kind: str = "resident_id",
        contract_id: str | None = None,
    ) -> dict[str, Any]:
        """Build the statement that the officer's wallet is to sign; returns {case_id, typed_data, signer, signer_kind}."""
        claim = self._lookup.claim(name, id_kind, id_number, phone)
        if contract_id and not is_hex32(contract_id):
            raise invalid("identity.contract_id_form", pointer="/contract_id")
        address, keystore = self._wallet(who)
        with refusals():
            typed = self._client.desk_message(claim.name, claim.id_kind, claim.id_number, claim.phone)
        row = DeskCaseRow(
            id=new_id(),
            officer_id=str(who.account_id),
            name=claim.name,
            id_kind=claim.id_kind,
            id_number=claim.id_number,
            phone=claim.phone,
            contract_id=contract_id or None,
            typed_data=typed,
            state="prepared",
            created_at=self._clock.now(),
        )
        with self._uow() as session:
            session.add(row)
            audit.record(session, who, "identity.desk_prepared", "desk_case", row.id)
        kind = "external" if keystore is None else "keystore"
        return {"case_id": row.id, "typed_data": typed, "signer": address, "signer_kind": kind}

    def record(
        self, who: Principal, case_id: str, *, signature: bytes | None = None, passphrase: str | None = None
    ) -> datetime:
        """Sign (keystore and passphrase, or a signature from outside) and record the desk check; returns its end."""
        case = self._case(who, case_id)
        if signature is None:
            signature = self._sign(who, case.typed_data, passphrase or "")
        message = case.typed_data["message"]
        with refusals():
            recorded = self._client.record_desk_check(
                case.name,
                case.id_kind,
                case.id_number,
                case.phone,
                time=int(message["time"]),
                nonce=str(message["nonce"]).removeprefix("0x"),
                signature=signature,
            )
            if case.contract_id:
                self._client.clear_lock(case.contract_id)
        until = datetime.fromtimestamp(recorded.valid_until, UTC)
        with self._uow() as session:
            row = session.get(DeskCaseRow, case_id)
            if row is not None:
                row.state, row.recorded_at, row.valid_until = "recorded", self._clock.now(), until
            audit.record(
                session, who, "identity.desk_recorded", "desk_case", case_id, officer_wallet=recorded.officer
            )
        return until

    def cases(self, who: Principal) -> list[dict[str, Any]]:
        """The officer's desk checks, masked."""
        with self._uow.read() as session:
            return [
                {
                    "case_id": row.id,
                    "name": rules.masked_name(row.name),
                    "id_number": rules.masked_id_number(row.id_number),
                    "state": row.state,
                    "created_at": row.created_at,
                    "valid_until": row.valid_until,
                }
                for row in repo.desk_cases(session, str(who.account_id))
            ]

    def case_view(self, who: Principal, case_id: str) -> dict[str, Any]:
        """One case for its page: data in clear for the officer who typed it."""
        case = self._case(who, case_id, recorded=True)
        address, keystore = self._wallet(who)
        return {
            "case_id": case.id,
            "name": case.name,
            "id_number": case.id_number,
            "phone": case.phone,
            "state": case.state,
            "valid_until": case.valid_until,
            "typed_data": case.typed_data,
            "signer": address,
            "signer_kind": "external" if keystore is None else "keystore",
        }

    # ---------------------------------------------------------------------- reports

    def reports(self, *, state: str | None = "open") -> list[dict[str, Any]]:
        """'This was not me' reports."""
        with self._uow.read() as session:
            return [
                {
                    "report_id": row.id,
                    "contract_id": row.contract_id,
                    "known": row.person_id is not None,
                    "note": row.note,
                    "via": row.via,
                    "state": row.state,
                    "at": row.at,
                }
                for row in repo.reports(session, state=state)
            ]

    def close_report(self, who: Principal, report_id: str) -> None:
        """The desk has dealt with a report; the contract's state is settled elsewhere."""
        with self._uow() as session:
            row = session.get(ReportRow, report_id)
            if row is None:
                raise not_found()
            if row.state == "closed":
                raise conflict("identity.report_closed")
            row.state, row.closed_by, row.closed_at = "closed", str(who.account_id), self._clock.now()
            audit.record(session, who, "identity.report_closed", "report", report_id)

    # ---------------------------------------------------------------------- details

    def _wallet(self, who: Principal) -> tuple[str, Any]:
        found = self._wallets.wallet_of(str(who.account_id))
        if found is None:
            raise conflict("identity.officer_wallet_missing")
        return found

    def _case(self, who: Principal, case_id: str, *, recorded: bool = False) -> DeskCaseRow:
        with self._uow.read() as session:
            row = session.get(DeskCaseRow, case_id)
            if row is None or row.officer_id != who.account_id:
                raise not_found()
            if row.state != "prepared" and not recorded:
                raise conflict("identity.desk_case_done")
            session.expunge(row)
            return row

    def _sign(self, who: Principal, typed: dict[str, Any], passphrase: str) -> bytes:
        _, keystore = self._wallet(who)
        if keystore is None:
            raise invalid("identity.signature_needed", pointer="/signature")
        domain = typed["domain"]
        own = Domain(
            str(domain["name"]), int(domain["chainId"]), str(domain["verifyingContract"]), self._log_origin
        )
        try:
            value = digest(own, from_message(DeskCheck, typed["message"]))
            return sign_with_keystore(keystore, passphrase, value)
        except SigningError as exc:
            raise forbidden("identity.wallet_refused", reason=exc.code) from exc
