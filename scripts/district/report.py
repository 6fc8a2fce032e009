"""Warnings against the planted stories: precision, recall and lead time, in all, for each story and for each control point.

A harm is *found* when a warning of the level stood at any time in the 90 days before it (the catalogue's definition of a
missed case, turned round). A warning is a *hit* when its enterprise's harm follows within 180 days, *late* when it came
up to 90 days after the harm. A warning that stood before the story began finds its harm by the definition, but not for its
sake: `recall_since_onset` leaves it out. Intervals are Wilson's (1927) at 95 %. The generator and the rules share their authors:
these figures show that the chain of machinery works, and nothing about real enterprises.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scripts.district.labels import HABITS_FILE, STORIES_FILE
from scripts.district.stories import CLUSTER

COLUMNS = ("episode", "uscc", "issued_on", "closed_on", "grade", "points")
"""Of a file of warnings; `episode` may be missing, then every line is a warning of its own."""
GRADES = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
BEFORE, AHEAD, LATE = dt.timedelta(days=90), dt.timedelta(days=180), dt.timedelta(days=90)
UNLAWFUL = frozenset({"insurance_arrears"})
"""Stories without a harm of the catalogue's definition that are nevertheless rightly warned of."""
HABIT_POINTS = {"unsigned": "LY01", "uninsured": "SB02", "below": "GZ02", "low_base": "SB03"}
"""The control point that a habit of ordinary untidiness rightly colours."""
KINDS = ("hit", "late", "other_planted", "habit", "harmless_story", "unplanted")
TRUE_KINDS = KINDS[:4]
Habits = Mapping[str, frozenset[str]]
"""The points rightly coloured by habit, by enterprise."""
CAVEAT = "生成器与规则出自同一批作者 / the generator and the rules share their authors"
_Z = 1.959964


class ReportError(ValueError):
    """A file does not have the columns or values that the report needs; the text says which."""


@dataclass(frozen=True)
class Planted:
    """A labelled story."""

    uscc: str
    story: str
    onset: dt.date
    harm_on: dt.date | None
    within: bool


@dataclass(frozen=True)
class Warned:
    """A warning: its enterprise, days, grade 1–4 and the control points that supported it.

    A raise of the same episode is a line of its own, with the same `episode` and the day of the raise.
    """

    uscc: str
    issued_on: dt.date
    closed_on: dt.date | None
    grade: int
    points: tuple[str, ...]
    episode: str = ""


def read_stories(folder: Path) -> list[Planted]:
    """The labels of a generated district. Raises ReportError when they are not there."""
    try:
        with (folder / STORIES_FILE).open(encoding="utf-8", newline="") as file:
            return [
                Planted(
                    row["uscc"], row["story"], dt.date.fromisoformat(row["onset"]),
                    dt.date.fromisoformat(row["harm_on"]) if row["harm_on"] else None, row["within"] == "1",
                )
                for row in csv.DictReader(file)
            ]  # fmt: skip
    except (OSError, KeyError, ValueError) as exc:
        raise ReportError(f"{folder / STORIES_FILE}: {exc!r}") from exc


def read_habits(folder: Path) -> Habits:
    """Who breaks the law as a habit; a folder from before that file has none. Raises ReportError."""
    path = folder / HABITS_FILE
    if not path.exists():
        return {}
    found: dict[str, set[str]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["uscc"], set()).add(HABIT_POINTS[row["habit"]])
    except (OSError, KeyError, ValueError) as exc:
        raise ReportError(f"{path}: {exc!r}") from exc
    return {uscc: frozenset(points) for uscc, points in found.items()}


def read_warnings(path: Path) -> list[Warned]:
    """CSV with the columns of COLUMNS (points with blanks between). Raises ReportError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                Warned(
                    row["uscc"], dt.date.fromisoformat(row["issued_on"]),
                    dt.date.fromisoformat(row["closed_on"]) if row["closed_on"] else None,
                    GRADES[row["grade"]], tuple(row["points"].split()), row.get("episode") or "",
                )
                for row in csv.DictReader(file)
            ]  # fmt: skip
    except (OSError, KeyError, ValueError) as exc:
        raise ReportError(f"{path}: {exc!r}") from exc


def wilson(successes: int, total: int) -> tuple[float, float] | None:
    """Wilson's score interval at 95 % for a share; None of nothing."""
    if total == 0:
        return None
    share = successes / total
    centre = share + _Z**2 / (2 * total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    whole = 1 + _Z**2 / total
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)


def _share(successes: int, total: int) -> dict[str, Any]:
    interval = wilson(successes, total)
    return {
        "of": total,
        "n": successes,
        "share": None if interval is None else round(successes / total, 4),
        "interval": None if interval is None else [round(bound, 4) for bound in interval],
    }


