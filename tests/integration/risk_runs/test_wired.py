"""The whole slice as the container wires it: accepted rows, facts, rules, run, correction, replay, explanation."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from api.bootstrap import risk as bootstrap
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from api.kernel.events import Bus, RowsChanged
from api.parameters.service import ParametersService
from api.risk import repository as risk_repository
from api.risk import tasks
from api.risk.facts import FactParameters
from api.risk.tables import ChangeRow, StandingRow, WarningRow
from tests.support.risk_district import Record
from tests.support.slice_application import NODE_MODULES, person
from tests.unit.risk_facts.accepted import District as Accepted

NOW = datetime(2026, 11, 5, 1, tzinfo=UTC)
DAY = date(2026, 11, 5)
ANALYST = person("risk_analyst")


class Register:
    """Three enterprises, and those that a test adds."""

    def __init__(self) -> None:
        self.later: list[pl.DataFrame] = []

    def versions(self) -> pl.DataFrame:
        always = pl.lit(datetime(2020, 1, 1, tzinfo=UTC)).alias("known_from")
        still = pl.lit(None, pl.Datetime("us", "UTC")).alias("known_to")
        return pl.concat([self.subjects().with_columns(always, still), *self.later])

    def subjects(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "enterprise": [1, 2, 3],
                "uscc": ["A", "B", "C"],
                "name": ["示例甲", "示例乙", "示例丙"],
                "town": ["500107001", "500107002", "500107001"],
                "industry": ["C18", "C18", "F51"],
            },
            schema_overrides={"enterprise": pl.Int64},
        )

    def details(self, enterprises: list[int]) -> list[dict[str, Any]]:
        return [row for row in self.subjects().to_dicts() if row["enterprise"] in enterprises]


class NoCases:
    """Disposal has no case."""

    def of_enterprise(self, who: Any, enterprise: int) -> list[Any]:
        return []

    def owned(self, who: Any, enterprise: int) -> bool:
        return False

    def by_warnings(self, who: Any, warnings: Any) -> dict[str, Any]:
        return {}


class KnownRows(Accepted):
    """A snapshot that is cut by the moment, as the exchange's is."""

    def covered_by_dataset(self, known_at: datetime | None = None) -> dict[str, date]:
        return {code: self.covered(code) for code in self.rows}

    def snapshot(self, datasets: Any, known_at: datetime | None = None) -> bytes:
        rows = [
            row
            for code in sorted(datasets)
            for row in self.rows[code]
            if known_at is None or row["_known"] <= known_at
        ]
        return hashlib.sha256(repr(rows).encode()).digest()


@pytest.fixture
def container(database: Database, tmp_path: Path) -> Any:
    rows = KnownRows()
    for enterprise in (1, 2, 3):
        rows.staff(20, enterprise=enterprise)
        rows.add("market_registry", enterprise=enterprise, status="open", industry="C18")
    rows.add("court_event", enterprise=2, filed_on=date(2026, 10, 20), kind="bankruptcy", persons=0)
    clock, uow = FixedClock(NOW), UnitOfWork(database)
    made = SimpleNamespace(
        db=database, uow=uow, clock=clock, bus=Bus(), recorder=Record(),
        settings=SimpleNamespace(
            data_dir=tmp_path, node_modules=NODE_MODULES, font_dirs=(), test_installation=True
        ), anchoring=SimpleNamespace(),
        parameters=ParametersService(uow, clock),
        exchange=SimpleNamespace(accepted=rows, subjects=Register()), rows=rows,
        disposal=SimpleNamespace(reading=NoCases(), desk=SimpleNamespace(units=list)),
        identity=SimpleNamespace(accounts=SimpleNamespace(display_names=lambda accounts: {})),
    )  # fmt: skip
    made.risk = bootstrap.build(made)  # type: ignore[arg-type]
    bootstrap.subscribe(made)  # type: ignore[arg-type]
    return made


