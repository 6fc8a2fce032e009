"""Runs over a real database: what is written, what is not, and what a second run adds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from api.infra.db import Database, UnitOfWork
from api.kernel.errors import DomainError
from api.risk import repository
from api.risk.episodes.grading import Grading
from api.risk.runs import engine
from api.risk.runs.replay import Replay
from api.risk.tables import ChangeRow, EpisodeRow, IndexRow, RunRow, ShadowRow, StandingRow, WarningRow
from tests.support.risk_district import START, District
from tests.support.risk_story import DOCUMENT

FEB, MAR, APR = date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)


def standing(district: District, enterprise: int) -> StandingRow:
    with district.database.read() as session:
        return session.get_one(StandingRow, enterprise)


def rows(district: District, table: type) -> list:
    with district.database.read() as session:
        return list(session.scalars(select(table)))


def test_a_monthly_run_keeps_its_hashes_its_file_and_one_warning(district: District) -> None:
    district.departments.say(START, 2, "GZ01 R")
    done = district.month(202601, FEB)
    assert (done.state, done.firms) == ("finished", 6)
    assert done.ruleset_hash == district.rulesets.ref.hash
    assert done.input_hash == district.departments.snapshot(START)
    kept = district.files.read(f"{done.id}.parquet", done.sha256)
    assert kept["enterprise"].to_list() == [1, 2, 3, 4, 5, 6]
    assert kept.filter(pl.col("enterprise") == 2)["raw_grade"].item() == 4
    assert done.counts == {"seen": 6, "moved": 6, "written": 6, "opened": 1}
    assert (standing(district, 2).shown, standing(district, 1).shown) == (4, 0)
    assert [(e.enterprise, e.number, e.grade) for e in rows(district, EpisodeRow)] == [(2, 1, 4)]
    assert [(w.enterprise, w.state, w.pending, w.grade) for w in rows(district, WarningRow)] == [
        (2, "proposed", 4, 0)
    ]


def test_a_damaged_file_is_never_read(district: District) -> None:
    done = district.month(202601, FEB)
    path = district.folder / "decisions" / f"{done.id}.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DomainError) as refused:
        district.files.read(path.name, done.sha256)
    assert (refused.value.code, refused.value.kind) == ("risk.decisions_damaged", "integrity")


def test_the_same_run_again_is_the_same_run(district: District) -> None:
    district.departments.say(START, 2, "GZ01 R")
    first = district.month(202601, FEB)
    assert district.month(202601, FEB) == first
    assert len(rows(district, RunRow)) == 1
    assert len(rows(district, WarningRow)) == 1


def test_only_changed_standings_are_written(district: District) -> None:
    district.departments.say(START, 2, "GZ01 R")
    first = district.month(202601, FEB)
    district.departments.say(START, 3, "JY02 B", first=date(2026, 2, 10))
    day = district.today(date(2026, 2, 10))
    assert day.counts["written"] == 1
    assert (standing(district, 3).run_id, standing(district, 1).run_id) == (day.id, first.id)
    assert standing(district, 2).run_id == first.id


def test_a_day_moves_events_and_no_rates(district: District) -> None:
    """The domain's daily run: latest monthly tiers and today's events."""
    ref = district.scorer.checked({**DOCUMENT, "rates": ["QY01"]})
    district.rulesets.ref = ref
    district.departments.say(START, 2, "QY01 B")
    district.month(202601, FEB)
    district.departments.say(START, 2, "QY01 R, QY02 Y", first=date(2026, 2, 10))
    done = district.today(date(2026, 2, 10))
    tiers = Grading.of(DOCUMENT).unpack(standing(district, 2).tiers_a, standing(district, 2).tiers_b)
    assert (tiers["QY01"], tiers["QY02"]) == (1, 2)
    assert standing(district, 2).score == (400 * 25 + 500 * 50) // 100
    replay = Replay(
        UnitOfWork(district.database),
        district.clock,
        district.process(),
        district.departments,
        district.files,
    )
    assert replay.replay(done.id).same_bytes
    district.month(202602, MAR)
    tiers = Grading.of(DOCUMENT).unpack(standing(district, 2).tiers_a, standing(district, 2).tiers_b)
    assert tiers["QY01"] == 4


def test_a_day_that_says_nothing_new_reads_no_standing(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    district.departments.say(START, 2, "GZ01 R")
    district.month(202601, FEB)
    read: list[list[int]] = []
    original = repository.standings

    def watched(session: Any, enterprises: list[int]) -> Any:
        read.append(list(enterprises))
        return original(session, enterprises)

    monkeypatch.setattr(repository, "standings", watched)
    district.departments.say(START, 3, "JY02 B", first=date(2026, 2, 11))
    assert district.today(date(2026, 2, 10)).counts["seen"] == 6
    assert read == [[]]  # also the enterprise with a light waits unread
    district.today(date(2026, 2, 11))
    assert read[1:] == [[3]]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_whoever_has_something_to_learn_is_found_however_few_are_compared_at_a_time(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """The last of six enterprises, behind windows in which nobody learns anything."""
    monkeypatch.setattr(engine, "LOOK", 1)
    district = District(database, tmp_path, batch=batch)
    district.departments.say(START, 2, "GZ01 R")
    assert district.month(202601, FEB).counts["seen"] == 6
    district.departments.say(START, 6, "SB01 Y", first=date(2026, 2, 10))
    done = district.today(date(2026, 2, 10))
    assert (done.counts["seen"], done.counts["written"], done.counts["opened"]) == (6, 1, 1)
    assert [standing(district, n).shown for n in range(1, 7)] == [0, 4, 0, 0, 0, 1]


def test_a_light_that_came_back_is_looked_at_once_more(district: District) -> None:
    """A month at the old tier leaves the reading before it, which the first day after takes away: not a quiet standing."""
    district.departments.say(START, 2, "GZ01 B")
    district.departments.say(START, 2, "", first=date(2026, 3, 1), last=date(2026, 3, 31))
    district.month(202601, FEB)
    district.month(202602, MAR)
    district.month(202603, APR)
    assert standing(district, 2).memory["readings"] == {"202602": {"GZ01": 0}}
    assert not standing(district, 2).quiet
    district.today(date(2026, 4, 6))
    assert (standing(district, 2).memory["readings"], standing(district, 2).quiet) == ({}, True)


def test_other_rules_look_at_every_standing_that_waits(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    district.departments.say(START, 2, "GZ01 R")
    district.month(202601, FEB)
    district.rulesets.ref = district.scorer.checked({**DOCUMENT, "version": "other"})
    read: list[list[int]] = []
    original = repository.standings

    def watched(session: Any, enterprises: list[int]) -> Any:
        read.append(list(enterprises))
        return original(session, enterprises)

    monkeypatch.setattr(repository, "standings", watched)
    district.today(date(2026, 2, 10))
    assert read == [[2]]


def test_a_rise_inside_an_episode_raises_its_one_warning(district: District) -> None:
    district.departments.say(START, 2, "SB01 Y")
    district.month(202601, FEB)
    district.departments.say(START, 2, "SB01 R", first=date(2026, 2, 10))
    done = district.today(date(2026, 2, 10))
    assert done.counts["raised"] == 1
    (episode,), (warning,) = rows(district, EpisodeRow), rows(district, WarningRow)
    assert (episode.grade, episode.clocks_from, episode.opened_on) == (4, date(2026, 2, 10), FEB)
    assert (warning.pending, warning.run_id) == (4, done.id)
    assert warning.due_signoff is not None


def test_unknown_keeps_the_light_and_two_fresh_months_let_it_fall(district: District) -> None:
    district.departments.say(START, 2, "GZ01 R", last=date(2026, 2, 28))
    district.departments.say(START, 2, "GZ01 ?", first=date(2026, 3, 1), last=date(2026, 3, 31))
    district.month(202601, FEB)
    district.month(202602, MAR)
    assert (standing(district, 2).raw, standing(district, 2).shown) == (0, 4)
    assert standing(district, 2).memory["unknown_since"] == {"GZ01": "2026-03-05"}
    district.month(202603, APR)
    assert standing(district, 2).shown == 4
    district.month(202604, date(2026, 5, 5))
    assert standing(district, 2).shown == 0
    log = [(c.reason, c.shown_before, c.shown_after) for c in rows(district, ChangeRow) if c.enterprise == 2]
    assert log == [("run", 5, 4), ("run", 4, 4), ("run", 4, 0)]


def test_runs_keep_their_order_and_need_a_month(district: District) -> None:
    with pytest.raises(DomainError, match=r"risk\.no_monthly_run"):
        district.runs.start_daily(FEB)
    with pytest.raises(DomainError, match=r"risk\.month_malformed"):
        district.runs.start_monthly(202613, FEB)
    district.month(202601, FEB)
    with pytest.raises(DomainError, match=r"risk\.run_out_of_order"):
        district.runs.start_daily(date(2026, 2, 4))
    district.runs.start_daily(date(2026, 2, 6))
    with pytest.raises(DomainError, match=r"risk\.run_in_progress"):
        district.runs.start_daily(date(2026, 2, 7))


def test_the_index_weighs_by_size(district: District) -> None:
    district.departments.say(START, 1, "GZ01 R")
    district.month(202601, FEB)
    found = {(r.by, r.group): r for r in rows(district, IndexRow)}
    whole = found["all", ""]
    assert (whole.firms, whole.size, whole.weighted) == (6, 210, 10 * 1400)
    assert whole.counts == [5, 0, 0, 0, 1]
    assert found["town", "500107002"].counts == [1, 0, 0, 0, 1]
    assert found["industry", "F"].firms == 3


def test_a_shadow_run_counts_moved_grades_and_warns_nobody(district: District) -> None:
    mild = district.scorer.checked({**DOCUMENT, "version": "mild", "red_points": []})
    with district.database.transaction() as session:
        repository.keep_ruleset(session, mild.name, mild.version, mild.hash, mild.document)
        session.add(
            ShadowRow(
                id="s" * 26,
                ruleset_hash=mild.hash,
                first_day=FEB,
                last_day=FEB,
                author="a",
                reason="r",
                made_at=START,
            )
        )
    district.departments.say(START, 2, "GZ01 R")
    district.month(202601, FEB)
    assert district.runs.resume() == 1
    shadow = next(r for r in rows(district, RunRow) if r.kind == "shadow")
    assert (shadow.state, shadow.counts, shadow.ruleset_hash) == (
        "finished",
        {"0-0": 5, "4-3": 1},
        mild.hash,
    )
    assert len(rows(district, WarningRow)) == 1
    assert standing(district, 2).shown == 4
    district.month(202602, MAR)
    assert district.runs.resume() == 0  # the period is over