def quartiles(values: Sequence[int]) -> list[int] | None:
    """Lower quartile, median, upper quartile (nearest rank); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return [ordered[max(0, math.ceil(part * len(ordered) / 4) - 1)] for part in (1, 2, 3)]


def _stood_before(warning: Warned, harm: dt.date) -> bool:
    return warning.issued_on <= harm and (warning.closed_on is None or warning.closed_on >= harm - BEFORE)


def _kind(warning: Warned, stories: Iterable[Planted], habits: frozenset[str] = frozenset()) -> str:
    """What a warning was: hit, late, other_planted (unlawful, without such a harm), habit (ordinary untidiness that breaks the
    law and is what a point of the warning says), harmless_story or unplanted."""
    best = "habit" if habits & set(warning.points) else "unplanted"
    for story in stories:
        if story.harm_on is not None:
            if warning.issued_on <= story.harm_on <= warning.issued_on + AHEAD:
                return "hit"
            if story.harm_on < warning.issued_on <= story.harm_on + LATE:
                best = "late"
        elif story.story in UNLAWFUL and warning.issued_on >= story.onset:
            best = "other_planted"
        elif warning.issued_on >= story.onset and best == "unplanted":
            best = "harmless_story"
    return best


def at_level(warnings: Sequence[Warned], level: str) -> list[Warned]:
    """The warnings of the level or above: of an episode the first line that reaches it. Raises ReportError."""
    if level not in GRADES:
        raise ReportError(f"level: {', '.join(GRADES)}")
    found: dict[str, Warned] = {}
    for number, warning in enumerate(sorted(warnings, key=lambda item: item.issued_on)):
        if warning.grade >= GRADES[level]:
            found.setdefault(warning.episode or f" {number}", warning)
    return list(found.values())


def report(
    stories: Sequence[Planted],
    warnings: Sequence[Warned],
    *,
    level: str = "yellow",
    habits: Habits = MappingProxyType({}),
) -> dict[str, Any]:
    """Precision, recall and lead time (days) at `level` or above; only harms within the generated months count for recall.

    `confirmed`: warnings whose enterprise lived something harmful or unlawful then, whether its harm follows soon or not, or
    whose points say what it does as a habit.
    Raises ReportError for an unknown level.
    """
    raised = at_level(warnings, level)
    of_enterprise: dict[str, list[Planted]] = {}
    for story in stories:
        of_enterprise.setdefault(story.uscc, []).append(story)
    by_enterprise: dict[str, list[Warned]] = {}
    for warning in raised:
        by_enterprise.setdefault(warning.uscc, []).append(warning)
    harms = [story for story in stories if story.harm_on is not None and story.within]
    nobody: frozenset[str] = frozenset()
    kinds = [
        (warning, _kind(warning, of_enterprise.get(warning.uscc, ()), habits.get(warning.uscc, nobody)))
        for warning in raised
    ]

    def measured(chosen: Sequence[Planted], counts: Callable[[Warned], bool]) -> dict[str, Any]:
        leads, own = [], 0
        for story in chosen:
            harm = story.harm_on
            if harm is None:
                continue
            before = [w for w in by_enterprise.get(story.uscc, ()) if counts(w) and _stood_before(w, harm)]
            if before:
                leads.append((harm - min(w.issued_on for w in before)).days)
                own += any(w.issued_on >= story.onset for w in before)
        return {
            "recall": _share(len(leads), len(chosen)),
            "recall_since_onset": _share(own, len(chosen)),
            "lead_days": quartiles(leads),
        }

    def precise(counts: Callable[[Warned], bool]) -> dict[str, Any]:
        chosen = [kind for warning, kind in kinds if counts(warning)]
        true = sum(chosen.count(kind) for kind in TRUE_KINDS)
        return {
            "precision": _share(chosen.count("hit"), len(chosen)),
            "confirmed": _share(true, len(chosen)),
            "kinds": {name: chosen.count(name) for name in KINDS},
        }

    def of_point(point: str) -> dict[str, Any]:
        def has(warning: Warned) -> bool:
            return point in warning.points

        return measured(harms, has) | precise(has)

    points = sorted({point for warning in raised for point in warning.points})
    return {
        "level": level,
        "caveat": CAVEAT,
        "warnings": len(raised),
        "all": measured(harms, lambda _: True) | precise(lambda _: True),
        "stories": {
            name: measured([story for story in harms if story.story == name], lambda _: True)
            for name in sorted({story.story for story in harms})
        },
        "harmless": {
            name: _share(
                sum(1 for story in stories if story.story == name and story.uscc in by_enterprise),
                sum(1 for story in stories if story.story == name),
            )
            for name in sorted(
                {story.story for story in stories if story.harm_on is None} - UNLAWFUL | {CLUSTER}
            )
        },
        "points": {point: of_point(point) for point in points},
    }


def whole_report(
    stories: Sequence[Planted],
    warnings: Sequence[Warned],
    *,
    level: str = "yellow",
    habits: Habits = MappingProxyType({}),
    coloured: Any = None,
) -> dict[str, Any]:
    """`report` at one level, the totals of every level, and what ordinary untidiness colours (`play.COLOURED`)."""
    made = report(stories, warnings, level=level, habits=habits)
    levels = {}
    for name in GRADES:
        at = report(stories, warnings, level=name, habits=habits)
        levels[name] = {"warnings": at["warnings"]} | at["all"]
    return made | {"levels": levels} | ({"untidiness": untidiness(coloured)} if coloured else {})


def untidiness(coloured: Any) -> dict[str, Any]:
    """Shares of the enterprises without a story in an average month: by grade, and by colour of each point among those for
    which it is known and applies. Intervals are those of one month's enterprises, for months of one enterprise are alike."""
    months = max(1, coloured["months"])

    def share(count: int, total: int) -> dict[str, Any]:
        return _share(round(count / months), round(total / months))

    grades = coloured["grades"]
    points = {}
    for point, tiers in coloured["points"].items():
        known = sum(tiers[:5])
        points[point] = {
            "coloured": share(sum(tiers[1:5]), known),
            "tiers": dict(zip(GRADES, (share(count, known)["share"] for count in tiers[1:5]), strict=True)),
            "unknown": share(tiers[5], sum(tiers))["share"],
            "not_applicable": share(tiers[6], sum(tiers))["share"],
        }
    return {
        "months": coloured["months"],
        "coloured": share(sum(grades[1:]), sum(grades)),
        "grades": {name: share(grades[grade], sum(grades)) for name, grade in GRADES.items()},
        "points": points,
    }
