"""How each witness stands: what it has cosigned, what it lacks, and why its last answer was no cosignature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from api.anchoring.model import AlarmView, WitnessIdentity, WitnessState, WitnessTrouble
from api.anchoring.repository import alarms, cosignatures
from api.anchoring.rules import witness_state
from api.anchoring.tables import CheckpointRow, CosignatureRow, WitnessTroubleRow

CONFLICT = "witness.conflict"
"""Code of the integrity alarm that a contradicting witness raises."""


def states(
    session: Session, witnesses: Sequence[WitnessIdentity], origin: str, now: datetime
) -> list[WitnessState]:
    """Every witness of the settings, in their order."""
    conflicts = {str(a.facts.get("witness")): a for a in alarms.open_alarms(session) if a.code == CONFLICT}
    newest = cosignatures.newest_stamped(session)
    target = newest.size if newest is not None else 0
    return [_state(session, one, origin, target, conflicts.get(one.name), now) for one in witnesses]


def _state(
    session: Session,
    witness: WitnessIdentity,
    origin: str,
    target: int,
    conflict: AlarmView | None,
    now: datetime,
) -> WitnessState:
    row = session.execute(
        select(CosignatureRow.checkpoint_size, CosignatureRow.time, CosignatureRow.created_at)
        .where(CosignatureRow.witness == witness.name)
        .order_by(CosignatureRow.checkpoint_size.desc())
        .limit(1)
    ).one_or_none()
    size, time, received_at = row if row is not None else (0, None, None)
    waiting = _oldest_missing(session, size) if size < target else None
    trouble = _conflict(conflict) if conflict is not None else _trouble(session, witness.name)
    state = witness_state(
        conflicts=conflict is not None,
        troubled=trouble is not None,
        asked=size > 0,
        waiting_since=waiting,
        now=now,
    )
    return WitnessState(
        name=witness.name,
        key_id=witness.key_id,
        fingerprint=witness.fingerprint,
        origin=origin,
        size=size,
        time=time,
        received_at=received_at,
        behind=max(target - size, 0),
        waiting_since=waiting,
        state=state,
        trouble=trouble,
    )


def _conflict(alarm: AlarmView) -> WitnessTrouble:
    detail = str(alarm.facts.get("reason", ""))
    return WitnessTrouble("conflicts", detail, alarm.raised_at, alarm.last_at, alarm.times)


def _trouble(session: Session, witness: str) -> WitnessTrouble | None:
    row = session.get(WitnessTroubleRow, witness)
    return None if row is None else WitnessTrouble(row.code, row.detail, row.since, row.last_at, row.times)


def _oldest_missing(session: Session, size: int) -> datetime | None:
    """When the first checkpoint above `size` that witnesses are asked about was made."""
    return session.execute(
        select(func.min(CheckpointRow.created_at)).where(
            CheckpointRow.size > size, CheckpointRow.token.is_not(None)
        )
    ).scalar()


def keep_trouble(session: Session, witness: str, code: str, detail: str, now: datetime) -> None:
    """A witness did not cosign; the first time of this trouble stays on record until it does."""
    row = session.get(WitnessTroubleRow, witness)
    if row is None:
        session.add(
            WitnessTroubleRow(
                witness=witness, code=code, detail=detail[:400], since=now, last_at=now, times=1
            )
        )
        return
    row.code, row.detail, row.last_at, row.times = code, detail[:400], now, row.times + 1


def clear_trouble(session: Session, witness: str) -> None:
    """It has cosigned."""
    session.execute(delete(WitnessTroubleRow).where(WitnessTroubleRow.witness == witness))
