"""Months, shades and what a table of towns must be. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from api.kernel.clock import SHANGHAI
from api.kernel.errors import invalid
from api.risk.board.model import Shade, Tile, Town

LEVELS = 4
GRADES = 5
"""None, blue, yellow, orange, red."""
MOST_TOWNS = 60
MOST_COLUMNS = 8
MOST_ROWS = 12
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def month_of(day: date) -> int:
    """YYYYMM of a day."""
    return day.year * 100 + day.month


def shifted(month: int, by: int) -> int:
    """The month `by` months later (negative: before)."""
    number = month // 100 * 12 + month % 100 - 1 + by
    return number // 12 * 100 + number % 12 + 1


def starts(month: int) -> datetime:
    """The first moment of a month in China."""
    return datetime.combine(date(month // 100, month % 100, 1), time(0), SHANGHAI)


def ends(month: int) -> datetime:
    """The first moment after a month in China."""
    return starts(shifted(month, 1))


def last_day(month: int) -> date:
    """The last day of a month."""
    return ends(month).date() - timedelta(days=1)


def checked_month(month: int, pointer: str = "/month") -> int:
    """YYYYMM between 2000 and 2099. Raises invalid `risk.month_malformed`."""
    if not (2000 <= month // 100 <= 2099 and 1 <= month % 100 <= 12):
        raise invalid("risk.month_malformed", pointer=pointer, month=month)
    return month


def value_of(tile: Tile, shade: Shade, colour: int | None) -> int:
    """What a tile's shade stands for: a number, or tenths per 1,000 enterprises; of one colour (0 red … 3 blue) or of all."""
    chosen = tile.total if colour is None else tile.counts[colour]
    if shade is Shade.COUNT:
        return chosen
    return 0 if not tile.firms else (chosen * 20_000 + tile.firms) // (2 * tile.firms)


def shaded(
    tiles: Sequence[Tile], shade: Shade, colour: int | None
) -> tuple[list[Tile], list[tuple[int, int, int]]]:
    """Tiles with their level, and (level, lowest, highest value) of the levels: four equal parts up to the highest value.

    Nothing is level 0; whatever is there at all is at least 1.
    """
    values = [value_of(tile, shade, colour) for tile in tiles]
    most = max(values, default=0)
    levels = [-(-LEVELS * value // most) if most else 0 for value in values]
    steps = [
        (level, (level - 1) * most // LEVELS + 1, level * most // LEVELS) for level in range(1, LEVELS + 1)
    ]
    made = [replace(tile, level=level) for tile, level in zip(tiles, levels, strict=True)]
    return made, [step for step in steps if most and step[1] <= step[2]]


def standing_at_ends(lines: Sequence[tuple[int, int, int, int]], ends: int) -> list[list[int] | None]:
    """Enterprises per grade (none, blue … red) at each of the ends; None before the first line of the log.

    lines: (end, grade before, grade after, lines). The first line of an enterprise leaves "insufficient", which is not
    counted, so what came to a grade less what left it is what stands there.
    """
    first = min((end for end, *_rest in lines), default=ends)
    found: list[list[int] | None] = []
    counts = [0] * GRADES
    for number in range(ends):
        for end, before, after, count in lines:
            if end == number and before < GRADES:
                counts[before] -= count
            if end == number and after < GRADES:
                counts[after] += count
        found.append(None if number < first else list(counts))
    return found


def _text(value: str, most: int, pointer: str, *, needed: bool = True) -> str:
    text = value.strip()
    if (needed and not text) or len(text) > most or any(unicodedata.category(c)[0] == "C" for c in text):
        raise invalid("risk.town_text", pointer=pointer, most=most)
    return text


def checked_towns(towns: Sequence[Town]) -> tuple[Town, ...]:
    """Towns in the order of their codes. Raises invalid with a pointer at what is wrong, rows counted from 0.

    Nine digits a code, no code and no tile twice, names in both languages, at least one town.
    """
    if not 1 <= len(towns) <= MOST_TOWNS:
        raise invalid("risk.town_number", pointer="/towns", most=MOST_TOWNS)
    made: list[Town] = []
    codes: set[str] = set()
    places: dict[tuple[int, int], str] = {}
    for number, town in enumerate(towns):
        at = f"/towns/{number}"
        if len(town.code) != 9 or not (town.code.isascii() and town.code.isdecimal()):
            raise invalid("risk.town_code", pointer=f"{at}/code", town=town.code[:20])
        if town.code in codes:
            raise invalid("risk.town_twice", pointer=f"{at}/code", town=town.code)
        codes.add(town.code)
        if not (1 <= town.column <= MOST_COLUMNS and 1 <= town.row <= MOST_ROWS):
            raise invalid(
                "risk.town_place",
                pointer=f"{at}/column",
                columns=MOST_COLUMNS,
                rows=MOST_ROWS,
                town=town.code,
            )
        place = (town.column, town.row)
        if place in places:
            raise invalid(
                "risk.town_place_taken", pointer=f"{at}/column", town=town.code, other=places[place]
            )
        places[place] = town.code
        made.append(
            Town(
                town.code,
                _text(town.name_zh, 40, f"{at}/name_zh"),
                _text(town.name_en, 80, f"{at}/name_en"),
                town.column,
                town.row,
                _text(town.administered_by, 80, f"{at}/administered_by", needed=False),
            )
        )
    return tuple(sorted(made, key=lambda town: town.code))


def checked_start(day: date) -> date:
    """The first day of an edition. Raises invalid `risk.town_start`."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise invalid("risk.town_start", pointer="/valid_from")
    return day
