"""Facts without some rows: what a point counts when rows that were dealt with are left out, and what one row gives alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from api.bootstrap.risk_rows import EventRows
from api.risk.episodes.force import Outcome, Row, Settled, without_settled
from api.risk.facts import AcceptedRows, Without, compute_facts
from api.risk.spec.delivered import delivered
from tests.unit.risk_facts.accepted import DAY, MONTH, PARAMETERS, District

RULES = delivered()
KNOWN = datetime(2026, 11, 1, tzinfo=UTC)


def facts(rows: AcceptedRows, of: Mapping[int, int]) -> pl.DataFrame:
    subjects = pl.DataFrame(
        {"enterprise": list(of), "industry": ["C"] * len(of)}, schema_overrides={"enterprise": pl.Int64}
    )
    return compute_facts(rows, subjects, MONTH, DAY, PARAMETERS)


def weighed(
    district: District, point: str, settled: list[Settled], enterprise: int = 1
) -> tuple[dict[str, Row], int]:
    """Rows by key, and the tier of the point as it counts when the point itself says `tier`."""
    events = EventRows(district, RULES, facts)
    behind = events.behind({enterprise: [point]}, MONTH, DAY, KNOWN)
    rows = events.weighed(behind, {enterprise: settled}, DAY)[enterprise, point]
    tier = events._tiers({((enterprise, point), ""): set()})[(enterprise, point), ""]
    return {row.key: row for row in rows}, without_settled({point: tier}, rows, settled, DAY).tiers[point]


def clue(district: District, number: int, persons: int) -> str:
    district.add("arrears_clue", received_on=DAY - timedelta(days=number), persons=persons, verified=True)
    return f"arrears_clue:arrears_clue-{len(district.rows['arrears_clue'])}"


def settled(key: str, tier: int, point: str = "GZ04", outcome: Outcome = Outcome.CONFIRMED) -> Settled:
    return Settled(point, key, tier, outcome)


def test_a_new_small_row_counts_by_itself_beside_settled_ones() -> None:
    """Four persons were settled; one more is a blue clue, though five together are orange."""
    district = District().staff(30)
    old, new = clue(district, 20, 4), clue(district, 1, 1)
    rows, counted = weighed(district, "GZ04", [settled(old, 2)])
    assert counted == 1
    assert (rows[old].alone, rows[new].alone) == (2, 1)


def test_new_rows_count_together() -> None:
    district = District().staff(30)
    old = clue(district, 20, 4)
    for number in range(1, 6):
        clue(district, number, 1)
    assert weighed(district, "GZ04", [settled(old, 2)])[1] == 3  # five new persons


def test_a_settled_row_that_gets_worse_by_itself_counts_again_with_all_others() -> None:
    district = District().staff(30)
    old, _new = clue(district, 20, 5), clue(district, 1, 1)
    assert weighed(district, "GZ04", [settled(old, 2)])[1] == 3
    assert weighed(district, "GZ04", [settled(old, 3)])[1] == 1


def test_a_settled_row_does_not_come_back_because_another_one_came() -> None:
    district = District().staff(30)
    old = [clue(district, 20, 4), clue(district, 19, 4)]
    clue(district, 1, 2)
    assert weighed(district, "GZ04", [settled(key, 2) for key in old])[1] == 2


def test_what_is_not_settled_keeps_the_points_tier() -> None:
    district = District().staff(30)
    clue(district, 20, 4)
    clue(district, 1, 1)
    rows, counted = weighed(district, "GZ04", [])
    assert counted == 3
    assert {row.alone for row in rows.values()} == {1, 2}


def test_another_enterprise_and_another_point_keep_their_rows() -> None:
    district = District().staff(30).staff(30, enterprise=2)
    for enterprise in (1, 2):
        district.add(
            "dispute_case", enterprise=enterprise, accepted_on=date(2026, 9, 1), dispute_ref=f"d{enterprise}",
            persons=12, claim="wages",
        )  # fmt: skip
    keys = {1: "dispute_case:dispute_case-1", 2: "dispute_case:dispute_case-2"}
    assert weighed(district, "QY02", [settled(keys[1], 3, "QY02")])[1] == 0
    assert weighed(district, "QY02", [settled(keys[1], 3, "QY02")], enterprise=2)[1] == 3
    assert weighed(district, "QY02", [settled(keys[1], 3, "QY01")])[1] == 3


@pytest.mark.parametrize("outcome", [Outcome.CONFIRMED, Outcome.UNFOUNDED])
def test_all_rows_settled_is_no_tier(outcome: Outcome) -> None:
    district = District().staff(30)
    keys = [clue(district, 3, 4), clue(district, 1, 9)]
    rows, _counted = weighed(district, "GZ04", [])
    done = [Settled("GZ04", key, rows[key].own, outcome, rows[key].digest) for key in keys]
    assert weighed(district, "GZ04", done)[1] == 0


def test_variants_are_enterprises_of_their_own() -> None:
    district = District().staff(30).staff(7, enterprise=2)
    key = clue(district, 1, 3)
    made = facts(
        Without(district, {1: 1, 2: 1, 3: 2}, [(2, "arrears_clue", key.partition(":")[2])]),
        {1: 1, 2: 1, 3: 2},
    )
    found = made.select("enterprise", "staff", "clue_verified_persons_30d").rows()
    assert found == [(1, 30, 3), (2, 30, 0), (3, 7, 0)]