def test_a_month_of_accepted_rows_lights_the_bankrupt_enterprise(container: Any) -> None:
    risk = container.risk
    run = risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    assert run.counts["opened"] == 1
    file = risk.files.file(ANALYST, 2)
    assert (file.standing.shown, file.name, file.tiers["JY03"]) == (4, "示例乙", 4)
    assert (file.explanation["raw_grade"], file.differing) == ("red", [])
    rows = [row for group in risk.files.point(ANALYST, 2, "JY03").behind for row in group.rows]
    assert [(row.dataset, row.key) for row in rows] == [("court_event", "court_event-1")]
    (line,) = risk.desk.morning(ANALYST).rows
    assert (line.standing.enterprise, line.name) == (2, "示例乙")
    again = risk.replay.replay(run.id)
    assert (again.same_bytes, again.same_numbers, again.same_input) == (True, True, True)


def test_changed_rows_are_scored_again_for_their_enterprise_only(container: Any) -> None:
    risk, rows = container.risk, container.rows
    risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    later = container.clock.advance(NOW - NOW.replace(hour=0))
    rows.add("court_event", enterprise=3, filed_on=date(2026, 10, 21), kind="bankruptcy", persons=0)
    rows.rows["court_event"][-1]["_known"] = later
    with container.uow() as session:
        container.bus.publish(session, RowsChanged("court_event", [(3, 202610)]))
    run = risk.runs.start_correction()
    assert run is not None
    done = risk.runs.complete(run.id)
    assert (done.firms, done.counts["opened"]) == (1, 1)
    with container.db.read() as session:
        assert session.get_one(StandingRow, 3).shown == 4
        change = session.scalars(select(ChangeRow).where(ChangeRow.reason == "correction")).one()
        assert (change.enterprise, change.raw_before, change.raw_after) == (3, 0, 4)
        assert len(session.scalars(select(WarningRow)).all()) == 2


def test_the_first_rows_of_a_register_wait_in_every_scored_month(container: Any) -> None:
    risk = container.risk
    for month, day in ((202609, date(2026, 10, 5)), (202610, DAY)):
        risk.runs.complete(risk.runs.start_monthly(month, day).id)
    with container.uow() as session:
        container.bus.publish(session, RowsChanged("union_state", [(1, 202610), (3, 202610)]))
        assert risk_repository.waiting(session) == [(202609, 2), (202610, 2)]
    container.clock.advance(NOW - NOW.replace(hour=0))
    tasks.run_due(container)
    with container.uow.read() as session:
        assert risk_repository.waiting(session) == []


def test_event_rows_are_settled_by_their_key(container: Any) -> None:
    risk = container.risk
    risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    with container.db.read() as session:
        warning = session.scalars(select(WarningRow)).one()
    rows = risk.warnings.open_rows(warning.episode_id)
    assert ("JY03", "court_event:court_event-1", 4) in [(row.point, row.key, row.tier) for row in rows]
    with container.uow() as session:
        risk.supporting.settle(session, warning.episode_id, rows, "confirmed", None)
        risk.warnings.end(session, warning.episode_id, "officer", "director")
    container.clock.advance(NOW - NOW.replace(hour=0))
    risk.runs.complete(risk.runs.start_daily(DAY).id)
    with container.db.read() as session:
        standing = session.get_one(StandingRow, 2)
    assert (standing.shown, standing.effective, standing.raw) == (0, 0, 4)


def test_a_candidate_that_the_lint_refuses_is_not_measured(container: Any) -> None:
    document = dict(container.risk.rulesets.in_force(DAY).document)
    document["points"] = document["points"][:-1]
    with pytest.raises(DomainError, match=r"risk\.ruleset_invalid"):
        container.risk.backtests.candidate(None, document)


def test_without_the_exchange_there_are_no_facts(container: Any) -> None:
    del container.exchange
    with pytest.raises(DomainError, match=r"risk\.exchange_missing"):
        container.risk.runs.start_monthly(202610, DAY)


