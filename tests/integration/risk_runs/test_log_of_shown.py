"""The log of grades is whole: whoever sums its moves of the shown grade up to a moment has what stood then.

Everybody begins with too little data (5), which is no move.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from api.infra.db import Database, UnitOfWork
from api.risk import reading, repository
from api.risk.episodes.closure import Decided
from api.risk.episodes.force import Outcome, Row
from api.risk.episodes.grading import UNKNOWN
from api.risk.service.warnings import Warnings
from api.risk.tables import ChangeRow, EpisodeRow, StandingRow
from tests.support.risk_district import START, District
from tests.support.slice_application import person

ROW = Row("GZ04", "clue-a", 5, "aa")


def agreed(district: District) -> Counter[int]:
    """Enterprises per shown grade, by the standings; the same by the log, and enterprise by enterprise."""
    with district.database.read() as session:
        standing = dict(session.execute(select(StandingRow.enterprise, StandingRow.shown)).all())
        log = list(session.scalars(select(ChangeRow).order_by(ChangeRow.no)))
    last = dict.fromkeys(standing, UNKNOWN)
    counted = Counter(last.values())
    for change in log:
        assert change.shown_before == last[change.enterprise], "the log left out a move"
        assert change.shown_after is not None
        last[change.enterprise] = change.shown_after
        counted[change.shown_after] += 1
        counted[change.shown_before] -= 1
    assert last == standing
    assert +counted == Counter(standing.values())
    return +counted


def test_the_log_knows_every_shown_grade_at_every_moment(district: District) -> None:
    """Rises at once, holds while a point is unknown, falls after two months, is corrected, closed, and opened again."""
    say = district.departments.say
    say(START, 1, "GZ04 O", rows=(ROW,))
    say(START, 2, "SB01 Y", last=date(2026, 2, 20))
    say(START, 3, "QY02 B, LY04 ?")
    district.month(202601, date(2026, 2, 5))
    seen = [agreed(district)]
    say(START, 4, "GZ01 R", first=date(2026, 2, 10))
    district.today(date(2026, 2, 10))
    seen.append(agreed(district))
    for month, day in ((202602, date(2026, 3, 5)), (202603, date(2026, 4, 5)), (202604, date(2026, 5, 5))):
        district.month(month, day)
        seen.append(agreed(district))
    say(district.later(hours=1), 5, "GZ01 O")
    with district.database.transaction() as session:
        repository.add_pending(session, {202603: [5], 202604: [5]}, district.clock.now())
    district.later(hours=1)
    correction = district.runs.start_correction()
    assert correction is not None
    district.runs.complete(correction.id)
    seen.append(agreed(district))
    warnings = Warnings(UnitOfWork(district.database), district.clock, district.departments, district.issuing)
    with district.database.read() as session:
        episode = session.scalars(select(EpisodeRow).where(EpisodeRow.enterprise == 1)).one()
    decided = [Decided("GZ04", "clue-a", Outcome.UNFOUNDED)]
    warnings.close(person("risk_director"), episode.id, decided, "officer-1")
    seen.append(agreed(district))
    assert len({tuple(sorted(counts.items())) for counts in seen}) >= 4


@pytest.mark.parametrize(
    ("first", "last", "highest"),
    [
        (
            date(2026, 5, 1),
            date(2026, 5, 31),
            2,
        ),  # what stood before, and nothing that was said later of then
        (date(2026, 6, 1), date(2026, 6, 30), 4),  # the day on which the correction could be seen
        (date(2026, 1, 1), date(2026, 3, 31), 0),  # too little data is no grade
        (date(2026, 7, 1), date(2026, 7, 31), 1),
    ],
)
def test_a_correction_counts_from_the_day_on_which_it_could_be_seen(
    database: Database, first: date, last: date, highest: int
) -> None:
    with database.transaction() as session:
        for reason, as_of, at, shown in (
            ("run", date(2026, 3, 5), datetime(2026, 3, 5, 1, tzinfo=UTC), 5),
            ("run", date(2026, 4, 5), datetime(2026, 4, 5, 1, tzinfo=UTC), 2),
            ("correction", date(2026, 5, 5), datetime(2026, 5, 31, 16, tzinfo=UTC), 4),  # Shanghai: 1 June
            ("closure", date(2026, 6, 20), datetime(2026, 6, 20, 1, tzinfo=UTC), 1),
        ):
            session.add(
                ChangeRow(
                    at=at, as_of=as_of, enterprise=7, month=202604, reason=reason, run_id=None,
                    raw_before=None, raw_after=None, shown_before=None, shown_after=shown,
                )
            )  # fmt: skip
    with database.read() as session:
        assert reading.highest_shown(session, 7, first, last) == highest
