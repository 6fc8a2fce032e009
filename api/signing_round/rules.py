"""Rules of a round: who is next, when a lock ends, which states allow what. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from api.kernel.errors import conflict
from api.signing_round.model import CloseReason, RoundState, Signatory

LOCK: Final = timedelta(minutes=10)
"""How long one signatory's preparation holds the document's revision."""
LEVEL_LEAST: Final = 2
"""Assurance level that a worker's signature needs (DESIGN §3)."""
SCOPE_SIGN: Final = 4
PROBE: Final = timedelta(seconds=60)
"""How long a good answer of a time-stamping authority counts as proof that signing can be finished."""
ABANDONED: Final = timedelta(seconds=20)
"""A signed attempt that nobody touched for this long was left behind by a process that died."""
OPENING: Final = timedelta(minutes=10)
"""Reading on within this time is the same opening of a sealed text, not a new one."""

_NEXT: Final = {Signatory.WORKER: RoundState.OPEN, Signatory.EMPLOYER: RoundState.WORKER_SIGNED}
_CLOSABLE: Final = {
    CloseReason.REJECTED: {RoundState.OPEN},
    CloseReason.CHANGE_REQUESTED: {RoundState.OPEN},
    CloseReason.RECALLED: {RoundState.OPEN},
    CloseReason.EXPIRED: {RoundState.OPEN, RoundState.WORKER_SIGNED},
    CloseReason.WITHDRAWN: {RoundState.WORKER_SIGNED},
    CloseReason.DECLINED: {RoundState.WORKER_SIGNED},
}


def check_turn(state: RoundState, signatory: Signatory) -> None:
    """Raise conflict unless it is this signatory's turn: worker first, then employer, each once."""
    if state is RoundState.CLOSED:
        raise conflict("signing.closed")
    if state is _NEXT[signatory]:
        return
    if signatory is Signatory.EMPLOYER and state is RoundState.OPEN:
        raise conflict("signing.worker_first")
    raise conflict("signing.already_signed")


def check_deadline(deadline: datetime, expiry: datetime, now: datetime) -> None:
    """Raise conflict when the time to sign is over."""
    if now > min(deadline, expiry):
        raise conflict("signing.expired")


def closable_states(reason: CloseReason) -> frozenset[RoundState]:
    """States in which a round may end for this reason. A round that nobody signed yet can't be withdrawn by a worker,
    one that both signed can't end at all."""
    return frozenset(_CLOSABLE[reason])


def next_state(signatory: Signatory) -> RoundState:
    """The state after this signatory's signature."""
    return RoundState.WORKER_SIGNED if signatory is Signatory.WORKER else RoundState.EMPLOYER_SIGNED
