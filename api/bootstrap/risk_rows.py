"""The event rows behind control points, each with the tier that it gives by itself, and what is left without settled ones.

A point's tier comes of all its rows together: three clues of two persons each are five persons and more, and none of them alone.
So a tier "without settled rows" (domain C.3) is computed from facts without them, and so is that of a single row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from api.risk.episodes.force import POINT_ITSELF, Force, Row, Settled, force_of, newest
from api.risk.episodes.grading import RED, UNKNOWN, Grading
from api.risk.facts import AcceptedRows, Without, source_rows
from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import fact_of
from api.risk.scoring import polars_executor
from api.risk.spec.model import RuleSet, facts_of

Behind = dict[tuple[int, str], list[Row]]
Facts = Callable[[AcceptedRows, Mapping[int, int]], pl.DataFrame]
"""Facts of variants (enterprise by variant) over the rows of a `Without`."""


class EventRows:
    """Rows of one moment under one rule set."""

    def __init__(self, rows: AcceptedRows, ruleset: RuleSet, facts: Facts) -> None:
        self._rows, self._ruleset, self._facts = rows, ruleset, facts
        self._grading = Grading.of_rules(ruleset)

    def behind(
        self, points: Mapping[int, Sequence[str]], month: int, as_of: date, known_at: datetime
    ) -> Behind:
        """The event rows of each enterprise's points, and the point itself where it reads states as well."""
        return {
            (enterprise, point): self._behind(point, enterprise, month, as_of, known_at)
            for enterprise, named in points.items()
            for point in named
        }

    def _behind(self, point: str, enterprise: int, month: int, as_of: date, known_at: datetime) -> list[Row]:
        found: dict[str, Row] = {}
        for fact in sorted({fact_of(fact).name for fact in facts_of(self._ruleset.by_id[point])}):
            datasets = fact_of(fact).datasets
            if any(DATASETS[code].grain != "event" for code in datasets):
                found[POINT_ITSELF] = Row(point, POINT_ITSELF, UNKNOWN)
            if all(DATASETS[code].grain != "event" for code in datasets):
                continue
            frame = source_rows(self._rows, fact, enterprise, month, as_of=as_of, known_at=known_at)
            for row in frame.iter_rows(named=True):
                if DATASETS[row["dataset"]].grain == "event":
                    key = f"{row['dataset']}:{row['key']}"
                    text = hashlib.sha256(row["values"].encode()).hexdigest()
                    found[key] = Row(point, key, UNKNOWN, text)
        return list(found.values())

    def weighed(self, behind: Behind, settled: Mapping[int, Sequence[Settled]], day: date) -> Behind:
        """The rows with `alone`, the tier that each gives without the point's other events, and with the tier that is left
        when those that are settled on `day` are left out. A tier that is not known stays the point's."""
        several = {place: rows for place, rows in behind.items() if any(row.key for row in rows)}
        if not several:
            return behind
        asked = {
            (place, row.key): {other.key for other in rows} - {row.key, POINT_ITSELF}
            for place, rows in several.items()
            for row in rows
        }
        alone = self._tiers(asked)
        known = {
            place: [replace(row, alone=alone.get((place, row.key))) for row in rows]
            for place, rows in several.items()
        }
        gone = {place: self._settled(rows, settled.get(place[0], ()), day) for place, rows in known.items()}
        left = self._tiers({(place, ""): keys for place, keys in gone.items() if keys})
        return behind | {
            place: [replace(row, tier=left.get((place, ""), UNKNOWN)) for row in rows]
            for place, rows in known.items()
        }

    @staticmethod
    def _settled(rows: Sequence[Row], settled: Sequence[Settled], day: date) -> set[str]:
        last = newest(settled)
        return {
            row.key
            for row in rows
            if row.key and force_of(row, last.get((row.point, row.key)), day) is Force.SETTLED
        }

    def _tiers(
        self, asked: Mapping[tuple[tuple[int, str], str], set[str]]
    ) -> dict[tuple[tuple[int, str], str], int]:
        """By what was asked, the tier of the point without these rows; nothing where it is not known then."""
        if not asked:
            return {}
        numbered = dict(enumerate(asked, 1))
        of = {number: place[0] for number, (place, _key) in numbered.items()}
        left = [(number, *_place(key)) for number, name in numbered.items() for key in sorted(asked[name])]
        facts = self._facts(Without(self._rows, of, left), of)
        decided = polars_executor.compile(self._ruleset)(facts.lazy()).collect()
        found = {}
        for row in decided.select("enterprise", "tiers_a", "tiers_b").iter_rows():
            name = numbered[row[0]]
            tier = self._grading.unpack(row[1], row[2])[name[0][1]]
            if tier <= RED:
                found[name] = tier
        return found


def _place(key: str) -> tuple[str, str]:
    """Dataset and business key of an event row's key."""
    dataset, _colon, own = key.partition(":")
    return dataset, own
