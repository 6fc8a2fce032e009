"""JSON shapes of the slice's API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.parameters.model import CalendarDay, Certainty, Figure


class FigureOut(BaseModel):
    """One dated row."""

    row_id: str
    key: str
    place: str
    value: Any
    valid_from: date
    valid_to: date | None
    known_from: datetime
    withdrawn_at: datetime | None
    source: str
    source_en: str = Field(description="the source in English; empty for rows that were entered")
    certainty: Certainty
    delivered: bool = Field(
        description="comes with the software; an entered row of the same key and place wins"
    )

    @classmethod
    def of(cls, figure: Figure) -> FigureOut:
        """The row as JSON."""
        return cls.model_validate(figure, from_attributes=True)


class FigureIn(BaseModel):
    """A row to enter."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=60)
    place: str = Field(pattern=r"^\d{6}(\d{3})?$")
    value: str | int | dict[str, Any] | None
    valid_from: date
    valid_to: date | None = None
    source: str = Field(min_length=1, max_length=300)
    certainty: Certainty = Certainty.FOUND


class DayIn(BaseModel):
    """A day of the operator's calendar."""

    model_config = ConfigDict(extra="forbid")

    day: date
    kind: str = Field(pattern="^(holiday|workday)$")
    name: str = Field("", max_length=60)
    source: str = Field(min_length=1, max_length=300)


class DayOut(BaseModel):
    """A day of the operator's calendar as kept."""

    day: date
    kind: str
    name: str
    source: str

    @classmethod
    def of(cls, day: CalendarDay) -> DayOut:
        """The day as JSON."""
        return cls.model_validate(day, from_attributes=True)


class CalendarOut(BaseModel):
    """A year: whether its arrangement is known and what the operator entered."""

    year: int
    known: bool
    days: list[DayOut]
