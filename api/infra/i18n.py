"""Languages: Chinese first, English second (DESIGN §7).

Owns the message catalogues and the formats of dates and money. Message ids are the Chinese texts
themselves; each slice keeps its English in `api/<slice>/locale/en.po`, all of them are merged when the
process starts, and a message without English falls back to Chinese (a test keeps that from happening).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
API_ROOT = Path(__file__).resolve().parents[1]


def N_(msgid: str) -> str:
    """Mark a Chinese message id for extraction; returned unchanged and translated where it is shown."""
    return msgid


class Catalogue:
    """English messages by Chinese message id."""

    def __init__(self, messages: Mapping[str, str | tuple[str, str]]) -> None:
        self._messages = dict(messages)

    @classmethod
    def load(cls, paths: Iterable[Path]) -> Catalogue:
        """Merge PO files; later files win (tests/unit/infra/test_i18n.py forbids contradictions)."""
        merged: dict[str, str | tuple[str, str]] = {}
        for path in paths:
            merged.update(read_messages(path))
        return cls(merged)

    def __contains__(self, msgid: object) -> bool:
        return msgid in self._messages

    def gettext(self, msgid: str) -> str:
        """The English text, or the Chinese one where there is none."""
        found = self._messages.get(msgid, msgid)
        return found if isinstance(found, str) else found[0]

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The English text for this count (English has two forms, Chinese one)."""
        found = self._messages.get(one)
        if isinstance(found, tuple):
            return found[0] if count == 1 else found[1]
        return found or (one if count == 1 else many)


def read_messages(path: Path) -> dict[str, str | tuple[str, str]]:
    """The translated, non-fuzzy messages of one PO file."""
    with path.open("rb") as handle:
        catalogue = read_po(handle, locale="en")
    messages: dict[str, str | tuple[str, str]] = {}
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, tuple):
            forms = tuple(message.string) if isinstance(message.string, (tuple, list)) else (message.string,)
            if all(forms) and forms:
                messages[message.id[0]] = (str(forms[0]), str(forms[-1]))
        elif isinstance(message.id, str) and isinstance(message.string, str) and message.string:
            messages[message.id] = message.string
    return messages


def catalogue_paths(root: Path = API_ROOT) -> list[Path]:
    """Every slice's English catalogues (`en.po`, or `en-<part>.po` of a large slice), in a fixed order."""
    return sorted(root.glob("*/locale/en*.po"))


@cache
def english() -> Catalogue:
    """The merged English catalogue of this process."""
    return Catalogue.load(catalogue_paths())


def translate(lang: Language | str, msgid: str, **facts: object) -> str:
    """The message in one language, with `%(fact)s` fields filled in."""
    text = english().gettext(msgid) if lang == "en" else msgid
    return text % facts if facts else text


def ntranslate(lang: Language | str, one: str, many: str, count: int, **facts: object) -> str:
    """The message for a count; `%(num)s` is the count."""
    text = english().ngettext(one, many, count) if lang == "en" else one
    return text % {"num": count, **facts}


def parse_moment(value: dt.datetime | str) -> dt.datetime:
    """An aware time from a datetime or from the project's UTC text form."""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("times are timezone-aware")
    return moment


def format_date(value: dt.date | dt.datetime | str | None, lang: Language | str = "zh") -> str:
    """A calendar day: 2026年3月1日, or 1 March 2026; times are taken in Asia/Shanghai."""
    if value is None or value == "":
        return "—"
    if isinstance(value, str):
        value = dt.date.fromisoformat(value) if len(value) == 10 else parse_moment(value)
    day = value.astimezone(SHANGHAI).date() if isinstance(value, dt.datetime) else value
    if lang == "en":
        return f"{day.day} {day:%B %Y}"
    return f"{day.year}年{day.month}月{day.day}日"


def format_datetime(
    value: dt.datetime | str | None, lang: Language | str = "zh", seconds: bool = False
) -> str:
    """A moment in Asia/Shanghai, to the minute (or second)."""
    if value is None or value == "":
        return "—"
    moment = parse_moment(value).astimezone(SHANGHAI)
    clock = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    joint = ", " if lang == "en" else " "
    return f"{format_date(moment, lang)}{joint}{clock}"


def format_clock(value: dt.datetime | str | None, lang: Language | str = "zh") -> str:
    """A moment in Asia/Shanghai to the second, in the compact form of tables and reports."""
    if value is None or value == "":
        return "—"
    return f"{parse_moment(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def format_month(value: int | None, lang: Language | str = "zh") -> str:
    """A month kept as a number, as tables and charts write it: 202610 is 2026-10, in either language."""
    return "—" if value is None else f"{value // 100}-{value % 100:02d}"


def format_money(value: Decimal | str | int | None, lang: Language | str = "zh") -> str:
    """An amount in yuan with thousands separators and two places, without a currency sign."""
    if value is None or value == "":
        return "—"
    return f"{Decimal(value):,.2f}"


def format_size(count: int, lang: Language | str = "zh") -> str:
    """A file size in the unit that people use."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB"