def test_the_reference_table_is_computed_once_a_month(
    container: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(*given: Any) -> FactParameters:
        asked.append(given[2])
        return original(*given)

    original = bootstrap.reference
    monkeypatch.setattr(bootstrap, "reference", counted)
    risk = container.risk
    risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    container.clock.advance(NOW - NOW.replace(hour=0))
    risk.files.file(ANALYST, 2)
    risk.runs.complete(risk.runs.start_daily(DAY).id)
    assert asked == [202610]


def test_the_first_round_of_a_worker_sweeps_what_dead_processes_left(container: Any, tmp_path: Path) -> None:
    risk = container.risk
    run = risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    kept = {path.name for path in (tmp_path / "risk").rglob("*.parquet")}
    orphans = [
        tmp_path / "risk" / "decisions" / f"{'a' * 26}.parquet",
        tmp_path / "risk" / "decisions" / f"{'b' * 26}.parquet.part",
        tmp_path / "risk" / "facts" / f"202610-{'c' * 16}.parquet",
        tmp_path / "risk" / "backtests" / f"{'d' * 26}.202610.parquet",
    ]
    for path in orphans:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left behind")
        os.utime(path, (0, 0))
    tasks.run_due(container)
    assert not any(path.exists() for path in orphans)
    assert {path.name for path in (tmp_path / "risk").rglob("*.parquet")} == kept
    assert risk.replay.replay(run.id).same_bytes
    orphans[0].write_bytes(b"another process at work")
    tasks.run_due(container)
    assert orphans[0].exists()


def test_facts_of_a_run_are_those_that_the_rows_give(container: Any) -> None:
    risk = container.risk
    run = risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    whole = risk.kept.whole(202610)
    assert whole.equals(risk.facts.facts(202610, DAY, run.known_at))
    assert risk.kept.newest(202610, 2).facts["staff"] == 20


def test_a_backtest_of_the_delivered_rules_against_themselves_moves_nothing(container: Any) -> None:
    risk = container.risk
    (choice,) = risk.backtests.choices(ANALYST)
    candidate = risk.backtests.candidate(choice.id, None)
    asked = risk.backtests.ask(ANALYST, candidate, 202609, 202610, 10)
    while tasks.measure(container):
        pass
    done = risk.backtests.get(ANALYST, asked.id)
    assert (done.state, done.result["moved"], done.over_capacity) == ("finished", 0, False)
    assert done.result["matrix"][4][4] == 1  # the bankrupt enterprise
    assert risk.backtests.passed(choice.hash)


def test_rows_that_change_make_a_computed_month_outdated(container: Any) -> None:
    risk = container.risk
    candidate = risk.backtests.candidate("delivered", None)
    risk.backtests.complete(risk.backtests.ask(ANALYST, candidate, 202609, 202610, 10).id)
    assert risk.kept.digest(202609) is not None
    with container.uow() as session:
        container.bus.publish(session, RowsChanged("si_month", [(3, 202610)]))
    assert (risk.kept.digest(202609) is None, risk.kept.digest(202610) is None) == (False, True)


def test_a_replay_knows_the_register_of_then(container: Any) -> None:
    """An enterprise that registered since, and one that moved, are no part of what a run said."""
    risk, register = container.risk, container.exchange.subjects
    run = risk.runs.complete(risk.runs.start_monthly(202610, DAY).id)
    later = container.clock.advance(NOW - NOW.replace(hour=0))
    fresh = (
        register.versions()
        .head(1)
        .with_columns(pl.lit(4, pl.Int64).alias("enterprise"), pl.lit(later).alias("known_from"))
    )
    register.later.append(fresh)
    container.rows.add("market_registry", enterprise=4, status="open", industry="C18")
    container.rows.rows["market_registry"][-1]["_known"] = later
    assert risk.facts.subjects(later)["enterprise"].to_list() == [1, 2, 3, 4]
    again = risk.replay.replay(run.id)
    assert (again.same_bytes, again.same_numbers, again.same_input) == (True, True, True)
    done = risk.runs.complete(risk.runs.start_daily(date(2026, 11, 6)).id)
    assert (run.firms, done.firms) == (3, 4)
