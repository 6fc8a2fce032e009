"""Registry calls: queue with dependencies, states, views."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from api.anchoring.model import SETTLED, CallState
from api.anchoring.rules import must_wait
from api.anchoring.tables import CallDependencyRow, CallRow, FlightRow

_CALL, _WAITS = (cast(Table, row.__table__) for row in (CallRow, CallDependencyRow))

# Built once: every contract queues a call, and building a statement costs more than running it.
_ADD = insert(_CALL).returning(_CALL.c.no)
_EARLIER = (
    select(_CALL.c.no, _CALL.c.role, _CALL.c.contract)
    .where(
        or_(_CALL.c.org == bindparam("b_org"), _CALL.c.contract == bindparam("b_contract")),
        _CALL.c.no < bindparam("b_no"),
        _CALL.c.state.not_in(SETTLED),
    )
    .order_by(_CALL.c.no)
)
_NAMED = select(_CALL.c.no).where(
    _CALL.c.id.in_(bindparam("b_ids", expanding=True)), _CALL.c.state.not_in(SETTLED)
)
_ADD_WAITS = insert(_WAITS)


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
    after: Sequence[str] = (),
) -> None:
    """Queue a call behind every earlier one that the rule makes it wait for, and behind those of the ids in `after`."""
    connection = session.connection()
    no = connection.execute(
        _ADD,
        {
            "id": call_id,
            "method": method,
            "role": role,
            "org": org,
            "contract": contract,
            "version": version,
            "target": target,
            "data": data,
            "gas": gas,
            "state": "held" if held else "pending",
            "created_at": now,
        },
    ).scalar_one()
    asked = {"b_org": org, "b_contract": contract, "b_no": no}
    earlier = connection.execute(_EARLIER, asked)  # equal to no contract is nothing in SQL
    waits = {row.no for row in earlier if must_wait(role, contract, row.role, row.contract)}
    if after:
        waits.update(connection.execute(_NAMED, {"b_ids": list(after)}).scalars())
    if waits:
        connection.execute(_ADD_WAITS, [{"call": no, "earlier": other} for other in sorted(waits)])


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
        CallRow,
        FlightRow.hash,
        FlightRow.block_number,
        FlightRow.final_at,
        FlightRow.proof,
        waiting.label("waits"),
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


def of_contract(
    session: Session, contract: str, version: int | None
) -> tuple[CallState, Any, datetime | None] | None:
    """The newest call that concludes a contract (or that version), with its proof and when it became final."""
    query = _query().where(CallRow.contract == contract).order_by(CallRow.no.desc()).limit(1)
    if version is not None:
        query = query.where(CallRow.version == version)
    row = session.execute(query).one_or_none()
    return None if row is None else (_state(row), row.proof, row.final_at)


def listed(session: Session, states: Sequence[str], limit: int = 200) -> list[CallState]:
    """Calls in one of `states`, oldest first."""
    rows = session.execute(_query().where(CallRow.state.in_(states)).order_by(CallRow.no).limit(limit))
    return [_state(row) for row in rows]


def of_organisation(session: Session, org: str) -> list[CallState]:
    """All calls of an organisation, oldest first."""
    return [_state(row) for row in session.execute(_query().where(CallRow.org == org).order_by(CallRow.no))]


def settled(session: Session, call_ids: Sequence[str]) -> set[str]:
    """Those of the calls on which nothing waits any more."""
    query = select(CallRow.id).where(CallRow.id.in_(list(call_ids)), CallRow.state.in_(SETTLED))
    return set(session.execute(query).scalars())


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
