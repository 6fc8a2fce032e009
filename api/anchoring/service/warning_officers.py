"""Who decides about risk warnings: officers' wallets, appointed and dismissed by a registrar's statement.

An appointment counts here at once, and on chain before anything that rests on it; a dismissal counts here at once, and goes on
chain after what the officer signed before it (as for agents of employers, ADR 0002). A wallet belongs to an account: only its
holder hands in what it signed. Every change is audited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.anchoring.model import Holder, OfficerState
from api.anchoring.ports import Staff
from api.anchoring.repository import calls as call_rows
from api.anchoring.repository import warnings as repository
from api.anchoring.tables import WarningOfficerRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, invalid
from api.kernel.ids import new_id
from chain import warning_calls
from chain.calls import Call, Contracts
from chain.warning_calls import Signed
from signing import eip712, wallets
from signing.errors import InputRefused, SignatureRefused
from signing.warning_statements import AppointOfficer, DismissOfficer


class WarningOfficers:
    """Officers' wallets. One wallet is one person: the registrar answers for that."""

    def __init__(
        self,
        contracts: Callable[[], Contracts],
        domain: Callable[[], eip712.Domain],
        is_registrar: Callable[[str], bool],
        clock: Clock,
        staff: Staff,
    ) -> None:
        self._contracts = contracts
        self._domain = domain
        self._is_registrar = is_registrar
        self._clock = clock
        self._staff = staff

    def holders(self) -> Sequence[Holder]:
        """Logins that may hold an officer's wallet."""
        return self._staff.deciders()

    def wallet_of(self, session: Session, who: Principal) -> str | None:
        """The wallet with which somebody decides now."""
        return repository.wallet_of(session, who.account_id) if who.account_id else None

    def listed(self, session: Session) -> list[OfficerState]:
        """Every wallet that decides or decided."""
        return repository.officers(session)

    def decides(self, session: Session, who: Principal, digest: bytes, signature: bytes) -> str:
        """The officer's wallet that signed the 32-byte digest; `who` hands it in and must be its holder.

        Raises DomainError: `anchoring.warning_signature` (invalid), `anchoring.not_an_officer`, `anchoring.not_your_wallet`,
        `anchoring.wallet_without_holder` (forbidden).
        """
        wallet = _recovered(digest, signature)
        row = repository.officer(session, wallet)
        if row is None or row.dismissed_at is not None:
            raise forbidden("anchoring.not_an_officer", wallet=wallet)
        if row.account is None:
            raise forbidden("anchoring.wallet_without_holder", wallet=wallet)
        if row.account != who.account_id:
            raise forbidden("anchoring.not_your_wallet", wallet=wallet)
        return wallet

    def typed_data(self, wallet: str, *, dismissal: bool = False) -> dict[str, Any]:
        """A registrar's appointment or dismissal of an officer, as his wallet shows it (eth_signTypedData_v4)."""
        spelled = _spelled(wallet)
        statement = DismissOfficer(spelled) if dismissal else AppointOfficer(spelled)
        return eip712.typed_data(self._domain(), statement)

    def appoint(
        self, session: Session, who: Principal, wallet: str, account: str, signature: bytes
    ) -> OfficerState:
        """A wallet becomes an officer's on a registrar's statement, and `account` its holder; audited.

        Raises DomainError: `anchoring.not_a_registrar` (forbidden), `anchoring.officer_known` (conflict: a wallet is
        appointed once, and a dismissed one never again), `anchoring.officer_has_wallet` (conflict: one person, one wallet),
        `anchoring.holder_unknown`, `anchoring.warning_signature` (invalid).
        """
        officer = _spelled(wallet)
        registrar = self._registrar(AppointOfficer(officer), signature)
        if repository.officer(session, officer) is not None:
            raise conflict("anchoring.officer_known", wallet=officer)
        self._require_free(session, account)
        made = warning_calls.appoint_officer(self._contracts(), officer, Signed(registrar, signature))
        call_id = queue(session, self._clock, "appointOfficer", made, org=_subject(officer))
        now = self._clock.now()
        row = WarningOfficerRow(
            wallet=officer, registrar=registrar, appointed_at=now, appointment=call_id, account=account
        )
        session.add(row)
        session.flush()
        audit.record(
            session,
            who,
            "anchoring.officer_appointed",
            "wallet",
            officer,
            account=account,
            registrar=registrar,
        )
        return OfficerState(officer, registrar, now, None, "pending", account)

    def assign(self, session: Session, who: Principal, wallet: str, account: str) -> None:
        """Name the holder of a wallet that an older release appointed; once, and audited. Raises as `appoint` does."""
        officer = _spelled(wallet)
        row = repository.officer(session, officer)
        if row is None or row.dismissed_at is not None:
            raise forbidden("anchoring.not_an_officer", wallet=officer)
        if row.account is not None:
            raise conflict("anchoring.officer_known", wallet=officer)
        self._require_free(session, account)
        row.account = account
        session.flush()
        audit.record(session, who, "anchoring.officer_assigned", "wallet", officer, account=account)

    def dismiss(self, session: Session, who: Principal, wallet: str, signature: bytes) -> None:
        """An officer decides nothing any more; audited.

        Raises DomainError: `anchoring.not_a_registrar`, `anchoring.not_an_officer` (forbidden), `anchoring.officer_has_work`
        (conflict: a step that he signed still waits for another statement), `anchoring.warning_signature` (invalid).
        """
        officer = _spelled(wallet)
        registrar = self._registrar(DismissOfficer(officer), signature)
        row = repository.officer(session, officer)
        if row is None or row.dismissed_at is not None:
            raise forbidden("anchoring.not_an_officer", wallet=officer)
        if repository.unsent_of(session, officer):
            raise conflict("anchoring.officer_has_work", wallet=officer)
        made = warning_calls.dismiss_officer(self._contracts(), officer, Signed(registrar, signature))
        after = repository.unsettled_of(session, officer)
        queue(session, self._clock, "dismissOfficer", made, org=_subject(officer), after=after)
        row.dismissed_at = self._clock.now()
        session.flush()
        audit.record(
            session, who, "anchoring.officer_dismissed", "wallet", officer, account=row.account or "",
            registrar=registrar,
        )  # fmt: skip

    def _require_free(self, session: Session, account: str) -> None:
        if account not in {holder.account for holder in self._staff.deciders()}:
            raise invalid("anchoring.holder_unknown", pointer="/account")
        if repository.wallet_of(session, account) is not None:
            raise conflict("anchoring.officer_has_wallet")

    def _registrar(self, statement: eip712.Statement, signature: bytes) -> str:
        signer = _recovered(eip712.digest(self._domain(), statement), signature)
        if not self._is_registrar(signer):
            raise forbidden("anchoring.not_a_registrar", wallet=signer)
        return signer


def queue(
    session: Session,
    clock: Clock,
    method: str,
    made: Call,
    *,
    org: str,
    step: tuple[str, int] | None = None,
    after: Sequence[str] = (),
) -> str:
    """Queue a call; `org` stands where other calls name an organisation, `step` is (warning's id on chain, sequence)."""
    call_id = new_id()
    call_rows.add(
        session,
        call_id=call_id,
        method=method,
        role=step is None,
        org=org,
        contract=None if step is None else step[0],
        version=None if step is None else step[1],
        target=made.to,
        data=made.data,
        gas=made.gas,
        held=False,
        now=clock.now(),
        after=after,
    )
    return call_id


def _spelled(wallet: str) -> str:
    try:
        return eip712.checksum_address(wallet)
    except InputRefused as exc:
        raise invalid("anchoring.warning_malformed", field="wallet") from exc


def _subject(wallet: str) -> str:
    return hashlib.sha256(b"concord warning officer\0" + bytes.fromhex(wallet[2:])).hexdigest()


def _recovered(digest: bytes, signature: bytes) -> str:
    try:
        return wallets.recover(digest, signature)
    except (InputRefused, SignatureRefused) as exc:
        raise invalid("anchoring.warning_signature") from exc
