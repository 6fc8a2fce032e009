"""Three executors, one result, over 200,000 generated enterprises; what they refuse; and the hash that compares them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from api.risk.scoring import duckdb_executor, polars_executor, python_executor
from api.risk.scoring.decision import OUTPUT, pack, unpack
from api.risk.scoring.digest import digest
from api.risk.scoring.grading import Grading
from api.risk.spec.document import parse
from api.risk.spec.model import FACT_LIMIT, HALF, RuleSet, RuleSetError, Tier
from scripts.bench.risk_facts import chunk, chunks, edges, pairs
from tests.unit.risk_scoring.agreement import by_duckdb, by_polars, by_python
from tests.unit.risk_scoring.rule_sets import checked, delivered_points, plain, plain_document, real

REAL = real()
(DELIVERED,) = delivered_points()
ROWS, SIZE = 200_000, 20_000


@pytest.mark.slow
@pytest.mark.parametrize("ruleset", [REAL, DELIVERED], ids=lambda r: f"{len(r.facts)}-facts")
def test_all_three_say_the_same_of_200_000_enterprises(ruleset: RuleSet) -> None:
    made: dict[str, list[pl.DataFrame]] = {"polars": [], "python": [], "duckdb": []}
    for facts in chunks(ruleset, seed=6, rows=ROWS, size=SIZE):
        made["polars"].append(by_polars(ruleset, facts))
        made["python"].append(by_python(ruleset, facts))
        made["duckdb"].append(by_duckdb(ruleset, facts))
    whole = {name: pl.concat(frames) for name, frames in made.items()}
    assert whole["polars"].height == ROWS
    assert len({digest(frame) for frame in whole.values()}) == 1
    grades = set(whole["python"]["raw_grade"].unique())
    assert grades == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("ruleset", [REAL, DELIVERED], ids=lambda r: f"{len(r.facts)}-facts")
def test_the_generated_facts_stand_on_every_edge(ruleset: RuleSet) -> None:
    facts = chunk(ruleset, 6, 0, SIZE)
    for fact, values in edges(ruleset).items():
        assert set(values) <= set(facts[fact].unique()), fact
        assert facts[fact].null_count() > 0, fact
        assert {-(2**63), 2**63 - 1, FACT_LIMIT, FACT_LIMIT + 1, -FACT_LIMIT - 1} <= set(
            facts[fact].unique()
        ), fact
    for (num, den), bps in pairs(ruleset).items():
        for bp in bps:
            exact = pl.col(num).cast(pl.Int128) * 10_000 - pl.col(den).cast(pl.Int128) * bp
            near = facts.filter(pl.col(den) > 0).select(exact.alias("x"))["x"]
            assert (near == 0).any(), (num, den, bp)
            assert near.is_between(-10_000, -1).any(), (num, den, bp)
            assert near.is_between(1, 10_000).any(), (num, den, bp)


def test_the_generated_facts_take_every_point_of_the_delivered_set_through_every_state() -> None:
    """Each colour that it has, none, unknown where it needs a fact, not applicable where it can be: none is left out."""
    made = by_polars(DELIVERED, chunk(DELIVERED, 6, 0, SIZE))
    for i, point in enumerate(DELIVERED.points):
        word, place = ("tiers_a", i) if i < HALF else ("tiers_b", i - HALF)
        expected = {0, *map(int, point.tiers)}
        expected |= {int(Tier.UNKNOWN)} if point.needs else set()
        expected |= {int(Tier.NOT_APPLICABLE)} if point.not_applicable is not None else set()
        assert set((made[word] // 16**place % 16).unique()) == expected, point.id
    assert set(made["raw_grade"].unique()) == {0, 1, 2, 3, 4}
    assert (made["out_of_range"] > 0).any()
    assert made["coverage_bp"].n_unique() > 50


def test_chunks_are_independent_of_each_other() -> None:
    third = list(chunks(REAL, 5, 350, 100))[3]
    assert third.equals(chunk(REAL, 5, 3, 100).head(50))
    assert third["enterprise"].to_list() == list(range(301, 351))


def test_products_at_the_ends_of_the_domain_do_not_wrap() -> None:
    """10^14 x 90,000 is the largest product; one that wrapped would turn the comparison round."""
    document = plain_document()
    ratio = {"op": "ratio_ge", "num": "n", "den": "d", "bp": 90_000, "persons": None}
    document["points"][0] |= {"needs": ["n", "d"], "not_applicable": None, "tiers": {"blue": ratio}}
    ruleset = parse(checked(document))
    ends = [FACT_LIMIT, FACT_LIMIT - 1, FACT_LIMIT // 9, FACT_LIMIT // 9 + 1, 1, 0, -1, -FACT_LIMIT]
    cases = [(n, d) for n in ends for d in ends]
    others = [fact for fact in ruleset.facts if fact not in ("n", "d")]
    frame = pl.DataFrame(
        {"enterprise": list(range(len(cases))), "n": [n for n, _ in cases], "d": [d for _, d in cases]}
    ).with_columns(pl.lit(202_610, pl.Int32).alias("month"), *(pl.lit(0, pl.Int64).alias(f) for f in others))
    expected = [int(d > 0 and n * 10_000 >= 90_000 * d) for n, d in cases]
    for by in (by_polars, by_python, by_duckdb):
        assert (by(ruleset, frame).sort("enterprise")["tiers_a"] % 16).to_list() == expected, by.__name__


def test_settled_tiers_in_a_frame_are_settled_as_for_one() -> None:
    ruleset = plain()
    decisions = by_polars(ruleset, chunk(ruleset, 9, 0, 500))
    settled = by_polars(ruleset, chunk(ruleset, 10, 0, 500))
    rows = decisions.with_columns(
        settled["tiers_a"].alias("settled_a"), settled["tiers_b"].alias("settled_b")
    )
    keep = [
        tuple(t if t <= 4 else 0 for t in unpack(a, b, 27))
        for a, b in rows.select("settled_a", "settled_b").rows()
    ]
    packed = [pack(tiers) for tiers in keep]
    rows = rows.with_columns(
        pl.Series("settled_a", [a for a, _ in packed]), pl.Series("settled_b", [b for _, b in packed])
    )
    made = polars_executor.effective(ruleset)(rows.lazy()).collect()
    names = [point.id for point in ruleset.points]
    for row, tiers in zip(made.iter_rows(named=True), keep, strict=True):
        of_row = {name: int(t) for name, t in zip(names, tiers, strict=True) if t}
        there = dict(zip(names, unpack(row["tiers_a"], row["tiers_b"], 27), strict=True))
        left = {name: int(tier) for name, tier in there.items() if tier > of_row.get(name, 0)}
        graded = Grading.of_rules(ruleset).grade(left)
        assert (row["effective_score"], row["effective_grade"]) == (graded.score, graded.grade)
    assert made["effective_grade"].n_unique() > 2


def test_streaming_from_parquet_to_parquet_says_the_same(tmp_path: Path) -> None:
    """Batches with and without facts outside the domain, in small row groups."""
    facts = pl.concat(
        [chunk(REAL, 8, 0, 3_000, wild=False), chunk(REAL, 8, 1, 3_000), chunk(REAL, 8, 2, 3_000, wild=False)]
    )
    facts.write_parquet(tmp_path / "facts.parquet", row_group_size=500)
    score = polars_executor.compile(REAL)
    score(pl.scan_parquet(tmp_path / "facts.parquet")).sink_parquet(tmp_path / "decisions.parquet")
    made = pl.read_parquet(tmp_path / "decisions.parquet")
    assert made.columns == ["enterprise", "month", *OUTPUT]
    assert digest(made) == digest(by_python(REAL, facts))
    assert made["out_of_range"].max() > 0  # type: ignore[operator]
    assert (made.filter(pl.col("enterprise") <= 3_000)["out_of_range"] == 0).all()


def test_a_frame_without_a_fact_or_with_another_type_is_refused() -> None:
    facts = chunk(REAL, 1, 0, 5)
    score = polars_executor.compile(REAL)
    with pytest.raises(RuleSetError, match="unsigned"):
        score(facts.drop("unsigned").lazy())
    with pytest.raises(RuleSetError, match="Int64: staff"):
        score(facts.with_columns(pl.col("staff").cast(pl.Float64)).lazy())
    with pytest.raises(RuleSetError, match="staff"):
        python_executor.compile(REAL)({f: 0 for f in REAL.facts if f != "staff"})


@pytest.mark.parametrize("name", ["facts; DROP TABLE x", 'a"b', "", "read_csv('x')"])
def test_sql_is_made_over_plain_names_only(name: str) -> None:
    with pytest.raises(RuleSetError, match="plain"):
        duckdb_executor.sql(REAL, name)


def test_the_hash_follows_content_not_order_and_refuses_what_is_no_decision() -> None:
    made = by_polars(REAL, chunk(REAL, 2, 0, 200))
    assert digest(made) == digest(made.reverse())
    for name in OUTPUT:
        other = made.with_columns(
            pl.when(pl.col("enterprise") == 7).then(pl.col(name) + 1).otherwise(pl.col(name)).alias(name)
        )
        assert digest(other) != digest(made), name
    with pytest.raises(RuleSetError, match="score"):
        digest(made.with_columns(pl.lit(None, pl.Int64).alias("score")))
    with pytest.raises(RuleSetError, match="twice"):
        digest(pl.concat([made, made.head(1)]))


def test_a_colour_scale_that_is_no_straight_line_scores_alike() -> None:
    document = plain_document(colour_points={"blue": 10, "yellow": 30, "orange": 70, "red": 100})
    ruleset = parse(checked(document))
    facts = chunk(ruleset, 4, 0, 2_000)
    assert (
        digest(by_polars(ruleset, facts))
        == digest(by_python(ruleset, facts))
        == digest(by_duckdb(ruleset, facts))
    )
