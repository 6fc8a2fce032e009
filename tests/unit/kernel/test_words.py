"""Clock, ids, money, errors and the bus."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.kernel.clock import FixedClock, parse_utc, shanghai_day, utc_text
from api.kernel.errors import ErrorKind, conflict
from api.kernel.events import Bus, DomainEvent
from api.kernel.ids import is_hex32, is_id, new_id, random32, short_code
from api.kernel.money import yuan, yuan_text


def test_a_time_has_one_spelling_and_comes_back() -> None:
    at = datetime(2026, 11, 22, 14, 27, 27, 123999, UTC)
    assert utc_text(at) == "2026-11-22T14:27:27.123Z"
    assert parse_utc("2026-11-22T14:27:27.123Z") == at.replace(microsecond=123000)


@pytest.mark.parametrize(
    "text", ["2026-11-22T14:27:27Z", "2026-11-22 14:27:27.123Z", "2026-11-22T14:27:27.123+08:00"]
)
def test_other_spellings_of_a_time_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_utc(text)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        utc_text(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="timezone"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_day_is_the_one_in_china() -> None:
    assert shanghai_day(datetime(2026, 1, 1, 16, 0, tzinfo=UTC)).isoformat() == "2026-01-02"
    clock = FixedClock(datetime(2026, 1, 1, 15, 59, tzinfo=UTC))
    assert shanghai_day(clock.now()).isoformat() == "2026-01-01"
    assert shanghai_day(clock.advance(timedelta(minutes=1))).isoformat() == "2026-01-02"


def test_ids_are_opaque_and_recognisable() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_id(i) for i in ids)
    assert not is_id("A" * 26)
    assert not is_id(new_id() + "\n")
    assert is_hex32(random32().hex())
    assert not is_hex32("0x" + "0" * 62)
    assert set(short_code(200)).isdisjoint("01IO")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("0.005", "0.01"), ("0.004", "0.00"), ("1896.545", "1896.55"), (6000, "6000.00"), ("-0.005", "-0.01")],
)
def test_money_is_rounded_half_up_to_the_cent(given: str | int, kept: str) -> None:
    assert yuan(given) == Decimal(kept)
    assert yuan_text(given) == kept


@pytest.mark.parametrize("text", ["NaN", "Infinity", "面议", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        yuan(text)


def test_an_error_knows_its_kind_and_facts() -> None:
    error = conflict("contract.overlaps", other="abc")
    assert error.kind is ErrorKind.CONFLICT
    assert error.facts == {"other": "abc"}
    assert "contract.overlaps" in str(error)


@dataclass(frozen=True)
class Happened(DomainEvent):
    what: str


@dataclass(frozen=True)
class Other(DomainEvent):
    pass


def test_the_bus_calls_subscribers_in_order_and_lets_errors_through() -> None:
    bus, heard = Bus(), []
    bus.subscribe(Happened, lambda session, event: heard.append((1, session, event.what)))
    bus.subscribe(Happened, lambda session, event: heard.append((2, session, event.what)))
    bus.publish("tx", Happened("x"))
    bus.publish("tx", Other())
    assert heard == [(1, "tx", "x"), (2, "tx", "x")]

    def refuse(_session: object, _event: Happened) -> None:
        raise conflict("no")

    bus.subscribe(Happened, refuse)
    with pytest.raises(Exception, match="no"):
        bus.publish("tx", Happened("y"))
