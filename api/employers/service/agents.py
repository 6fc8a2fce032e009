"""Agents 经办人: accounts that the representative opens; what they may do is said by grants alone."""

from __future__ import annotations

from dataclasses import dataclass

from api.employers import repository as rows
from api.employers import rules
from api.employers.model import NewAccount
from api.employers.service.wiring import Wiring, own_as_representative, own_membership, require_verified
from api.employers.tables import GrantRow, MemberRow, OrganisationRow, WalletRow
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.errors import not_found


@dataclass(frozen=True)
class AgentCard:
    """An agent with his wallet and authority as they stand."""

    member: MemberRow
    wallet: WalletRow | None
    grant: GrantRow | None
    expired: bool


class Agents:
    """Opening and closing agents' accounts."""

    def __init__(self, wiring: Wiring) -> None:
        self._w = wiring

    def invite(
        self, principal: Principal, *, name: str, phone: str, id_number: str, login: str
    ) -> NewAccount:
        """Open an agent's account; its credentials are shown once."""
        shown = rules.check_text(name, "name", 60)
        account_login = rules.check_text(login, "login", 60)
        with self._w.uow.read() as session:
            org = own_as_representative(session, principal)
            require_verified(org)
        account = self._w.accounts.create(
            login=account_login,
            display_name=shown,
            phone=rules.check_phone(phone),
            id_number=rules.check_resident_id(id_number),
            org_id=org.org_id,
            role="agent",
        )
        try:
            with self._w.uow() as session:
                session.add(
                    MemberRow(
                        account_id=account.account_id,
                        org_id=org.org_id,
                        kind="agent",
                        display_name=shown,
                        login=account_login,
                        active=True,
                        created_at=self._w.clock.now(),
                    )
                )
                audit.record(session, principal, "employers.agent.invited", "account", account.account_id)
        except Exception:
            self._w.accounts.disable(account.account_id)
            raise
        return account

    def close(self, principal: Principal, account_id: str) -> None:
        """Close an agent's login at once. His grant on chain ends by the representative's revocation."""
        with self._w.uow() as session:
            org = own_as_representative(session, principal)
            member = rows.member(session, account_id)
            if member is None or member.org_id != org.org_id or member.kind != "agent":
                raise not_found()
            member.active = False
            audit.record(session, principal, "employers.agent.closed", "account", account_id)
        self._w.accounts.disable(account_id)

    def listed(self, principal: Principal) -> list[AgentCard]:
        """The organisation's agents, for its representative."""
        with self._w.uow.read() as session:
            org = own_as_representative(session, principal)
            now = self._w.clock.now()
            cards = []
            for member in rows.members(session, org.org_id):
                if member.kind != "agent":
                    continue
                grant = rows.open_grant(session, org.org_id, member.account_id)
                wallet = rows.active_wallet(session, member.account_id)
                expired = grant is not None and grant.valid_until <= now
                cards.append(AgentCard(member, wallet, grant, expired))
            return cards

    def own(self, principal: Principal) -> tuple[MemberRow, OrganisationRow, GrantRow | None]:
        """The principal's own membership, organisation and grant."""
        with self._w.uow.read() as session:
            member, org = own_membership(session, principal)
            return member, org, rows.open_grant(session, org.org_id, member.account_id)

    def own_authority(self, principal: Principal) -> tuple[MemberRow, OrganisationRow, GrantRow | None, bool]:
        """The same, and whether the grant has expired."""
        member, org, grant = self.own(principal)
        return member, org, grant, grant is not None and grant.valid_until <= self._w.clock.now()
