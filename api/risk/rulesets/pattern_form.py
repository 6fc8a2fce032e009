"""Patterns as rows of lists: the fields of a form to the text of the frame's field `patterns`, and back.

The text (`GZ03 yellow + SB01 yellow = orange`, one pattern a line) stays what is compared, merged and judged (`editing`); the
lists are how a person writes it. What is not chosen yet stands as a question mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from api.kernel.errors import invalid
from api.risk.rulesets.editing import UNCHOSEN
from api.risk.spec.document import MAX_PATTERNS
from api.risk.spec.model import MAX_POINTS

_FRESH = ("", "yellow")
_DO = re.compile(r"(pattern|part|drop)(?::([1-9][0-9]?)(?:-([1-9][0-9]?))?)?")


@dataclass(frozen=True)
class PatternRow:
    """Points with the colour that each must reach, and the grade that they lift to; empty where nothing is chosen."""

    parts: tuple[tuple[str, str], ...]
    grade: str


def rows(text: str) -> list[PatternRow]:
    """The rows of a text."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        left, _, grade = line.partition("=")
        words = [part.split() for part in left.split("+")]
        parts = tuple(((w[0] if w else UNCHOSEN).replace(UNCHOSEN, ""), " ".join(w[1:])) for w in words)
        found.append(PatternRow(parts, grade.strip()))
    return found


def text(made: list[PatternRow]) -> str:
    """The text of the rows."""
    return "\n".join(
        " + ".join(f"{point or UNCHOSEN} {colour}" for point, colour in row.parts) + f" = {row.grade}"
        for row in made
    )


def typed(form: Mapping[str, str]) -> str:
    """The text of the lists in a form. Raises invalid `malformed` for more rows or points than a rule set has."""

    def word(name: str) -> str:
        return "".join(form[name].split()).replace("+", "").replace("=", "")[:20]

    found: list[PatternRow] = []
    while f"pattern-{len(found) + 1}-grade" in form:
        row = f"pattern-{len(found) + 1}"
        parts: list[tuple[str, str]] = []
        while {f"{row}-{len(parts) + 1}-point", f"{row}-{len(parts) + 1}-colour"} <= form.keys():
            one = f"{row}-{len(parts) + 1}"
            parts.append((word(f"{one}-point"), word(f"{one}-colour")))
        if not parts:
            raise invalid("malformed")
        found.append(PatternRow(tuple(parts), word(f"{row}-grade")))
    given = sum(1 for name in form if name.startswith("pattern-"))
    if given != sum(1 + 2 * len(row.parts) for row in found):
        raise invalid("malformed")
    return text(found)


def pressed(before: str, do: str) -> str:
    """The text after one press of a button: `pattern` adds a row, `part:2` a point to the second row, `drop:2-1` takes that
    point away and `drop:2` the row; a row goes with its last point. Raises invalid: `risk.rule_set_patterns` when there is no
    room, else `malformed`."""
    found, made = _DO.fullmatch(do), rows(before)
    if found is None:
        raise invalid("malformed")
    verb, row, part = found[1], int(found[2] or 0), int(found[3] or 0)
    if verb == "pattern" and not row:
        made.append(PatternRow((_FRESH, _FRESH), "orange"))
    elif not 1 <= row <= len(made):
        raise invalid("malformed")
    elif verb == "part" and not part:
        made[row - 1] = replace(made[row - 1], parts=(*made[row - 1].parts, _FRESH))
    elif verb == "drop" and not part:
        made.pop(row - 1)
    elif verb == "drop" and part <= len(made[row - 1].parts):
        left = made[row - 1].parts[: part - 1] + made[row - 1].parts[part:]
        made[row - 1 : row] = [replace(made[row - 1], parts=left)] if left else []
    else:
        raise invalid("malformed")
    if len(made) > MAX_PATTERNS or any(len(one.parts) > MAX_POINTS for one in made):
        raise invalid("risk.rule_set_patterns", patterns=MAX_PATTERNS, points=MAX_POINTS)
    return text(made)
