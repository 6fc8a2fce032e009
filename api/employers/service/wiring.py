"""What every service of the slice is given, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.employers import repository as rows
from api.employers.model import OrgState
from api.employers.ports import Accounts, Keystores, RegistryCalls, SealAuthority, Statements
from api.employers.tables import MemberRow, OrganisationRow
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import Bus, EventRecorder


@dataclass(frozen=True)
class Wiring:
    """Ports and infrastructure. `lookup` is a keyed hash; `origin` the public origin shown in wallet challenges."""

    uow: UnitOfWork
    clock: Clock
    bus: Bus
    recorder: EventRecorder
    registry: RegistryCalls
    accounts: Accounts
    statements: Statements
    keystores: Keystores
    seals: SealAuthority
    lookup: Callable[[str, str], str]
    origin: str
    test: bool


def stream_of(org_id: str) -> str:
    """Event stream of an organisation."""
    return f"employer/{org_id}"


def own_membership(
    session: Session, principal: Principal, *, lock: bool = False
) -> tuple[MemberRow, OrganisationRow]:
    """The principal's active membership and organisation; forbidden for anybody who belongs to none."""
    member = rows.member(session, principal.account_id or "")
    if member is None or not member.active:
        # An employer's own system acts as the account that the credential names.
        raise forbidden("employers.no_organisation")
    org = rows.organisation(session, member.org_id, lock=lock)
    if org is None:
        raise not_found()
    return member, org


def own_as_representative(session: Session, principal: Principal, *, lock: bool = False) -> OrganisationRow:
    """The organisation whose representative the principal is; forbidden for agents and strangers."""
    member, org = own_membership(session, principal, lock=lock)
    if member.kind != "representative" or org.representative_account != member.account_id:
        raise forbidden("employers.representative_only")
    return org


def require_verified(org: OrganisationRow) -> None:
    """Refuse everything that only a verified organisation may do."""
    if org.state != OrgState.VERIFIED:
        raise conflict("employers.not_verified", state=org.state)
