"""The counters' slots are those of the compiled registry."""

from __future__ import annotations

import pytest

from chain.abi import load
from chain.figures import COUNTERS_SLOT, TALLIES_SLOT, counter_slot, month_number, tally, tally_slot
from chain.state_proofs import mapping_slot


def test_the_slot_is_the_compilers() -> None:
    assert load("LaborContractRegistry").storage_layout["_concluded"] == COUNTERS_SLOT
    assert load("WarningDecisionRegistry").storage_layout["_counted"] == TALLIES_SLOT


def test_a_counters_slot() -> None:
    region, month = (500112013).to_bytes(32, "big"), (202611).to_bytes(32, "big")
    assert counter_slot(500112013, "2026-11") == mapping_slot(3, region, month)
    assert counter_slot(None, None) == mapping_slot(3, bytes(32), bytes(32))
    slots = {counter_slot(r, m) for r in (None, 500112013, 500112014) for m in (None, "2026-11", "2026-12")}
    assert len(slots) == 9


def test_a_tallys_slot_holds_four_grades() -> None:
    kind, town, month = (value.to_bytes(32, "big") for value in (5, 500107001, 202611))
    assert tally_slot(5, 500107001, "2026-11") == mapping_slot(3, kind, town, month)
    assert tally_slot(5, None, None) == mapping_slot(3, kind, bytes(32), bytes(32))
    assert tally(7 << 192 | 5 << 128 | 3 << 64 | 2) == (2, 3, 5, 7)
    assert tally(2**256 - 1) == (2**64 - 1,) * 4


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "202611", "2026-1", "二〇二六-11", ""])
def test_months_are_written_one_way(month: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        month_number(month)
