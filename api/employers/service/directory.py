"""What other slices ask: organisations, who may act for them at a moment, wallets, seals, signed statements.

Every method reads in the given session, or in a reading transaction of its own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers.model import (
    FULL_SCOPE,
    AgentAuthority,
    Organisation,
    OrgState,
    PictureState,
    Scope,
    Seal,
    StatementType,
    Wallet,
    WalletState,
)
from api.employers.service.wallets import view
from api.employers.service.wiring import Wiring
from api.employers.tables import OrganisationRow, StatementRow, WalletRow
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import EventRef

_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")


class Directory:
    """Reading side of the slice."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def organisation(self, org_id: str, *, session: Session | None = None) -> Organisation:
        """An organisation by id; not_found else."""
        with self._reading(session) as own:
            return _organisation(self._row(own, org_id))

    def authority(
        self,
        org_id: str,
        account_id: str,
        need: int,
        *,
        wallet: str | None = None,
        at: datetime | None = None,
        session: Session | None = None,
    ) -> AgentAuthority:
        """The authority by which the account may do `need` (scope bits) for the organisation.

        With `wallet` it must be the account's wallet in use. With `at` grants are judged at that moment. Raises forbidden,
        with a code that says why.
        """
        with self._reading(session) as own:
            org = rows.organisation(own, org_id)
            member = rows.member(own, account_id)
            if org is None or member is None or member.org_id != org_id or not member.active:
                raise forbidden("employers.not_authorised")
            if org.state != OrgState.VERIFIED:
                raise forbidden("employers.not_verified", state=org.state)
            if member.kind == "representative":
                if org.representative_account != account_id:
                    raise forbidden("employers.not_authorised")
                held = self._held(own, account_id, org.representative_wallet, wallet)
                return AgentAuthority(org_id, account_id, "representative", int(FULL_SCOPE), held, None)
            grant = rows.open_grant(own, org_id, account_id, at)
            if grant is None or Scope(grant.scope) & need != need:
                raise forbidden("employers.not_authorised")
            if grant.valid_until <= (at or self._w.clock.now()):
                raise forbidden("employers.authority_expired")
            held = self._held(own, account_id, grant.wallet, wallet)
            return AgentAuthority(org_id, account_id, "agent", grant.scope, held, grant.valid_until)

    def names(self, org_ids: Iterable[str], *, session: Session | None = None) -> dict[str, str]:
        """Names by organisation id, for those who are entitled to see them."""
        with self._reading(session) as own:
            return rows.names(own, org_ids)

    def find_by_name_or_uscc(self, text: str, *, session: Session | None = None) -> list[str]:
        """Ids of organisations whose name holds `text` or whose code is it."""
        with self._reading(session) as own:
            return [row.org_id for row in rows.organisations(own, None, text.strip())] if text.strip() else []

    def wallet(self, address: str, *, session: Session | None = None) -> Wallet:
        """A wallet by address; not_found else."""
        with self._reading(session) as own:
            row = rows.wallet(own, address)
            if row is None:
                raise not_found()
            return view(row)

    def wallets_of(self, account_id: str, *, session: Session | None = None) -> list[Wallet]:
        """Wallets of an account, newest first."""
        with self._reading(session) as own:
            return [view(row) for row in rows.wallets(own, account_id=account_id)]

    def seal(self, org_id: str, *, session: Session | None = None) -> Seal:
        """The seal in use; conflict when none was made and named on chain."""
        with self._reading(session) as own:
            row = rows.newest_seal(own, org_id, named=True)
            if row is None:
                raise conflict("employers.no_seal")
            picture = rows.picture(own, org_id)
            approved = picture is not None and picture.state == PictureState.APPROVED
            return Seal(
                org_id=org_id,
                mode=row.mode,
                certificate=row.certificate,
                chain=tuple(base64.b64decode(item) for item in row.chain),
                spki=row.spki,
                encrypted_key=row.encrypted_key,
                picture=picture.data if approved and picture is not None else None,
            )

    def registration_event(self, org_id: str, *, session: Session | None = None) -> EventRef:
        """Where the organisation's E01 stands; conflict while it is not verified."""
        with self._reading(session) as own:
            row = self._row(own, org_id)
            if row.e01_stream is None or row.e01_seq is None or row.e01_digest is None or row.e01_utc is None:
                raise conflict("employers.not_verified", state=row.state)
            return EventRef(row.e01_stream, row.e01_seq, row.e01_digest, row.e01_utc)

    def authority_statements(
        self, org_id: str, wallet: str, at: datetime, *, session: Session | None = None
    ) -> list[dict[str, Any]]:
        """Signed statements behind a wallet's authority at a moment, in the order of their nonces.

        Registration, replacements of the representative, seal keys, and the wallet's grants and revocations.
        """
        with self._reading(session) as own:
            found = []
            for row in rows.signed_statements(own, org_id, at):
                kind = StatementType(row.type)
                about_agent = kind in (StatementType.GRANT_AGENT, StatementType.REVOKE_AGENT)
                if not about_agent or row.message["agent"] == wallet:
                    found.append(_exported(row))
            return found

    def signing_accounts(self, org_id: str, *, session: Session | None = None) -> list[str]:
        """Accounts that may sign for the organisation now."""
        with self._reading(session) as own:
            now = self._w.clock.now()
            found = []
            for member in rows.members(own, org_id):
                grant = rows.open_grant(own, org_id, member.account_id)
                may = grant is not None and grant.scope & Scope.SIGN and grant.valid_until > now
                if member.active and (member.kind == "representative" or may):
                    found.append(member.account_id)
            return found

    def _held(self, session: Session, account_id: str, granted: str | None, asked: str | None) -> str | None:
        """The granted wallet, which must be in use, the account's, and the one asked for."""
        row: WalletRow | None = rows.wallet(session, granted) if granted else None
        if row is None or row.account_id != account_id or (asked is not None and asked != row.address):
            raise forbidden("employers.wallet_not_yours")
        if row.state != WalletState.ACTIVE:
            raise forbidden("employers.wallet_not_active")
        return row.address

    def _row(self, session: Session, org_id: str) -> OrganisationRow:
        row = rows.organisation(session, org_id)
        if row is None:
            raise not_found()
        return row

    @contextmanager
    def _reading(self, session: Session | None) -> Iterator[Session]:
        if session is not None:
            yield session
        else:
            with self._w.uow.read() as own:
                yield own


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(
        org_id=row.org_id,
        name=row.name,
        uscc=row.uscc,
        kind=row.kind,
        region_code=row.region_code,
        domicile=row.domicile,
        legal_representative=row.legal_representative,
        contact_phone=row.contact_phone,
        state=row.state,
        demo=row.demo,
    )


def _exported(row: StatementRow) -> dict[str, Any]:
    """A statement in the form of evidence packages: snake case, 32 bytes as 64 hex digits."""
    message = {}
    for name, value in row.message.items():
        plain = value.removeprefix("0x") if isinstance(value, str) and len(value) == 66 else value
        message[_CAMEL.sub("_", name).lower()] = plain
    signature = base64.b64encode(row.signature or b"").decode("ascii")
    return {"type": row.type, "message": message, "signature": signature}
