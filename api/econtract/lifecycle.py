"""The states of a contract and who may move it where (指引 arts. 6, 7, 9; 劳动合同法 art. 35).

DRAFT → CHECKED → SENT → WORKER_SIGNED → EMPLOYER_SIGNED → EFFECTIVE. A text that was refused, withdrawn or has run
out can be taken up again as a new draft; the next text has a higher version and a new digest.
"""

from __future__ import annotations

from api.econtract.model import State

EDITABLE = frozenset({State.DRAFT, State.CHECKED})
PENDING = frozenset({State.SENT, State.WORKER_SIGNED, State.EMPLOYER_SIGNED})
IN_FORCE = frozenset({State.EFFECTIVE})
CLOSED = frozenset(
    {
        State.REJECTED,
        State.CHANGE_REQUESTED,
        State.RECALLED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.EMPLOYER_DECLINED,
    }
)
REOPENABLE = CLOSED

_MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.CHECKED, State.SENT}),
    State.CHECKED: frozenset({State.DRAFT, State.SENT}),
    State.SENT: frozenset(
        {
            State.REJECTED,
            State.CHANGE_REQUESTED,
            State.RECALLED,
            State.EXPIRED,
            State.WORKER_SIGNED,
            State.DISPUTED,
        }
    ),
    State.WORKER_SIGNED: frozenset(
        {State.WITHDRAWN, State.EMPLOYER_DECLINED, State.EXPIRED, State.EMPLOYER_SIGNED, State.DISPUTED}
    ),
    State.EMPLOYER_SIGNED: frozenset({State.EFFECTIVE, State.DISPUTED}),
    State.EFFECTIVE: frozenset({State.DISPUTED}),
    State.DISPUTED: frozenset(),
    State.ERASED: frozenset(),
    **{state: frozenset({State.DRAFT}) for state in REOPENABLE},
}

CLOSE_EVENTS: dict[State, tuple[str, str]] = {
    State.REJECTED: ("econtract.rejected/1", "rejected"),
    State.CHANGE_REQUESTED: ("econtract.change_requested/1", "change_requested"),
    State.RECALLED: ("econtract.withdrawn/1", "recalled"),
    State.WITHDRAWN: ("econtract.withdrawn/1", "withdrawn"),
    State.EXPIRED: ("econtract.expired/1", "expired"),
    State.EMPLOYER_DECLINED: ("econtract.declined/1", "declined"),
}
"""State a round ends in → (event type, reason given to the signing round)."""


def may_move(current: State, wanted: State) -> bool:
    """Whether the order of business allows the step."""
    return wanted in _MOVES[current]
