"""The pages over the installation that the bench fills: as many statements at both sizes, reasons from kept facts only."""

from __future__ import annotations

import asyncio
import json

import pytest

from api.bootstrap import risk_pages as wiring
from api.bootstrap.risk import DistrictFacts
from api.exchange.service.lookup import Lookup
from api.exchange.tables import ExchangeBatchRow, ExchangeLandingRow
from api.kernel.ids import new_id
from scripts.bench.risk_pages import NOW, WHO, Installation, application, fill, measure


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> list[Installation]:
    folder = tmp_path_factory.mktemp("districts")
    return [fill(folder / str(firms), firms, warnings) for firms, warnings in ((120, 40), (600, 240))]


def test_statements_are_the_same_at_both_sizes(
    sizes: list[Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_given: object) -> None:
        raise AssertionError("facts were computed for a view")

    monkeypatch.setattr(DistrictFacts, "facts", computed)
    small, large = (asyncio.run(measure(application(one), one, 3)) for one in sizes)
    assert {name: max(looks.statements) for name, looks in small.items()} == {
        name: max(looks.statements) for name, looks in large.items()
    }
    assert max(large["enterprise file"].statements) <= 18
    assert max(large["morning list"].statements) <= 12


def test_the_filled_files_explain_their_standing(sizes: list[Installation]) -> None:
    installation = sizes[0]
    for line in installation.risk.desk.morning(WHO, limit=20).rows:
        file = installation.risk.files.file(WHO, line.standing.enterprise)
        assert file.differing == []
        assert file.explanation["score"] == line.standing.score
        assert (line.case is not None) is (line.warning.state == "issued")


def test_names_and_codes_are_searched_literally(sizes: list[Installation]) -> None:
    directory = wiring.RegisterNames(sizes[0])
    assert directory.search("第12号", 10) == [12]
    assert directory.search("91500107ma00000012", 10) == [12]
    assert directory.search("%", 10) == []
    assert directory.search("_", 10) == []
    assert len(directory.search("示例", 7)) == 7


def test_a_batch_leads_to_its_raw_file(sizes: list[Installation]) -> None:
    installation = sizes[0]
    landing, batch = new_id(), new_id()
    with installation.uow() as session:
        session.add(
            ExchangeLandingRow(
                id=landing, dataset="bank_payroll", sha256="ab" * 32, size=9, name="代发工资-十月.csv",
                path="x", channel="upload", received_at=NOW, received_by="officer",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            ExchangeBatchRow(
                id=batch, dataset="bank_payroll", schema_version=1, landing_id=landing, mode="append",
                trial=False, state="committed", created_at=NOW,
            )
        )  # fmt: skip
    found = Lookup(installation.uow).files([batch, "unknown"])
    assert {key: (file.name, file.received_at) for key, file in found.items()} == {
        batch: ("代发工资-十月.csv", NOW)
    }
    assert Lookup(installation.uow).files([]) == {}


def test_values_of_a_source_row_are_read_as_people_write_them() -> None:
    row = {
        "dataset": "bank_payroll", "key": "k", "when": "202610", "batch": "b", "row": 3, "probable": None,
        "values": json.dumps({"uscc": "x", "name": "y", "due_amount": -150, "due_persons": 1200, "month": 202610}),
    }  # fmt: skip
    made = wiring._source_row(row, {})
    cells = {cell.en: (cell.value_zh, cell.value_en) for cell in made.cells}
    assert ("-1.50 元", "CNY -1.50") in cells.values()
    assert ("1,200", "1,200") in cells.values()
    assert not {"USCC", "name"} & set(cells)  # the page's heading says whose row it is
    assert (made.file, made.probable, made.line) == ("", False, 3)
    court = {
        **row,
        "dataset": "court_event",
        "values": json.dumps({"kind": "bankruptcy", "unpaid_end": True}),
    }
    assert [(cell.value_zh, cell.value_en) for cell in wiring._source_row(court, {}).cells] == [
        ("破产", "bankruptcy"),
        ("是", "yes"),
    ]
