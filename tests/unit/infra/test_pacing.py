"""Anonymous readers are paced by address, and the memory of addresses is bounded."""

from __future__ import annotations

from api.infra.pacing import Pace


def test_a_burst_then_a_rate_for_each_address() -> None:
    clock = [0.0]
    pace = Pace(rate=2.0, burst=3.0, monotonic=lambda: clock[0])
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 1]
    assert pace.wait("b") == 0
    clock[0] += 0.5
    assert [pace.wait("a"), pace.wait("a")] == [0, 1]
    slow = Pace(rate=0.1, burst=1.0, monotonic=lambda: clock[0])
    assert [slow.wait("a"), slow.wait("a")] == [0, 10]


def test_only_so_many_addresses_are_remembered() -> None:
    pace = Pace(rate=1.0, burst=1.0, monotonic=lambda: 0.0, kept=2)
    for address in ("a", "b", "c"):
        assert pace.wait(address) == 0
    assert len(pace._buckets) == 2
    assert pace.wait("c") > 0
