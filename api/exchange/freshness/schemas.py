"""JSON shapes of the freshness board."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from api.exchange.freshness.model import Board, Kind, Standing, State


class StandingOut(BaseModel):
    """How a dataset stands."""

    dataset: str
    zh: str
    en: str
    owner_zh: str
    owner_en: str
    kind: Kind
    interval_days: int
    grace_days: int
    covered_end: date | None = Field(description="last day of the newest covered data period")
    next_due: date | None
    promised_until: date | None
    state: State
    since: date | None = Field(description="first stale day")
    days_stale: int
    points: list[str] = Field(description="control points that are unknown because of it")

    @classmethod
    def of(cls, row: Standing) -> StandingOut:
        """As JSON."""
        own = {name: value for name, value in vars(row).items() if name not in {"promise", "as_of"}}
        return cls(**vars(row.promise), **own)


class BoardOut(BaseModel):
    """All datasets, worst first."""

    as_of: date
    rows: list[StandingOut]
    unknown: list[str] = Field(description="all control points that are unknown for want of fresh data")
    total: int
    next: str

    @classmethod
    def of(cls, board: Board, after: int, limit: int) -> BoardOut:
        """A page of the board."""
        shown = board.rows[after : after + limit]
        more = after + limit < len(board.rows)
        return cls(
            as_of=board.as_of,
            rows=[StandingOut.of(row) for row in shown],
            unknown=list(board.unknown),
            total=len(board.rows),
            next=str(after + limit) if more else "",
        )
