"""What a labour contract says and what a check finds: plain values without I/O.

`Terms` are the fields of one draft, parsed; absent fields are None or empty. `Figures` are the dated local and
national numbers that apply on one day at one place. `Finding` is one result of the legality check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Form(StrEnum):
    """Kinds of contract. The last three are known but not offered yet."""

    FIXED = "fixed"
    OPEN = "open"
    TASK = "task"
    PART_TIME = "part_time"
    OVER_AGE = "over_age"
    DISPATCH = "dispatch"


OFFERED = frozenset({Form.FIXED, Form.OPEN, Form.TASK})


class Severity(StrEnum):
    """BLOCK stops sending, WARN asks for attention, INFO explains."""

    BLOCK = "BLOCK"
    WARN = "WARN"
    INFO = "INFO"


class State(StrEnum):
    """States of one contract version; the order of business is in `lifecycle`."""

    DRAFT = "DRAFT"
    CHECKED = "CHECKED"
    SENT = "SENT"
    REJECTED = "REJECTED"
    CHANGE_REQUESTED = "CHANGE_REQUESTED"
    RECALLED = "RECALLED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    WORKER_SIGNED = "WORKER_SIGNED"
    EMPLOYER_DECLINED = "EMPLOYER_DECLINED"
    EMPLOYER_SIGNED = "EMPLOYER_SIGNED"
    EFFECTIVE = "EFFECTIVE"
    DISPUTED = "DISPUTED"
    ERASED = "ERASED"


@dataclass(frozen=True)
class Clause:
    """One numbered clause of a contract's text."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Terms:
    """The fields of a labour contract. Money in yuan, hours as decimals, ids as typed."""

    form: Form = Form.FIXED
    employer_name: str = ""
    employer_uscc: str = ""
    employer_address: str = ""
    employer_representative: str = ""
    worker_name: str = ""
    worker_id_kind: str = "resident_id"
    worker_id_number: str = ""
    worker_birth: date | None = None
    worker_sex: str = ""
    worker_address: str = ""
    worker_phone: str = ""
    worker_post_kind: str = ""
    start_date: date | None = None
    end_date: date | None = None
    employment_start: date | None = None
    task_description: str = ""
    task_completion: str = ""
    probation_end: date | None = None
    probation_before: bool = False
    worker_requested_fixed: bool = False
    post: str = ""
    work_content: str = ""
    place: str = ""
    place_region: str = ""
    hours_system: str = "standard"
    hours_per_day: Decimal | None = None
    hours_per_week: Decimal | None = None
    rest_days_per_week: Decimal | None = None
    overtime_per_day: Decimal | None = None
    overtime_per_month: Decimal | None = None
    permit_number: str = ""
    permit_from: date | None = None
    permit_until: date | None = None
    pay_kind: str = "monthly"
    monthly_pay: Decimal | None = None
    pay_excluded: Decimal | None = None
    guaranteed_monthly: Decimal | None = None
    hourly_pay: Decimal | None = None
    pay_cycle_days: int | None = None
    pay_day: int | None = None
    pay_method: str = ""
    pay_terms: str = ""
    probation_pay: Decimal | None = None
    lowest_grade_pay: Decimal | None = None
    seat_standard_agreed: bool = False
    social_insurance: str = ""
    protection: str = ""
    hazards: str = ""
    training_cost: Decimal | None = None
    training_subject: str = ""
    training_service_months: int | None = None
    training_damages: Decimal | None = None
    training_prorated: bool = True
    confidentiality: str = ""
    noncompete_months: int | None = None
    noncompete_role: str = ""
    noncompete_monthly: Decimal | None = None
    noncompete_scope: str = ""
    supplementary_insurance: str = ""
    benefits: str = ""
    delay_until: date | None = None
    drawing_pension: bool = False
    dispatch_post_kind: str = ""
    custom: tuple[Clause, ...] = ()


@dataclass(frozen=True)
class RetirementTrack:
    """How the statutory retirement age rises for one group: ages and delays in months."""

    base_months: int
    reference_year: int
    reference_month: int
    births_per_step: int
    cap_months: int


@dataclass(frozen=True)
class Figures:
    """Numbers that apply to one contract. None means: no figure is known, so the rule says it did not check."""

    minimum_monthly: Decimal | None = None
    minimum_hourly: Decimal | None = None
    seat_minimum_monthly: Decimal | None = None
    minimum_source: str = ""
    retirement: Mapping[str, RetirementTrack] = field(default_factory=dict)
    week_hours: Decimal = Decimal(40)
    day_hours: Decimal = Decimal(8)


@dataclass(frozen=True)
class History:
    """What is already known about this employer and this worker."""

    had_probation: bool = False
    consecutive_fixed_terms: int = 0
    employed_since: date | None = None


@dataclass(frozen=True)
class Case:
    """Everything a rule may look at. `today` is the day in China on which the check runs."""

    terms: Terms
    figures: Figures
    history: History
    today: date


@dataclass(frozen=True)
class Finding:
    """One result of the check, told to a person who is no lawyer, in Chinese and English."""

    rule: str
    severity: Severity
    law: str
    clause: str
    zh: str
    en: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
