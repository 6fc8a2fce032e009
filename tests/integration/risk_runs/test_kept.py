"""Facts that runs keep: whole by month, corrections laid over them, exactly as computed, swept and retired."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.kernel.errors import DomainError
from api.risk import repository
from api.risk.runs.kept import KEPT_DAYS
from api.risk.tables import FactsRow
from tests.support.risk_district import START, District

FEB, MAR = date(2026, 2, 5), date(2026, 3, 5)


def rows(district: District) -> list[FactsRow]:
    with district.database.read() as session:
        return list(session.scalars(select(FactsRow).order_by(FactsRow.made_at, FactsRow.id)))


def correct(district: District, enterprise: int, month: int, text: str) -> str:
    district.departments.say(district.later(hours=1), enterprise, text)
    with district.database.transaction() as session:
        repository.add_pending(session, {month: [enterprise]}, district.clock.now())
    run = district.runs.start_correction()
    assert run is not None
    return district.runs.complete(run.id).id


def test_a_run_keeps_the_facts_it_computed(district: District) -> None:
    district.departments.say(START, 2, "GZ01 R")
    done = district.month(202601, FEB)
    (row,) = rows(district)
    assert (row.run_id, row.kind, row.month, row.as_of, row.firms) == (done.id, "monthly", 202601, FEB, 6)
    facts = district.kept.of_run(done.id, 202601, 2)
    assert facts is not None
    assert (facts["point:GZ01"], facts["staff"]) == (4, 20)
    assert district.kept.of_run(done.id, 202601, 99) is None
    assert district.kept.of_run("x" * 26, 202601, 2) is None
    whole = district.kept.whole(202601)
    assert whole is not None
    assert whole.equals(district.departments.facts(202601, FEB, START))


def test_a_correction_keeps_only_what_it_computed_and_is_laid_over_the_month(district: District) -> None:
    month = district.month(202601, FEB)
    run = correct(district, 3, 202601, "GZ01 O")
    delta = rows(district)[-1]
    assert (delta.run_id, delta.kind, delta.firms) == (run, "correction", 1)
    whole = district.kept.whole(202601)
    assert whole is not None
    assert dict(whole.select("enterprise", "point:GZ01").iter_rows()) == {1: 0, 2: 0, 3: 3, 4: 0, 5: 0, 6: 0}
    assert whole.equals(district.departments.facts(202601, FEB, district.clock.now()))
    assert district.kept.history(3, [202601, 202602])[202601]["point:GZ01"] == 3
    assert list(district.kept.history(3, [202601, 202602])) == [202601]
    before = district.kept.of_run(month.id, 202601, 3)
    assert before is not None
    assert before["point:GZ01"] == 0  # what the month's run had is still there
    newest = district.kept.newest(202601, 3)
    assert newest is not None
    assert (newest.run_id, newest.as_of, newest.facts["point:GZ01"]) == (run, FEB, 3)
    other = district.kept.newest(202601, 4)
    assert other is not None
    assert other.run_id == month.id


def test_newest_facts_may_be_a_days_while_the_month_stays(district: District) -> None:
    district.month(202601, FEB)
    district.departments.say(START, 2, "QY02 O", first=date(2026, 2, 10))
    day = district.today(date(2026, 2, 10))
    newest = district.kept.newest(202601, 2)
    assert newest is not None
    assert (newest.run_id, newest.facts["point:QY02"]) == (day.id, 3)
    assert district.kept.history(2, [202601])[202601]["point:QY02"] == 0


def test_corrections_of_others_are_not_opened(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    district.month(202601, FEB)
    for enterprise in (3, 4, 5):
        correct(district, enterprise, 202601, "GZ01 O")
    opened: list[str] = []
    original = district.kept._path

    def watched(row: FactsRow) -> Path:
        opened.append(row.kind)
        return original(row)

    monkeypatch.setattr(district.kept, "_path", watched)
    district.kept.newest(202601, 2)
    district.kept.history(4, [202601])
    assert opened == ["monthly", "correction"]


def test_a_damaged_or_lost_file_is_never_read(district: District) -> None:
    done = district.month(202601, FEB)
    (row,) = rows(district)
    path = district.folder / "facts" / row.file
    assert district.kept.of_run(done.id, 202601, 2) is not None  # its digest is known to be right now
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DomainError, match=r"risk\.facts_damaged"):
        district.kept.of_run(done.id, 202601, 2)
    path.unlink()
    with pytest.raises(DomainError, match=r"risk\.facts_damaged"):
        district.kept.whole(202601)


def test_orphans_are_swept_after_an_hour_and_nothing_else(district: District) -> None:
    district.month(202601, FEB)
    folder = district.folder / "facts"
    kept = [path.name for path in folder.iterdir()]
    orphan, part, other = (
        folder / name for name in (f"202601-{'a' * 16}.parquet", f".{'b' * 32}.part", "notes.txt")
    )
    for path in (orphan, part, other):
        path.write_bytes(b"left behind")
    assert district.runs.sweep() == 0
    old = time.time() - 7200
    for path in folder.iterdir():
        os.utime(path, (old, old))
    assert district.runs.sweep() == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted([*kept, "notes.txt"])


def test_facts_of_days_are_retired_and_months_stay(district: District) -> None:
    district.month(202601, FEB)
    district.departments.say(START, 2, "QY02 B", first=date(2026, 2, 10))
    district.today(date(2026, 2, 10))
    district.departments.say(START, 2, "QY02 Y", first=date(2026, 3, 20))
    last = date(2026, 2, 10) + timedelta(days=KEPT_DAYS)
    district.today(last)
    assert [(row.kind, row.as_of) for row in rows(district)] == [
        ("monthly", FEB), ("daily", date(2026, 2, 10)), ("daily", last),
    ]  # fmt: skip
    district.today(last + timedelta(days=1))
    assert [row.as_of for row in rows(district)] == [FEB, last, last + timedelta(days=1)]


def test_a_month_computed_without_a_run_is_forgotten_when_its_rows_change(
    district: District, tmp_path: Path
) -> None:
    frame = district.departments.facts(202512, date(2026, 1, 5), START)
    file = district.kept.write(frame)
    with district.database.transaction() as session:
        district.kept.name(
            session, file, run_id=None, kind="computed", month=202512, as_of=date(2026, 1, 5),
            known_at=START, now=START,
        )  # fmt: skip
    assert district.kept.whole(202512) is not None
    assert district.kept.newest(202512, 1) is None  # no run said anything of it
    with district.database.transaction() as session:
        assert district.kept.without_run(session) == [202512]
        district.kept.outdated(session, [202511])
    assert district.kept.digest(202512) is not None
    with district.database.transaction() as session:
        district.kept.outdated(session, [202512])
    assert district.kept.whole(202512) is None
    assert district.kept.digest(202512) is None
