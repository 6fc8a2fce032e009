"""A schema goes on to version 2 while departments still send version 1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.exchange.model import BatchState, Column, ColumnType, Dataset
from api.exchange.rules import catalogue
from tests.integration.exchange.conftest import World, code, water

NEW = Column("meters", ColumnType.INT, "表数", "Meters", nullable=True, since=2)


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Version 2 of `water`: `meters` came, `cut_off` was given up."""
    first = catalogue.dataset_of("water")
    kept = [column for column in first.columns if column.name != "cut_off"]
    made = replace(
        first, version=2, columns=(*kept, NEW), retired=(replace(first.column("cut_off"), until=1),)
    )
    assert catalogue.lint([made]) == []
    found = {**catalogue.delivered(), "water": made}
    monkeypatch.setattr(catalogue, "delivered", lambda: found)
    return made


def old_file(*rows: dict[str, object]) -> bytes:
    names = ["uscc", "name", "month", "has_meter", "usage", "arrears_months", "cut_off"]
    lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def test_both_versions_are_taken_and_say_which_they_are(world: World, second: Dataset) -> None:
    old = world.send("water", old_file(water(1), water(2)))
    new = world.send("water", [water(3, meters=4)])
    assert [(batch.state, batch.schema_version, batch.new) for batch in (old, new)] == [
        (BatchState.COMMITTED, 1, 2),
        (BatchState.COMMITTED, 2, 1),
    ]
    assert [(row["enterprise"], row["meters"]) for row in world.rows("water")] == [
        (1, None),
        (2, None),
        (3, 4),
    ]
    assert "cut_off" not in world.rows("water")[0]


def test_an_old_file_does_not_blank_what_a_new_one_said(world: World, second: Dataset) -> None:
    world.send("water", [water(1, meters=4)])
    assert world.send("water", old_file(water(1))).same == 1
    assert world.send("water", old_file(water(1, usage=9))).changed == 1
    assert [(row["usage"], row["meters"]) for row in world.rows("water")] == [(9, 4)]


def test_rows_that_were_accepted_before_the_upgrade_stay(
    world: World, request: pytest.FixtureRequest
) -> None:
    world.send("water", [water(1)])
    digest = world.accepted.snapshot(["water"])
    request.getfixturevalue("second")
    assert world.rows("water")[0]["meters"] is None
    assert world.accepted.snapshot(["water"]) == digest
    assert world.send("water", [water(1, meters=2)]).changed == 1


def test_a_mixture_of_versions_is_refused_by_name(world: World, second: Dataset) -> None:
    names = "uscc,name,month,has_meter,usage,arrears_months,cut_off,meters"
    row = f"{code(1)},x,2026-05,1,1,0,0,1"
    batch = world.send("water", f"{names}\n{row}\n".encode())
    assert batch.state is BatchState.REFUSED
    assert batch.problem is not None
    assert batch.problem["facts"]["unknown"] == "cut_off"


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (replace(NEW, nullable=False), "not nullable"),
        (replace(NEW, since=3), "comes with a version"),
        (replace(NEW, since=1, until=2), "given up with a version"),
    ],
)
def test_an_upgrade_that_would_shut_older_files_out_is_a_fault(column: Column, fault: str) -> None:
    first = catalogue.dataset_of("water")
    made = replace(first, version=2, columns=first.columns, retired=())
    made = (
        replace(made, retired=(column,)) if column.until else replace(made, columns=(*first.columns, column))
    )
    assert any(fault in line for line in catalogue.lint([made]))
