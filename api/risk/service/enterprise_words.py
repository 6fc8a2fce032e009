"""What the parts of an enterprise's report share: the file, its language, names of control points, days and moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.infra.i18n import format_date, format_datetime, translate
from api.infra.reports import UNKNOWN
from api.risk.views import EnterpriseFile

COLOURS = ("blue", "yellow", "orange", "red")


def shown_points(file: EnterpriseFile) -> list[str]:
    """Control points that a report explains: those with a colour, and those that hold one because nothing new came."""
    held = file.standing.memory["held"]
    return [point["id"] for point in points_of(file) if point["tier"] in COLOURS or held.get(point["id"])]


def points_of(file: EnterpriseFile) -> Iterator[Mapping[str, Any]]:
    """Control points of the explanation, in order; none where nothing is known."""
    for dimension in file.explanation.get("dimensions", ()):
        yield from dimension["points"]


class Words:
    """A file and the language in which it is spoken of."""

    def __init__(self, file: EnterpriseFile, lang: str) -> None:
        self.file, self.lang, self.english = file, lang, lang == "en"
        self.tree = file.explanation
        self.lexicon: Mapping[str, Any] = self.tree.get("facts", {})
        self.names = {point["id"]: (point["zh"], point["en"]) for point in points_of(file)}
        self.held: Mapping[str, int] = file.standing.memory["held"]
        self.shown = shown_points(file)

    def say(self, text: str, /, **values: object) -> str:
        """A message."""
        return translate(self.lang, text, **values)

    def day(self, day: Any) -> str:
        """A day, a dash for none."""
        return format_date(day, self.lang) if day else UNKNOWN

    def at(self, moment: Any) -> str:
        """A moment, a dash for none."""
        return format_datetime(moment, self.lang) if moment else UNKNOWN

    def listed(self, parts: Sequence[str]) -> str:
        """Words one after the other."""
        return (", " if self.english else "、").join(parts)

    def point(self, code: str) -> str:
        """A control point by id and name."""
        return f"{code} {self.names[code][self.english]}" if code in self.names else code
