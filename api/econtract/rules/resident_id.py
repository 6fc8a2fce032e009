"""Resident identity numbers (GB 11643-1999): check character, birth date, sex; ages by the calendar.

A historic region code is no error: only format, date and check character are judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from api.econtract.model import Terms
from api.kernel.calendars import add_months, last_day_of_term

_SHAPE = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True)
class Holder:
    """What the number itself says about its holder. Sex is "male" or "female"."""

    birth: date
    sex: str


def read(number: str) -> Holder | None:
    """The holder's birth date and sex, or None when the number can't be one."""
    number = number.upper()
    if not _SHAPE.fullmatch(number):
        return None
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    if _CHECK[total % 11] != number[17]:
        return None
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return Holder(birth, "male" if int(number[16]) % 2 else "female")


def holder(terms: Terms) -> Holder | None:
    """The worker's birth date and sex: from the resident number, or as stated for other documents."""
    if terms.worker_id_kind == "resident_id":
        return read(terms.worker_id_number)
    if terms.worker_birth is None:
        return None
    return Holder(terms.worker_birth, terms.worker_sex)


def reaches(birth: date, months: int) -> date:
    """The day on which a person born on `birth` reaches the age of `months`; the month's end where no such day is."""
    same_day = add_months(birth, months)
    return same_day if same_day is not None else last_day_of_term(birth, months)
