"""The fields of a draft: their schema (labels in both languages) and how typed values become `Terms`.

A draft may be incomplete; what is there must be well-formed. Missing content is the matter of rule R01.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from api.econtract.model import Clause, Form, Terms

_SCHEMA = Path(__file__).parent / "templates_text" / "fields.json"
_PHONE = re.compile(r"1[3-9]\d{9}")
_REGION = re.compile(r"\d{6}(\d{3})?")
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
MAX_CUSTOM = 20
MAX_CUSTOM_TITLE = 60
MAX_CUSTOM_TEXT = 4000
MAX_MONEY = Decimal(10_000_000)
MAX_HOURS = Decimal(744)


@dataclass(frozen=True)
class FieldError:
    """A value that can't be read: JSON pointer inside the draft, text code, facts for the text."""

    pointer: str
    code: str
    facts: Mapping[str, str | int]


@dataclass(frozen=True)
class Field:
    """One input of the draft form."""

    name: str
    group: str
    type: str
    zh: str
    en: str
    required: bool = False
    default: str = ""
    max: int = 0
    options: tuple[tuple[str, str, str], ...] = ()
    hint_zh: str = ""
    hint_en: str = ""
    show_if: str = ""

    def shown(self, form: str, values: Mapping[str, Any]) -> bool:
        """Whether the field applies to this form and these values."""
        if not self.show_if:
            return True
        wanted_not = "!=" in self.show_if
        name, wanted = self.show_if.split("!=" if wanted_not else "=")
        actual = form if name == "form" else str(values.get(name) or _by_name()[name].default)
        return (actual != wanted) if wanted_not else (actual == wanted)


@cache
def schema() -> tuple[Field, ...]:
    """Every field in the order of the form."""
    raw = json.loads(_SCHEMA.read_text("utf-8"))
    return tuple(
        Field(**{**row, "options": tuple((value, zh, en) for value, zh, en in row.get("options", ()))})
        for row in raw["fields"]
    )


@cache
def groups() -> tuple[tuple[str, str, str], ...]:
    """(id, Chinese, English) of the form's sections."""
    return tuple(
        (row["id"], row["zh"], row["en"]) for row in json.loads(_SCHEMA.read_text("utf-8"))["groups"]
    )


@cache
def _by_name() -> Mapping[str, Field]:
    return {field.name: field for field in schema()}


def find(name: str) -> Field | None:
    """A field by its name."""
    return _by_name().get(name)


def defaults() -> dict[str, str]:
    """What a new draft starts with."""
    return {field.name: field.default for field in schema() if field.default}


class _Unreadable(Exception):
    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def parse(
    form: Form, values: Mapping[str, Any], custom: Sequence[Mapping[str, Any]]
) -> tuple[Terms, list[FieldError]]:
    """Reads a draft's values. Unreadable ones stay empty in the terms and are listed as errors."""
    errors: list[FieldError] = []
    read: dict[str, Any] = {"form": form}
    for name in values:
        if name not in _by_name():
            errors.append(FieldError(f"/fields/{name}", "econtract.field_unknown", {}))
    for field in schema():
        raw = values.get(field.name)
        if raw is None or raw == "":
            if field.type == "bool":
                read[field.name] = False
            continue
        if not field.shown(form, values):
            continue
        try:
            read[field.name] = _READERS[field.type](raw, field)
        except _Unreadable as error:
            errors.append(FieldError(f"/fields/{field.name}", error.code, error.facts))
    read["custom"] = _custom(custom, errors)
    return Terms(**read), errors


def _custom(custom: Sequence[Mapping[str, Any]], errors: list[FieldError]) -> tuple[Clause, ...]:
    if len(custom) > MAX_CUSTOM:
        errors.append(FieldError("/custom", "econtract.too_many_clauses", {"limit": MAX_CUSTOM}))
        return ()
    clauses: list[Clause] = []
    for index, item in enumerate(custom):
        try:
            title = _line(item.get("title", ""), MAX_CUSTOM_TITLE)
            text = _long(item.get("text", ""), MAX_CUSTOM_TEXT)
        except _Unreadable as error:
            errors.append(FieldError(f"/custom/{index}", error.code, error.facts))
            continue
        if title or text:
            clauses.append(Clause(f"C{index + 1}", title or f"补充约定{index + 1}", text))
    return tuple(clause for clause in clauses if clause.text)


def _text(raw: Any, limit: int, lines: bool) -> str:
    if not isinstance(raw, str):
        raise _Unreadable("econtract.field_not_text")
    text = raw.replace("\r\n", "\n").strip()
    if len(text) > limit:
        raise _Unreadable("econtract.field_too_long", limit=limit, length=len(text))
    for character in text:
        if character == "\n" and lines:
            continue
        if unicodedata.category(character) in _REFUSED:
            raise _Unreadable("econtract.field_forbidden_character", codepoint=f"U+{ord(character):04X}")
    return text


def _line(raw: Any, limit: int) -> str:
    return _text(raw, limit, lines=False)


def _long(raw: Any, limit: int) -> str:
    return _text(raw, limit, lines=True)


def _date(raw: Any, field: Field) -> date:
    try:
        day = date.fromisoformat(_line(raw, 10))
    except ValueError as error:
        raise _Unreadable("econtract.field_not_date") from error
    if not 1900 <= day.year <= 2200:
        raise _Unreadable("econtract.field_not_date")
    return day


def _decimal(raw: Any, most: Decimal) -> Decimal:
    text = _line(str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw, 20).replace(",", "")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise _Unreadable("econtract.field_not_number") from error
    exponent = value.as_tuple().exponent
    if not value.is_finite() or not isinstance(exponent, int) or exponent < -2 or not 0 <= value <= most:
        raise _Unreadable("econtract.field_out_of_range", most=str(most))
    return value


def _integer(raw: Any, field: Field) -> int:
    value = _decimal(raw, Decimal(31 if field.name == "pay_day" else 1200))
    if value != value.to_integral_value() or (field.name == "pay_day" and value < 1):
        raise _Unreadable("econtract.field_out_of_range", most="31" if field.name == "pay_day" else "1200")
    return int(value)


def _bool(raw: Any, field: Field) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "on", "1", "yes"):
        return True
    if raw in ("false", "off", "0", "no"):
        return False
    raise _Unreadable("econtract.field_not_choice")


def _choice(raw: Any, field: Field) -> str:
    if raw not in {value for value, _, _ in field.options}:
        raise _Unreadable("econtract.field_not_choice")
    return str(raw)


def _shaped(shape: re.Pattern[str], code: str) -> Callable[[Any, Field], str]:
    def read(raw: Any, field: Field) -> str:
        text = _line(raw, field.max or 20)
        if not shape.fullmatch(text):
            raise _Unreadable(code)
        return text

    return read


_READERS: dict[str, Callable[[Any, Field], Any]] = {
    "text": lambda raw, field: _line(raw, field.max),
    "long": lambda raw, field: _long(raw, field.max),
    "date": _date,
    "decimal": lambda raw, field: _decimal(raw, MAX_HOURS),
    "money": lambda raw, field: _decimal(raw, MAX_MONEY),
    "integer": _integer,
    "bool": _bool,
    "choice": _choice,
    "phone": _shaped(_PHONE, "econtract.field_not_phone"),
    "region": _shaped(_REGION, "econtract.field_not_region"),
}
