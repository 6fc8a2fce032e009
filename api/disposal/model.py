"""What the slice speaks about: colours, stages, steps, outcomes, units, and cases as they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any


class Colour(IntEnum):
    """Grades I–IV of 突发事件应对法 art. 42, as numbers that compare: a higher one is worse."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


class Stage(StrEnum):
    """How far a case is: issued → signed → verified → acting → review → closed."""

    ISSUED = "issued"
    SIGNED = "signed"
    VERIFIED = "verified"
    ACTING = "acting"
    REVIEW = "review"
    CLOSED = "closed"


class Action(StrEnum):
    """Everything that can be done to a case; each one is an event."""

    SIGN_IN = "sign_in"
    VERIFY = "verify"
    ACT = "act"
    FEEDBACK = "feedback"
    PROPOSE = "propose_closure"
    APPROVE = "approve_closure"
    REJECT = "reject_closure"
    REOPEN = "reopen"
    OFFER = "offer_transfer"
    ACCEPT = "accept_transfer"
    REFUSE = "refuse_transfer"
    RAISE = "raise"


class Step(StrEnum):
    """What has a deadline."""

    SIGN_IN = "sign_in"
    VERIFY = "verify"
    ACT = "act"
    FEEDBACK = "feedback"
    CLOSE = "close"
    TRANSFER = "transfer"


class Outcome(StrEnum):
    """What came out: 属实, 部分属实, 查无此户, 重复, 移送, 不属实, 数据错误, 已化解."""

    CONFIRMED = "confirmed"
    PARTLY = "partly"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    REFERRED = "referred"
    FALSE_ALARM = "false_alarm"
    DATA_ERROR = "data_error"
    RESOLVED = "resolved"


class Measure(StrEnum):
    """What an overdue step leads to: 催办, 督办, red card."""

    URGE = "urge"
    SUPERVISE = "supervise"
    RED_CARD = "red_card"


class UnitKind(StrEnum):
    """Who can own a case or be a party of a task."""

    STREET = "street"
    HR = "hr"
    DEPARTMENT = "department"
    UNION = "union"
    FEDERATION = "federation"
    GOVERNMENT = "government"


class Capacity(StrEnum):
    """In which capacity an account acts for a unit; `lead` reviews closures, `command` sees all red cases."""

    OFFICER = "officer"
    LEAD = "lead"
    COMMAND = "command"


class Reason(StrEnum):
    """Why an inspection was made: without it the engine would only learn officers' habits."""

    RANDOM = "random"
    COMPLAINT = "complaint"
    MODEL = "model"


@dataclass(frozen=True)
class Due:
    """A deadline and how it came about.

    `provisional`: a year in the count has no holiday notice yet, so it is computed again when the notice comes.
    counted: the working days that were counted (empty for hours); skipped: the days between them that were not.
    """

    at: datetime
    provisional: bool = False
    counted: Sequence[date] = ()
    skipped: Sequence[date] = ()


@dataclass(frozen=True)
class Unit:
    """A street (code: 9 digits), a department, a union, the employers' federation, the district government."""

    code: str
    kind: UnitKind
    name: str
    name_en: str


@dataclass(frozen=True)
class Post:
    """An account's place in a unit, from a day to a day; a deputy's post names whom he stands in for."""

    post_id: str
    account_id: str
    unit: str
    capacity: Capacity
    valid_from: date
    valid_to: date | None
    deputy_of: str | None = None


@dataclass(frozen=True)
class Reach:
    """What an account may see and do today: its units by capacity, and whether the whole district is open to it."""

    account_id: str
    capacities: Mapping[str, frozenset[Capacity]] = field(default_factory=dict)
    district: bool = False
    command: bool = False
    deputy_of: Mapping[str, str] = field(default_factory=dict)

    def holds(self, unit: str, *capacities: Capacity) -> bool:
        """Whether the account acts for `unit` in one of these capacities (any if none is named)."""
        held = self.capacities.get(unit, frozenset())
        return bool(held) if not capacities else bool(held.intersection(capacities))


@dataclass(frozen=True)
class Subject:
    """The enterprise of a case as the register knows it; towns are 9-digit codes or empty."""

    enterprise: int
    name: str
    uscc: str
    registered_town: str = ""
    operating_town: str = ""
    address: str = ""
    operating_address: str = ""


@dataclass(frozen=True)
class Contact:
    """Whom the officers reach at the enterprise; empty texts where nobody is known."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class CaseLine:
    """A case in one line, for lists of other pages. step, due_at: what waits first; over: past its deadline."""

    case_id: str
    number: str
    warning_id: str
    enterprise: int
    colour: Colour
    stage: Stage
    unit: str
    unit_name: str
    unit_name_en: str
    issued_at: datetime
    closed_at: datetime | None
    outcome: str
    step: Step | None
    due_at: datetime | None
    over: bool
    measure: str


@dataclass(frozen=True)
class CaseView:
    """A case as pages and API show it."""

    case_id: str
    number: str
    warning_id: str
    episode_id: str
    enterprise: int
    subject: Subject | None
    colour: Colour
    auto: bool
    stage: Stage
    unit: str
    registered_unit: str
    basis: str
    issued_at: datetime
    cycle: int
    finding: str
    outcome: str
    closed_at: datetime | None
    transfer_to: str
    dues: Mapping[Step, Due] = field(default_factory=dict)
    allowed: Sequence[Action] = ()


@dataclass(frozen=True)
class EventView:
    """One event of a case; `note` is for those who may read the case, never for the chain."""

    seq: int
    at: datetime
    actor: str
    unit: str
    action: str
    before: str
    after: str
    facts: Mapping[str, Any]
    note: str
    digest: str


@dataclass(frozen=True)
class Page:
    """Rows and the cursor of the next page (empty at the end)."""

    rows: Sequence[Any]
    next: str = ""


@dataclass(frozen=True)
class Line:
    """One red case on the board. step and due: what waits; over: minutes over."""

    case: CaseView
    step: Step | None
    due: datetime | None
    over: bool
    measure: str
    tasks: Sequence[Any]
    last: EventView | None
    next_measure: Measure | None = None
    next_at: datetime | None = None
    contact: Contact = Contact()

    @property
    def tasks_open(self) -> int:
        """Joint tasks that are not done."""
        return sum(task.state == "open" for task in self.tasks)

    @property
    def tasks_done(self) -> int:
        """Joint tasks that are done."""
        return sum(task.state == "done" for task in self.tasks)


@dataclass(frozen=True)
class Board:
    """The command view at a moment."""

    at: datetime
    lines: Sequence[Line]
    duty: Sequence[Any]
    cases: int
    unsigned: int
    overdue: int
    tasks_open: int
    next: str
    """Cursor of the next page; the numbers are of all pages."""
