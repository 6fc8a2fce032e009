"""Closure: every supporting row, a second person, and what comes after."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from api.infra.db import UnitOfWork
from api.kernel.errors import DomainError
from api.kernel.events import CaseClosed, EpisodeClosed
from api.risk.episodes.closure import Decided
from api.risk.episodes.force import Outcome, Row
from api.risk.service.warnings import Warnings
from api.risk.tables import ChangeRow, EpisodeRow, SettledRow, StandingRow, WarningRow
from tests.support.risk_district import START, District
from tests.support.slice_application import person

FEB = date(2026, 2, 5)
DIRECTOR = person("risk_director")
A, B, C = (Row("GZ04", f"clue-{name}", 5, name * 2) for name in "abc")


def lit(district: District, rows: tuple[Row, ...] = (A, B)) -> EpisodeRow:
    district.hear(EpisodeClosed)
    district.departments.say(START, 1, "GZ04 O", rows=rows)
    district.month(202601, FEB)
    with district.database.read() as session:
        return session.scalars(select(EpisodeRow)).one()


def decided(*keys: str, outcome: Outcome = Outcome.CONFIRMED) -> list[Decided]:
    return [Decided("GZ04", key, outcome) for key in keys]


def standing(district: District) -> StandingRow:
    with district.database.read() as session:
        return session.get_one(StandingRow, 1)


def test_open_rows_are_the_event_rows_at_their_points_tier(district: District, warnings: Warnings) -> None:
    episode = lit(district)
    assert warnings.open_rows(episode.id) == [Row("GZ04", "clue-a", 3, "aa"), Row("GZ04", "clue-b", 3, "bb")]


def test_a_row_left_open_is_a_conflict_and_nothing_is_kept(district: District, warnings: Warnings) -> None:
    episode = lit(district)
    with pytest.raises(DomainError) as refused:
        warnings.close(DIRECTOR, episode.id, decided("clue-a"), "officer-1")
    assert (refused.value.code, refused.value.kind, refused.value.facts["count"]) == (
        "risk.rows_open",
        "conflict",
        1,
    )
    with district.database.read() as session:
        assert session.scalars(select(SettledRow)).all() == []
        assert session.get_one(EpisodeRow, episode.id).closed_at is None


def test_nobody_closes_alone(district: District, warnings: Warnings) -> None:
    episode = lit(district)
    with pytest.raises(DomainError, match=r"risk\.second_person_required"):
        warnings.close(DIRECTOR, episode.id, decided("clue-a", "clue-b"), DIRECTOR.actor)
    with pytest.raises(DomainError, match="role_required"):
        warnings.close(person("street_officer"), episode.id, decided("clue-a", "clue-b"), "officer-1")


def test_closure_shows_the_effective_grade_and_settled_rows_stay_without_force(
    district: District, warnings: Warnings
) -> None:
    episode = lit(district)
    warnings.close(DIRECTOR, episode.id, decided("clue-a", "clue-b"), "officer-1")
    assert (standing(district).shown, standing(district).raw) == (0, 2)
    with district.database.read() as session:
        warning = session.scalars(select(WarningRow)).one()
        closed = session.get_one(EpisodeRow, episode.id)
        (last,) = session.scalars(select(ChangeRow).where(ChangeRow.reason == "closure"))
    assert (warning.state, warning.pending) == ("closed", 0)
    assert (closed.closed_by, closed.second) == ("officer-1", DIRECTOR.actor)
    assert (last.shown_before, last.shown_after) == (2, 0)
    assert [draft.type for draft in district.record.drafts] == ["risk.W05/1"]
    assert len(district.events) == 1
    district.today(date(2026, 2, 6))
    assert (standing(district).shown, standing(district).effective, standing(district).raw) == (0, 0, 2)
    with pytest.raises(DomainError, match=r"risk\.episode_closed"):
        warnings.close(DIRECTOR, episode.id, [], "officer-1")


def test_a_new_row_opens_a_level_up_with_a_warning_of_its_own(district: District, warnings: Warnings) -> None:
    episode = lit(district)
    warnings.close(DIRECTOR, episode.id, decided("clue-a", "clue-b"), "officer-1")
    district.departments.say(START, 1, "GZ04 O", first=date(2026, 3, 1), rows=(A, B, C))
    done = district.today(date(2026, 3, 1))
    assert done.counts["opened"] == 1
    with district.database.read() as session:
        second = session.scalars(select(EpisodeRow).where(EpisodeRow.number == 2)).one()
        pending = session.scalars(select(WarningRow.pending).where(WarningRow.episode_id == second.id)).one()
    assert (second.grade, second.lift, pending, standing(district).shown) == (3, 1, 3, 2)
    assert [row.key for row in warnings.open_rows(second.id)] == ["clue-c"]
    assert [draft.type for draft in district.record.drafts] == ["risk.W05/1", "risk.W07/1"]


def test_a_reason_holds_until_its_day_and_its_return_is_no_repetition(
    district: District, warnings: Warnings
) -> None:
    episode = lit(district, (A,))
    until = date(2026, 2, 20)
    with pytest.raises(DomainError, match=r"risk\.facts_not_lower"):
        warnings.close(DIRECTOR, episode.id, decided("clue-a", outcome=Outcome.RESOLVED), "officer-1")
    warnings.close(
        DIRECTOR,
        episode.id,
        [Decided("GZ04", "clue-a", Outcome.RESOLVED, until, "分期支付协议")],
        "officer-1",
    )
    district.today(until)
    assert standing(district).shown == 0
    district.today(date(2026, 2, 21))
    with district.database.read() as session:
        second = session.scalars(select(EpisodeRow).where(EpisodeRow.number == 2)).one()
    assert (second.grade, second.lift, standing(district).shown) == (2, 0, 2)


def test_a_closed_case_ends_the_episode_in_its_own_transaction(
    district: District, warnings: Warnings
) -> None:
    episode = lit(district)
    district.bus.subscribe(CaseClosed, warnings.case_closed)
    uow = UnitOfWork(district.database)
    event = CaseClosed("case-1", "w", episode.id, 1, "confirmed", district.clock.now())

    def end(*keys: str) -> None:
        with uow() as session:
            warnings.settle(session, episode.id, decided(*keys), "officer-1")
            district.bus.publish(session, event)

    with pytest.raises(DomainError, match=r"risk\.rows_open"):
        end("clue-a")
    end("clue-a", "clue-b")
    assert standing(district).shown == 0
    with district.database.read() as session:
        assert session.get_one(EpisodeRow, episode.id).closed_by == "case:case-1"


def test_overrides_and_snoozes_have_a_reason_and_an_expiry(district: District, warnings: Warnings) -> None:
    lit(district)
    for day in (date(2026, 2, 5), date(2027, 3, 1)):
        with pytest.raises(DomainError, match=r"risk\.expiry_malformed"):
            warnings.judge(DIRECTOR, 1, "snooze", None, "旺季", day)
    with pytest.raises(DomainError, match=r"risk\.reason_missing"):
        warnings.judge(DIRECTOR, 1, "snooze", None, "  ", date(2026, 2, 10))
    with pytest.raises(DomainError, match=r"risk\.grade_malformed"):
        warnings.judge(DIRECTOR, 1, "override", 5, "旺季", date(2026, 2, 10))
    with pytest.raises(DomainError, match="not_found"):
        warnings.judge(DIRECTOR, 77, "snooze", None, "旺季", date(2026, 2, 10))
    made = warnings.judge(DIRECTOR, 1, "override", 3, "旺季", date(2026, 2, 10))
    warnings.withdraw(DIRECTOR, made.id)
    with pytest.raises(DomainError, match=r"risk\.already_withdrawn"):
        warnings.withdraw(DIRECTOR, made.id)
