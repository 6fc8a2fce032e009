"""From a file to accepted rows: versions, repeats, modes, withdrawal, known time."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from api.exchange.model import BatchState, Mode
from api.kernel.errors import DomainError
from tests.integration.exchange.conftest import World, code, firm, water

MAY = 202605


def test_a_file_becomes_accepted_rows_of_known_enterprises(world: World) -> None:
    batch = world.send("water", [water(1), water(2, usage=7), water(9)])
    assert (batch.state, batch.new, batch.quarantined, batch.unmatched) == (BatchState.COMMITTED, 3, 0, 1)
    rows = world.rows("water")
    assert [(row["enterprise"], row["month"], row["usage"], row["cut_off"]) for row in rows] == [
        (1, MAY, 120, False),
        (2, MAY, 7, False),
    ]
    assert {row["_batch"] for row in rows} == {batch.id}
    assert [row["_row"] for row in rows] == [1, 2]
    assert world.heard.calls[-1] == ("water", [(1, MAY), (2, MAY)])


def test_the_same_file_again_doubles_nothing(world: World) -> None:
    world.send("water", [water(1), water(2)])
    told = len(world.heard.calls)
    again = world.send("water", [water(1), water(2)])
    assert (again.state, again.new, again.same, again.changed) == (BatchState.COMMITTED, 0, 2, 0)
    assert len(world.rows("water")) == 2
    assert len(world.heard.calls) == told


def test_a_changed_row_supersedes_and_the_past_stays_readable(world: World) -> None:
    first = world.send("water", [water(1), water(2)])
    world.clock.advance(timedelta(days=3))
    second = world.send("water", [water(1, usage=5), water(2)])
    assert (second.new, second.same, second.changed) == (0, 1, 1)
    assert [row["usage"] for row in world.rows("water")] == [5, 120]
    assert [row["usage"] for row in world.rows("water", known_at=first.known_at)] == [120, 120]
    assert world.heard.last == [(1, MAY)]
    assert world.accepted.snapshot(["water"], first.known_at) != world.accepted.snapshot(["water"])


def test_an_old_file_sent_again_reverts_no_correction(world: World) -> None:
    world.send("water", [water(1), water(2)])
    world.send("water", [water(1, usage=5)])
    again = world.send("water", [water(1), water(2), water(3)])
    assert (again.new, again.same, again.changed) == (1, 2, 0)
    assert [row["usage"] for row in world.rows("water")] == [5, 120, 120]
    back = world.send("water", [water(1)], mode=Mode.CORRECTION)
    assert back.changed == 1
    assert world.rows("water")[0]["usage"] == 120


def test_an_old_file_sent_again_revives_nothing_that_a_snapshot_ended(world: World) -> None:
    world.send("water", [water(1), water(2)])
    world.send("water", [water(1)], mode=Mode.SNAPSHOT)
    again = world.send("water", [water(1), water(2)])
    assert (again.new, again.same) == (0, 2)
    assert [row["enterprise"] for row in world.rows("water")] == [1]
    assert world.send("water", [water(2, usage=9)]).new == 1
    assert world.send("water", [water(1), water(2)], mode=Mode.SNAPSHOT).changed == 1


def test_an_earlier_clock_does_not_reorder_what_is_known(world: World) -> None:
    first = world.send("water", [water(1)])
    world.clock.advance(-timedelta(days=2))
    second = world.send("water", [water(1, usage=5)])
    assert first.known_at is not None
    assert second.known_at is not None
    assert second.known_at > first.known_at
    assert world.rows("water")[0]["usage"] == 5


def test_withdrawal_brings_back_the_older_version_and_leaves_history(world: World) -> None:
    first = world.send("water", [water(1)])
    second = world.send("water", [water(1, usage=5), water(2)])
    gone = world.intake.withdraw(second.id, "officer", "wrong month")
    assert (gone.state, gone.reason) == (BatchState.WITHDRAWN, "wrong month")
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == [(1, 120)]
    assert [row["usage"] for row in world.rows("water", known_at=second.known_at)] == [5, 120]
    assert world.heard.last == [(1, MAY), (2, MAY)]
    assert world.accepted.snapshot(["water"]) == world.accepted.snapshot(["water"], first.known_at)
    with pytest.raises(DomainError, match="batch_over"):
        world.intake.withdraw(second.id, "officer", "again")


def test_what_was_withdrawn_can_be_sent_again(world: World) -> None:
    batch = world.send("water", [water(1)])
    world.intake.withdraw(batch.id, "officer", "mistake")
    assert world.rows("water") == []
    assert world.send("water", [water(1)]).new == 1
    assert len(world.rows("water")) == 1


def test_a_trial_writes_nothing_until_it_is_committed(world: World) -> None:
    tried = world.send("water", [water(1), water(2, usage=-1)], trial=True)
    assert (tried.state, tried.new, tried.quarantined) == (BatchState.TRIED, 1, 1)
    assert world.rows("water") == []
    assert list((world.store.folder / "accepted").glob("water/*")) == []
    done = world.intake.proceed(tried.id, "officer")
    assert (done.state, done.new, done.quarantined) == (BatchState.COMMITTED, 1, 1)
    assert len(world.rows("water")) == 1


def test_a_tried_batch_can_be_left(world: World) -> None:
    tried = world.send("water", [water(1)], trial=True)
    assert world.intake.discard(tried.id, "officer").state is BatchState.DISCARDED
    with pytest.raises(DomainError, match="batch_over"):
        world.intake.proceed(tried.id, "officer")


def test_a_snapshot_ends_what_it_does_not_name(world: World) -> None:
    world.send("water", [water(1), water(2), water(1, "2026-04")])
    batch = world.send("water", [water(1)], mode=Mode.SNAPSHOT)
    assert (batch.same, batch.ended) == (1, 1)
    assert [(row["enterprise"], row["month"]) for row in world.rows("water")] == [(1, 202604), (1, MAY)]
    assert world.heard.last == [(2, MAY)]
    world.intake.withdraw(batch.id, "officer", "the file was not whole")
    assert len(world.rows("water")) == 3


def test_a_rejected_row_of_a_snapshot_ends_nothing(world: World) -> None:
    world.send("water", [water(1), water(2)])
    batch = world.send("water", [water(1), water(2, usage="much")], mode=Mode.SNAPSHOT)
    assert (batch.quarantined, batch.ended) == (1, 0)
    assert len(world.rows("water")) == 2


def test_an_event_snapshot_ends_only_inside_its_period(world: World) -> None:
    def penalty(number: int, day: str) -> dict[str, object]:
        return {
            "uscc": code(1),
            "name": "x",
            "penalty_no": f"罚{number}",
            "decided_on": day,
            "amount": "10.50",
        }

    world.send(
        "market_penalty", [penalty(1, "2026-03-05"), penalty(2, "2026-04-05"), penalty(3, "2026-04-06")]
    )
    april = (date(2026, 4, 1), date(2026, 4, 30))
    batch = world.send("market_penalty", [penalty(3, "2026-04-06")], mode=Mode.SNAPSHOT, period=april)
    assert batch.ended == 1
    assert [row["penalty_no"] for row in world.rows("market_penalty")] == ["罚1", "罚3"]
    assert world.rows("market_penalty")[0]["amount"] == 1050


def test_a_correction_corrects_only_what_is_known(world: World) -> None:
    world.send("water", [water(1)])
    batch = world.send("water", [water(1, usage=1), water(2)], mode=Mode.CORRECTION)
    assert (batch.changed, batch.new, batch.quarantined) == (1, 0, 1)
    assert [entry["rule"] for entry in batch.summary] == ["key_unknown"]


def test_another_enterprise_of_an_event_is_a_change(world: World) -> None:
    event = {"uscc": code(1), "name": "x", "injury_no": "工1", "occurred_on": "2026-05-02", "kind": "injury"}
    world.send("si_injury", [event])
    batch = world.send("si_injury", [{**event, "uscc": code(2)}])
    assert batch.changed == 1
    assert [row["enterprise"] for row in world.rows("si_injury")] == [2]
    assert world.heard.last == [(1, MAY), (2, MAY)]


def test_contradicting_keys_are_all_rejected_and_equal_ones_kept_once(world: World) -> None:
    batch = world.send("water", [water(1), water(1, usage=8), water(2), water(2)])
    assert (batch.new, batch.quarantined, batch.warned) == (1, 2, 1)
    assert [row["enterprise"] for row in world.rows("water")] == [2]


def test_coverage_and_freshness_follow_the_data_period(world: World) -> None:
    assert world.accepted.covered("water") is None
    assert not world.accepted.fresh("water", date(2026, 6, 1))
    world.send("water", [water(1)])
    assert world.accepted.covered("water") == date(2026, 5, 31)
    assert world.accepted.fresh("water", date(2026, 7, 11))
    assert not world.accepted.fresh("water", date(2026, 7, 12))
    world.send("arrears_clue", world.csv("arrears_clue", []), period=(date(2026, 6, 1), date(2026, 6, 19)))
    assert world.accepted.covered("arrears_clue") == date(2026, 6, 19)


def test_a_file_without_rows_or_period_is_refused(world: World) -> None:
    batch = world.send("arrears_clue", world.csv("arrears_clue", []))
    assert batch.state is BatchState.REFUSED
    assert batch.problem == {"code": "exchange.file_without_rows", "facts": {}}


@pytest.mark.parametrize(
    ("stated", "problem"),
    [({"expected_rows": 3}, "exchange.file_other_rows"), ({"expected_rows": 1}, None)],
)
def test_what_the_sender_counted_is_held_against_the_file(
    world: World, stated: dict[str, int], problem: str | None
) -> None:
    batch = world.send("water", [water(1)], **stated)
    assert (batch.problem["code"] if batch.problem else None) == problem


def test_another_digest_than_stated_is_not_even_landed(world: World) -> None:
    with pytest.raises(DomainError, match="file_other_digest"):
        world.send("water", [water(1)], expected_sha256="00" * 32)


def test_too_many_bytes_leave_nothing(world: World) -> None:
    before = sorted((world.store.folder / "landing").rglob("*"))
    with pytest.raises(DomainError, match="file_too_large"):
        world.send("water", b"x" * 5_000_001)
    assert sorted((world.store.folder / "landing").rglob("*")) == before


def test_a_changed_segment_is_noticed_before_anything_is_built_on_it(world: World) -> None:
    world.send("water", [water(1)])
    path = next((world.store.folder / "accepted" / "water").glob("*[0-9a-f].parquet"))
    pl.read_parquet(path).with_columns(usage=pl.lit(1, pl.Int64)).write_parquet(path)
    with pytest.raises(DomainError, match="file_changed"):
        world.send("water", [water(1, usage=2)])


def test_gb18030_and_utf8_with_mark_say_the_same(world: World) -> None:
    rows = [water(1)]
    assert world.send("water", world.csv("water", rows, "gb18030")).new == 1
    assert world.send("water", world.csv("water", rows, "utf-8-sig")).same == 1


def test_months_and_enterprises_cut_a_scan(world: World) -> None:
    world.send("water", [water(n, month) for n in (1, 2) for month in ("2026-03", "2026-04", "2026-05")])
    found = world.rows("water", first_month=202604, last_month=202604, enterprises=[2])
    assert [(row["enterprise"], row["month"]) for row in found] == [(2, 202604)]


def test_the_register_of_a_moment_can_be_read(world: World) -> None:
    before = {row["enterprise"]: row for row in world.subjects.versions().to_dicts()}
    changed = world.send(
        "market_registry", [firm(1, name="试样企业一更名有限公司"), firm(2), firm(3), firm(4)]
    )
    assert changed.changed == 1
    found = world.subjects.versions()
    assert found["enterprise"].to_list() == [1, 1, 2, 3, 4]
    first, second = found.filter(pl.col("enterprise") == 1).to_dicts()
    assert (first["name"], second["name"]) == ("试样企业1有限公司", "试样企业一更名有限公司")
    assert first["known_to"] == second["known_from"]
    assert (first["known_from"], second["known_to"]) == (before[1]["known_from"], None)
    assert first["established_on"] == second["established_on"] == date(2015, 3, 2)
    assert found.filter(pl.col("known_to").is_null())["enterprise"].to_list() == [1, 2, 3, 4]


def test_the_register_makes_changes_and_ends_subjects(world: World) -> None:
    changed = world.send(
        "market_registry", [firm(1, name="试样企业一更名有限公司"), firm(3), firm(4)], mode=Mode.SNAPSHOT
    )
    assert (changed.new, changed.changed, changed.same, changed.ended) == (1, 1, 1, 1)
    rows = {row["enterprise"]: row for row in world.subjects.subjects().to_dicts()}
    assert rows[1]["name"] == "试样企业一更名有限公司"
    assert rows[2]["status"] is None
    assert rows[4]["uscc"] == code(4)
    assert rows[4]["established_on"] == date(2015, 3, 2)
    world.intake.withdraw(changed.id, "officer", "wrong file")
    rows = {row["enterprise"]: row for row in world.subjects.subjects().to_dicts()}
    assert rows[1]["name"] == "试样企业1有限公司"
    assert rows[2]["status"] == "open"
    assert rows[4]["status"] is None
