"""Queries of the slice. Every change of a round compares and swaps: it names the state and revision it expects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from api.signing_round.model import RoundState, Signatory, Step
from api.signing_round.tables import (
    AttemptRow,
    BindingRow,
    DocumentRow,
    OpeningRow,
    RecipientRow,
    RoundRow,
)

_ROUND, _ATTEMPT = (cast(Table, row.__table__) for row in (RoundRow, AttemptRow))
_LIVE = (Step.PREPARED.value, Step.CERTIFIED.value, Step.SIGNED.value)

# Built once: these run at every step of every signature, and building a statement costs more than running it.
_SAVE = (
    update(_ATTEMPT)
    .where(
        _ATTEMPT.c.id == bindparam("b_id"),
        _ATTEMPT.c.change == bindparam("b_change"),
        _ATTEMPT.c.step.in_(_LIVE),
    )
    .values(
        work=bindparam("b_work"),
        step=bindparam("b_step"),
        change=_ATTEMPT.c.change + 1,
        touched_at=bindparam("b_now"),
    )
)
_FINISH = (
    update(_ATTEMPT)
    .where(_ATTEMPT.c.id == bindparam("b_id"))
    .values(step=Step.DONE.value, prepared=None, work=bindparam("b_work"), change=_ATTEMPT.c.change + 1)
)
_NAME_CALL = update(_ROUND).where(_ROUND.c.id == bindparam("b_id")).values(conclude_call=bindparam("b_call"))
_OWN_LIVE = select(AttemptRow).where(
    AttemptRow.round_id == bindparam("b_round"),
    AttemptRow.signatory == bindparam("b_signatory"),
    AttemptRow.actor == bindparam("b_actor"),
    AttemptRow.step.in_(_LIVE),
)
_DONE = select(AttemptRow).where(
    AttemptRow.round_id == bindparam("b_round"),
    AttemptRow.signatory == bindparam("b_signatory"),
    AttemptRow.step == Step.DONE.value,
)


_TAKE = (
    update(_ROUND)
    .where(
        _ROUND.c.id == bindparam("b_id"),
        _ROUND.c.revision == bindparam("b_revision"),
        _ROUND.c.state == bindparam("b_state"),
        or_(
            _ROUND.c.lock_attempt.is_(None),
            _ROUND.c.lock_until < bindparam("b_now"),
            _ROUND.c.lock_attempt.in_(bindparam("b_own", expanding=True)),
        ),
    )
    .values(lock_attempt=bindparam("b_attempt"), lock_until=bindparam("b_until"))
)
_DROP = (
    update(_ATTEMPT)
    .where(_ATTEMPT.c.round_id == bindparam("b_round"), _ATTEMPT.c.step.in_(_LIVE))
    .values(step=Step.DROPPED.value, prepared=None)
)


# What else an advance sets comes with its parameters.
_ADVANCE = (
    update(_ROUND)
    .where(
        _ROUND.c.id == bindparam("b_id"),
        _ROUND.c.revision == bindparam("b_revision"),
        _ROUND.c.state == bindparam("b_state"),
        _ROUND.c.current_sha256 == bindparam("b_sha256"),
    )
    .values(state=bindparam("b_to"), lock_attempt=None, lock_until=None)
)
_ADVANCE_HOLDING = _ADVANCE.where(_ROUND.c.lock_attempt == bindparam("b_attempt"))


def round_by_id(session: Session, round_id: str) -> RoundRow | None:
    """The round, or None."""
    return session.get(RoundRow, round_id)


def attempt_by_id(session: Session, attempt_id: str) -> AttemptRow | None:
    """The attempt, or None."""
    return session.get(AttemptRow, attempt_id)


def document(session: Session, round_id: str, revision: int) -> DocumentRow | None:
    """One kept revision."""
    return session.get(DocumentRow, (round_id, revision))


def public_keys(session: Session, names: Sequence[str]) -> dict[str, bytes]:
    """Public keys of those recipients that exist."""
    query = select(RecipientRow.name, RecipientRow.public_key).where(RecipientRow.name.in_(names))
    return {row.name: row.public_key for row in session.execute(query)}


def recipient(session: Session, name: str) -> RecipientRow | None:
    """A recipient's keys."""
    return session.get(RecipientRow, name)


def binding(session: Session, org_id: str, wallet: str, certificate_sha256: str) -> BindingRow | None:
    """The statement that ties wallet and certificate."""
    return session.get(BindingRow, (org_id, wallet, certificate_sha256))


def done_attempt(session: Session, round_id: str, signatory: Signatory) -> AttemptRow | None:
    """The attempt that became the signatory's signature."""
    return session.scalar(_DONE, {"b_round": round_id, "b_signatory": signatory.value})


