"""What an overdue step leads to: 催办 at once, 督办 next, a red card last, and who hears of it per colour. Pure.

A measure is named by `(cycle, step, due time, measure)`: the same name is never carried out twice, so a worker that is
killed and starts again doubles no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.disposal.model import Colour, Due, Measure, Stage, Step
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import ClockRules, due
from api.kernel.clock import utc_text

OWNER, LEAD, BUREAU, HEAD, GOVERNMENT = "owner", "lead", "bureau", "head", "government"
_AUDIENCE: Mapping[Colour, Mapping[Measure, tuple[str, ...]]] = {
    Colour.RED: {
        Measure.URGE: (OWNER, LEAD, HEAD),
        Measure.SUPERVISE: (OWNER, LEAD, HEAD, BUREAU),
        Measure.RED_CARD: (OWNER, LEAD, HEAD, BUREAU, GOVERNMENT),
    },
    Colour.ORANGE: {
        Measure.URGE: (OWNER, LEAD),
        Measure.SUPERVISE: (OWNER, LEAD, BUREAU),
        Measure.RED_CARD: (OWNER, LEAD, BUREAU, HEAD),
    },
    Colour.YELLOW: {
        Measure.URGE: (OWNER,),
        Measure.SUPERVISE: (OWNER, LEAD),
        Measure.RED_CARD: (OWNER, LEAD, BUREAU),
    },
    Colour.BLUE: {
        Measure.URGE: (OWNER,),
        Measure.SUPERVISE: (OWNER, LEAD),
        Measure.RED_CARD: (OWNER, LEAD, BUREAU),
    },
}
_WAITS: Mapping[Stage, Step] = {
    Stage.ISSUED: Step.SIGN_IN,
    Stage.SIGNED: Step.VERIFY,
    Stage.VERIFIED: Step.ACT,
    Stage.ACTING: Step.FEEDBACK,
}


@dataclass(frozen=True)
class Taken:
    """A measure that is due: which step ran over, at what time this measure begins, and who hears of it."""

    step: Step
    measure: Measure
    due: datetime
    begins: datetime
    audience: Sequence[str]

    @property
    def key(self) -> str:
        """The name under which it is carried out once."""
        return f"{self.step}/{utc_text(self.due)}/{self.measure}"


def audience(colour: Colour, measure: Measure) -> tuple[str, ...]:
    """Who hears of a measure: the owner's officers and leads, the HR bureau, its head, the district government."""
    return _AUDIENCE[colour][measure]


def open_steps(stage: Stage, transfer: bool, has_dues: Iterable[Step]) -> list[Step]:
    """The steps whose clocks run in a stage: the one that waits, closure always, acceptance of a transfer."""
    if stage is Stage.CLOSED:
        return []
    waiting = [_WAITS[stage]] if stage in _WAITS else []
    found = [*waiting, *([Step.TRANSFER] if transfer else []), Step.CLOSE]
    known = set(has_dues)
    return [step for step in found if step in known]


def first_due(stage: Stage, dues: Mapping[Step, Due]) -> tuple[Step | None, datetime | None]:
    """The step whose deadline comes first among those that wait, and when; `(None, None)` once closed."""
    steps = open_steps(stage, Step.TRANSFER in dues, dues)
    found = min(steps, key=lambda step: dues[step].at, default=None)
    return found, dues[found].at if found is not None else None


def next_measure(
    colour: Colour,
    stage: Stage,
    dues: Mapping[Step, Due],
    now: datetime,
    rules: ClockRules,
    days: DayCount,
) -> tuple[Measure, datetime] | None:
    """The measure that comes next if nothing is done, and when; None when none will."""
    coming = [
        (begins, measure)
        for step in open_steps(stage, Step.TRANSFER in dues, dues)
        for measure, begins in ladder(colour, dues[step], rules, days)
        if begins > now
    ]
    found = min(coming, key=lambda one: one[0], default=None)
    return (found[1], found[0]) if found is not None else None


def ladder(colour: Colour, over: Due, rules: ClockRules, days: DayCount) -> list[tuple[Measure, datetime]]:
    """When each measure begins. Red counts minutes, the others working days after the deadline."""
    if colour is Colour.RED:
        return [
            (Measure.URGE, over.at),
            (Measure.SUPERVISE, over.at + timedelta(minutes=rules.red_supervise_minutes)),
            (Measure.RED_CARD, over.at + timedelta(minutes=rules.red_card_minutes)),
        ]
    return [
        (Measure.URGE, over.at),
        (Measure.SUPERVISE, due(over.at, rules.supervise_after, rules, days).at),
        (Measure.RED_CARD, due(over.at, rules.card_after, rules, days).at),
    ]


def measures(
    colour: Colour,
    stage: Stage,
    dues: Mapping[Step, Due],
    now: datetime,
    rules: ClockRules,
    days: DayCount,
) -> list[Taken]:
    """Every measure that has begun by `now`, in order; carrying one out twice is prevented by its key."""
    found = [
        Taken(step, measure, dues[step].at, begins, audience(colour, measure))
        for step in open_steps(stage, Step.TRANSFER in dues, dues)
        for measure, begins in ladder(colour, dues[step], rules, days)
        if begins <= now
    ]
    return sorted(found, key=lambda taken: (taken.begins, taken.step))


def next_look(
    colour: Colour,
    stage: Stage,
    dues: Mapping[Step, Due],
    issued: datetime,
    now: datetime,
    rules: ClockRules,
    days: DayCount,
) -> datetime | None:
    """The next moment after `now` at which something begins (measures, calls to the duty phone); None if nothing will."""
    moments = [
        begins
        for step in open_steps(stage, Step.TRANSFER in dues, dues)
        for _, begins in ladder(colour, dues[step], rules, days)
    ]
    if colour is Colour.RED and stage is Stage.ISSUED:
        moments += [issued + timedelta(minutes=m) for m in (0, *rules.red_phone_minutes)]
    return min((moment for moment in moments if moment > now), default=None)


def phone_calls(
    colour: Colour, stage: Stage, issued: datetime, now: datetime, rules: ClockRules
) -> list[int]:
    """Minutes after issue at which the duty phone had to ring for an unsigned red case by now: 0, 30, 60, 90."""
    if colour is not Colour.RED or stage is not Stage.ISSUED:
        return []
    return [m for m in (0, *rules.red_phone_minutes) if issued + timedelta(minutes=m) <= now]
