"""Hit rate, missed cases, the random sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest

from api.disposal.model import Colour, Outcome, Reason
from api.disposal.ports import Incident
from api.disposal.rules.measuring import Share, Verified, hit_rate, joined, missed_cases, wilson
from api.disposal.rules.sampling import draw, population_digest

DAY = date(2026, 6, 30)


class Shown:
    """Shown grades by enterprise and day."""

    def __init__(self, grades: Mapping[tuple[int, date], int]) -> None:
        self.grades = grades

    def incidents(self, first: date, last: date) -> Sequence[Incident]:
        return ()

    def highest_shown(self, enterprise: int, first: date, last: date) -> int:
        found = [g for (e, day), g in self.grades.items() if e == enterprise and first <= day <= last]
        return max(found, default=0)

    def unwarned(self, month: int) -> Mapping[int, str]:
        return {}


def incident(kind: str, persons: int, enterprise: int = 1) -> Incident:
    return Incident(enterprise, kind, DAY, persons, "500107001", f"{kind}-{persons}")


@pytest.mark.parametrize(
    ("kind", "persons", "counts"),
    [
        ("arrears", 4, False), ("arrears", 5, True), ("dispute", 9, False), ("dispute", 10, True),
        ("fled", 0, True), ("closure", 0, True), ("accident", 50, False),
    ],
)  # fmt: skip
def test_what_should_have_been_warned_of(kind: str, persons: int, counts: bool) -> None:
    missed, total = missed_cases([incident(kind, persons)], Shown({}))
    assert (len(missed), total) == (int(counts), int(counts))


@pytest.mark.parametrize(
    ("before", "grade", "missed"),
    [
        (1, Colour.YELLOW, False), (90, Colour.YELLOW, False), (91, Colour.YELLOW, True),
        (0, Colour.RED, True), (10, Colour.BLUE, True), (10, Colour.RED, False),
    ],
)  # fmt: skip
def test_ninety_days_before_and_not_the_day_itself(before: int, grade: int, missed: bool) -> None:
    shown = Shown({(1, DAY - timedelta(days=before)): grade})
    found, _ = missed_cases([incident("fled", 0)], shown)
    assert bool(found) is missed


def test_arrears_that_both_know_count_once() -> None:
    told = [incident("arrears", 6), incident("arrears", 4, 3)]
    found = [
        Incident(1, "arrears", DAY + timedelta(days=80), 9, "s", "case"),  # the same arrears
        Incident(1, "arrears", DAY + timedelta(days=91), 9, "s", "later"),
        Incident(2, "arrears", DAY, 5, "s", "nobody told"),
        Incident(2, "arrears", DAY + timedelta(days=1), 5, "s", "visited twice"),
        Incident(3, "arrears", DAY, 5, "s", "told of fewer"),
        Incident(4, "arrears", DAY, 4, "s", "too few"),
    ]
    joint = joined(told, found)
    assert [one.key for one in joint[2:]] == ["nobody told", "told of fewer", "later"]
    missed, total = missed_cases(joint, Shown({(2, DAY - timedelta(days=1)): 1}))
    assert (len(missed), total) == (4, 4)


def test_wilson_against_published_values() -> None:
    assert wilson(8, 10) == Share(8, 10, 8000, 4901, 9434)  # 0.4902 to 0.9433
    assert wilson(0, 10) == Share(0, 10, 0, 0, 2776)
    assert wilson(10, 10) == Share(10, 10, 10_000, 7224, 10_000)
    assert wilson(0, 0) == Share(0, 0, None, 0, 10_000)
    with pytest.raises(ValueError, match="hits"):
        wilson(3, 2)


def verified(finding: Outcome, colour: Colour = Colour.RED, street: str = "s1", *points: str) -> Verified:
    return Verified("c", colour, street, points, finding, Reason.MODEL)


def test_the_report_by_rule_colour_and_street() -> None:
    cases = [
        verified(Outcome.CONFIRMED, Colour.RED, "s1", "GZ01", "GZ04"),
        verified(Outcome.PARTLY, Colour.YELLOW, "s2", "GZ01", "GZ01"),
        verified(Outcome.FALSE_ALARM, Colour.YELLOW, "s1", "JY02"),
        verified(Outcome.DATA_ERROR, Colour.YELLOW, "s1", "JY02"),
        verified(Outcome.DUPLICATE, Colour.RED, "s1", "GZ01"),
        verified(Outcome.REFERRED, Colour.RED, "s1", "GZ01"),
    ]
    shown = Shown({(2, DAY - timedelta(days=5)): 2})
    report = hit_rate(cases, [incident("fled", 1), incident("arrears", 7, 2)], shown, [False, False, True])
    assert (report.overall.hits, report.overall.total) == (2, 4)
    assert {k: (s.hits, s.total) for k, s in report.by_colour.items()} == {"red": (1, 1), "yellow": (1, 3)}
    assert {k: (s.hits, s.total) for k, s in report.by_street.items()} == {"s1": (1, 3), "s2": (1, 1)}
    assert {k: (s.hits, s.total) for k, s in report.by_point.items()} == {
        "GZ01": (2, 2), "GZ04": (1, 1), "JY02": (0, 2),
    }  # fmt: skip
    assert report.apart == {"duplicate": 1, "referred": 1}
    assert (report.recall.hits, report.recall.total) == (1, 2)
    assert report.missed_by_kind == {"fled": 1}
    assert (report.random.hits, report.random.total) == (1, 3)


def test_the_sample_can_be_drawn_again_and_only_so() -> None:
    population = range(1, 1001)
    first = draw(population, 50, b"seed", 202611)
    assert first == draw(reversed(population), 50, b"seed", 202611)
    assert len(set(first)) == 50
    assert first != draw(population, 50, b"seed", 202612)
    assert first != draw(population, 50, b"other", 202611)
    assert first[:20] == draw(population, 20, b"seed", 202611)
    assert sorted(draw([3, 1, 3], 9, b"seed", 202611)) == [1, 3]


def test_everybody_is_drawn_as_often() -> None:
    drawn = Counter(n for seed in range(400) for n in draw(range(20), 5, bytes([seed % 256, seed // 256]), 1))
    assert all(60 <= drawn[n] <= 140 for n in range(20))  # 100 expected, four standard deviations


def test_the_population_is_recorded_by_its_digest() -> None:
    assert population_digest([2, 1]) == population_digest([1, 2, 2]) != population_digest([1, 2, 3])
    with pytest.raises(ValueError, match="negative"):
        draw([1], -1, b"", 1)