def take_lock(
    session: Session,
    row: RoundRow,
    attempt_id: str,
    holder_attempts: Sequence[str],
    until: datetime,
    now: datetime,
) -> bool:
    """Take the lock of a round's present revision: free, run out, or held by one of the holder's own attempts."""
    wanted = {
        "b_id": row.id,
        "b_revision": row.revision,
        "b_state": row.state,
        "b_own": holder_attempts,
        "b_attempt": attempt_id,
        "b_until": until,
        "b_now": now,
    }
    return _one(session.connection().execute(_TAKE, wanted))


def own_live_attempts(session: Session, round_id: str, signatory: Signatory, actor: str) -> list[AttemptRow]:
    """Attempts of the same person that are neither finished nor dropped."""
    wanted = {"b_round": round_id, "b_signatory": signatory.value, "b_actor": actor}
    return list(session.scalars(_OWN_LIVE, wanted))


def advance(session: Session, row: RoundRow, attempt_id: str | None, to: RoundState, **values: Any) -> bool:
    """Compare and swap: from the row's state, revision and digest, holding the lock, to the next revision."""
    wanted = {
        "b_id": row.id,
        "b_revision": row.revision,
        "b_state": row.state,
        "b_sha256": row.current_sha256,
        "b_to": to.value,
        **values,
    }
    session.flush()
    if attempt_id is None:
        return _one(session.connection().execute(_ADVANCE, wanted))
    return _one(session.connection().execute(_ADVANCE_HOLDING, wanted | {"b_attempt": attempt_id}))


def close(session: Session, round_id: str, states: frozenset[RoundState], reason: str) -> bool:
    """End a round if it is still in one of the states."""
    changed = session.execute(
        update(RoundRow)
        .where(RoundRow.id == round_id, RoundRow.state.in_([state.value for state in states]))
        .values(state=RoundState.CLOSED.value, closed_reason=reason, lock_attempt=None, lock_until=None)
        .execution_options(synchronize_session="fetch")
    )
    return _one(changed)


def drop_attempts(session: Session, round_id: str) -> None:
    """Forget preparations that came to nothing; their prepared bytes go."""
    session.flush()
    session.connection().execute(_DROP, {"b_round": round_id})


def save_work(session: Session, row: AttemptRow, work: str, step: Step, now: datetime) -> bool:
    """Store an attempt's progress unless somebody else changed it since it was read."""
    values = {
        "b_id": row.id,
        "b_change": row.change,
        "b_work": work,
        "b_step": step.value,
        "b_now": now,
    }
    return _one(session.connection().execute(_SAVE, values))


def finish_attempt(session: Session, row: AttemptRow, work: str) -> None:
    """The attempt became the signature; its prepared bytes go."""
    session.connection().execute(_FINISH, {"b_id": row.id, "b_work": work})


def name_call(session: Session, round_id: str, call: str) -> None:
    """Remember the registry call that belongs to the round."""
    session.connection().execute(_NAME_CALL, {"b_id": round_id, "b_call": call})


def signed_attempts(session: Session, now: datetime, untouched: datetime, limit: int = 20) -> list[str]:
    """Attempts whose signatory gave everything, whose lock still runs and that nobody works on any more."""
    return list(
        session.scalars(
            select(AttemptRow.id)
            .where(
                AttemptRow.step == Step.SIGNED.value,
                AttemptRow.lock_until > now,
                AttemptRow.touched_at < untouched,
            )
            .order_by(AttemptRow.created_at)
            .limit(limit)
        )
    )


def waiting_rounds(session: Session, now: datetime, limit: int = 20) -> list[str]:
    """Rounds that both signed and that wait for their document timestamp."""
    return list(
        session.scalars(
            select(RoundRow.id)
            .where(
                RoundRow.state == RoundState.EMPLOYER_SIGNED.value,
                or_(RoundRow.retry_at.is_(None), RoundRow.retry_at <= now),
            )
            .order_by(RoundRow.employer_signed_at)
            .limit(limit)
        )
    )


def recent_opening(session: Session, round_id: str, actor: str, purpose: str, since: datetime) -> bool:
    """Whether the same person opened the text for the same purpose since then."""
    return (
        session.scalar(
            select(OpeningRow.id)
            .where(
                OpeningRow.round_id == round_id,
                OpeningRow.actor == actor,
                OpeningRow.purpose == purpose,
                OpeningRow.at > since,
            )
            .limit(1)
        )
        is not None
    )


def openings(session: Session, round_id: str) -> list[OpeningRow]:
    """All openings of a round's text, oldest first."""
    return list(
        session.scalars(select(OpeningRow).where(OpeningRow.round_id == round_id).order_by(OpeningRow.at))
    )


def _one(result: Any) -> bool:
    changed: CursorResult[Any] = result
    return changed.rowcount == 1
