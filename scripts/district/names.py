"""Invented names and addresses from the word lists: each name begins with 虚拟 (virtual): none reads as a real company."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent
SHORT_FORMS = {"有限公司": "公司", "经营部": "店", "专业合作社": "合作社"}
_TWINS_EVERY = 97


@cache
def words() -> dict[str, Any]:
    """The word lists (words.json)."""
    loaded: dict[str, Any] = json.loads((_FOLDER / "words.json").read_text("utf-8"))
    return loaded


@cache
def towns() -> list[dict[str, str]]:
    """The district's towns and subdistricts: nine-digit codes and placeholder names; edit towns.json for a real list."""
    loaded: list[dict[str, str]] = json.loads((_FOLDER / "towns.json").read_text("utf-8"))
    return loaded


def company_name(serial: int, section: str, kind: str) -> str:
    """An invented name. Every 97th enterprise has the brand of the one before: equal names happen when trades agree."""
    lists = words()
    source = serial - 1 if serial % _TWINS_EVERY == _TWINS_EVERY - 1 else serial
    first, second = lists["first"], lists["second"]
    brand = first[source % len(first)] + second[source // len(first) % len(second)]
    again = source // (len(first) * len(second))
    extra = (
        ""
        if again == 0
        else first[again % len(first)] + ("" if again < len(first) else f"{again // len(first)}")
    )
    trades = lists["trade"][section]
    return f"{lists['marker']}{brand}{extra}{trades[source % len(trades)]}{lists['form'][kind]}"


def address(town: dict[str, str], road: int, house: int, room: int) -> str:
    """An invented address in a town."""
    roads = words()["road"]
    return f"{town['name']}{roads[road % len(roads)]}{house}号{room}室"


def written_differently(name: str, kind: int) -> str:
    """The name as another department writes it: 0 short form, 1 with spaces, 2 with a bracketed place, 3 one character lost."""
    if kind == 0:
        for form, short in SHORT_FORMS.items():
            if name.endswith(form):
                return name[: -len(form)] + short
    if kind == 2:
        return f"{name[:6]}（本区）{name[6:]}"
    if kind == 3:
        return name[:4] + name[5:]
    return f" {name[:2]} {name[2:]}"
