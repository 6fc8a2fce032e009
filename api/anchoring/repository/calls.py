"""Registry calls: queue with dependencies, states, views."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from api.anchoring.model import SETTLED, CallState
from api.anchoring.rules import must_wait
from api.anchoring.tables import CallDependencyRow, CallRow, FlightRow


def add(
    session: Session,
    *,
    call_id: str,
    method: str,
    role: bool,
    org: str,
    contract: str | None,
    version: int | None,
    target: str,
    data: bytes,
    gas: int,
    held: bool,
    now: datetime,
) -> None:
    """Queue a call behind every earlier one that the rule makes it wait for."""
    no = session.execute(
        insert(CallRow)
        .values(
            id=call_id,
            method=method,
            role=role,
            org=org,
            contract=contract,
            version=version,
            target=target,
            data=data,
            gas=gas,
            state="held" if held else "pending",
            created_at=now,
        )
        .returning(CallRow.no)
    ).scalar_one()
    same = CallRow.org == org if contract is None else or_(CallRow.org == org, CallRow.contract == contract)
    earlier = session.execute(
        select(CallRow.no, CallRow.role, CallRow.contract)
        .where(same, CallRow.no < no, CallRow.state.not_in(SETTLED))
        .order_by(CallRow.no)
    )
    waits = [row.no for row in earlier if must_wait(role, contract, row.role, row.contract)]
    if waits:
        session.execute(insert(CallDependencyRow), [{"call": no, "earlier": other} for other in waits])


def _query() -> Select[Any]:
    earlier = aliased(CallRow)
    waiting = (
        select(func.count())
        .select_from(CallDependencyRow)
        .join(earlier, earlier.no == CallDependencyRow.earlier)
        .where(CallDependencyRow.call == CallRow.no, earlier.state.not_in(SETTLED))
        .correlate(CallRow)
        .scalar_subquery()
    )
    tried = aliased(FlightRow)
    newest = (
        select(func.max(tried.nonce)).where(tried.call == CallRow.id).correlate(CallRow).scalar_subquery()
    )
    return select(
        CallRow, FlightRow.hash, FlightRow.block_number, FlightRow.proof, waiting.label("waits")
    ).outerjoin(FlightRow, FlightRow.nonce == newest)


def _state(row: Any) -> CallState:
    call: CallRow = row[0]
    return CallState(
        call.id,
        call.method,
        call.state,
        call.org,
        call.contract,
        call.version,
        call.created_at,
        row.hash.hex() if row.hash is not None else None,
        row.block_number,
        call.reason,
        row.waits,
    )


def find(session: Session, call_id: str) -> CallState | None:
    """One call."""
    row = session.execute(_query().where(CallRow.id == call_id)).one_or_none()
    return None if row is None else _state(row)


def of_contract(session: Session, contract: str, version: int | None) -> tuple[CallState, Any] | None:
    """The newest call that concludes a contract (or that version), with its receipt proof."""
    query = _query().where(CallRow.contract == contract).order_by(CallRow.no.desc()).limit(1)
    if version is not None:
        query = query.where(CallRow.version == version)
    row = session.execute(query).one_or_none()
    return None if row is None else (_state(row), row.proof)


def listed(session: Session, states: Sequence[str], limit: int = 200) -> list[CallState]:
    """Calls in one of `states`, oldest first."""
    rows = session.execute(_query().where(CallRow.state.in_(states)).order_by(CallRow.no).limit(limit))
    return [_state(row) for row in rows]


def of_organisation(session: Session, org: str) -> list[CallState]:
    """All calls of an organisation, oldest first."""
    return [_state(row) for row in session.execute(_query().where(CallRow.org == org).order_by(CallRow.no))]


def move(
    session: Session, call_id: str, states: Sequence[str], state: str, reason: str | None = None
) -> bool:
    """Compare and swap a call's state; whether it was in one of `states`."""
    result = session.execute(
        update(CallRow)
        .where(CallRow.id == call_id, CallRow.state.in_(states))
        .values(state=state, reason=reason)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]
