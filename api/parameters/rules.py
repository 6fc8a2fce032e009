"""Which row answers a question, and what an operator may enter. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from api.kernel.errors import invalid
from api.kernel.money import yuan
from api.parameters.model import KEYS, Figure, Kind

NATIONAL = "000000"
_PLACE = re.compile(r"\d{6}(\d{3})?\Z")
_MAX_STRUCTURE = 4_000


def places(place: str) -> list[str]:
    """The places whose figures hold at `place`, nearest first: street, district, province, country.

    >>> places("500107001")
    ['500107001', '500107', '500000', '000000']
    """
    if not _PLACE.match(place):
        raise invalid("parameters.place_malformed", pointer="/place")
    chain = [place, place[:6], place[:4] + "00", place[:2] + "0000", NATIONAL]
    return list(
        dict.fromkeys(chain if place[2:4] != "00" else [place, place[:6], place[:2] + "0000", NATIONAL])
    )


def choose(rows: Iterable[Figure], place: str, on: date, known_at: datetime) -> Figure | None:
    """The row that answers:

    nearest place first, entered rows before delivered ones, then the one known latest.
    """
    order = {name: rank for rank, name in enumerate(places(place))}
    fitting = [row for row in rows if row.place in order and row.in_force(on) and row.known(known_at)]
    if not fitting:
        return None
    best = min(order[row.place] for row in fitting)
    nearest = [row for row in fitting if order[row.place] == best]
    return max(nearest, key=lambda row: (not row.delivered, row.known_from, row.valid_from, row.row_id))


def _amount(value: Any) -> str:
    try:
        amount = Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        raise invalid("parameters.value_malformed", pointer="/value", expected="amount") from None
    if not amount.is_finite() or amount < 0 or amount > Decimal("100000000"):
        raise invalid("parameters.value_malformed", pointer="/value", expected="amount")
    return str(yuan(amount))


def _integer(value: Any) -> int:
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or int(text) > 100_000:
        raise invalid("parameters.value_malformed", pointer="/value", expected="integer")
    return int(text)


def checked_value(key: str, value: Any) -> Any:
    """The value in the form that is stored for `key`; None stays None. Raises DomainError invalid."""
    spec = KEYS.get(key)
    if spec is None:
        raise invalid("parameters.key_unknown", pointer="/key")
    if value is None or value == "":
        return None
    if spec.kind is Kind.AMOUNT:
        return _amount(value)
    if spec.kind is Kind.INTEGER:
        return _integer(value)
    if spec.kind is Kind.STRUCTURE:
        if not isinstance(value, dict) or len(str(value)) > _MAX_STRUCTURE:
            raise invalid("parameters.value_malformed", pointer="/value", expected="structure")
        return value
    text = str(value).strip()
    if spec.choices and text not in spec.choices:
        raise invalid("parameters.value_malformed", pointer="/value", expected=" / ".join(spec.choices))
    if len(text) > 200 or not text.isprintable():
        raise invalid("parameters.value_malformed", pointer="/value", expected="text")
    return text


def check_period(valid_from: date, valid_to: date | None) -> None:
    """Refuse a period that ends before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise invalid("parameters.period_reversed", pointer="/valid_to")


def chinese(text: str) -> bool:
    """Whether a text holds Chinese characters, so that a page in another language marks it as Chinese."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
