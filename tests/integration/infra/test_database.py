"""Database rules on both kinds: sealed columns, aware times, transactions that keep all or nothing."""

from contextvars import Context
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import String, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api.infra.audit import AuditRow, of_object, record
from api.infra.auth import Principal
from api.infra.db import Base, Database, JsonText, SealedText, UnitOfWork, UtcDateTime
from api.infra.limits import clear, hit
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError


class Probe(DeclarativeBase):
    """Tables of this test only, apart from the platform's."""


class ProbeRow(Probe):
    __tablename__ = "test_probe"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(SealedText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[object] = mapped_column(JsonText)


@pytest.fixture
def uow(database: Database) -> UnitOfWork:
    Base.metadata.create_all(database.engine)
    Probe.metadata.create_all(database.engine)
    return UnitOfWork(database)


NOW = datetime(2026, 11, 22, 1, 2, 3, 456000, UTC)


def test_a_sealed_column_is_unreadable_in_the_file_and_readable_in_python(uow: UnitOfWork) -> None:
    with uow() as s:
        s.add(
            ProbeRow(
                id="a", name="张三", at=NOW.astimezone(timezone(timedelta(hours=8))), facts={"b": [1, "二"]}
            )
        )
    with uow.read() as s:
        raw = bytes(s.execute(text("SELECT name FROM test_probe")).scalar_one())
        row = s.get_one(ProbeRow, "a")
    assert "张三".encode() not in raw
    assert (row.name, row.at, row.facts) == ("张三", NOW, {"b": [1, "二"]})


def test_a_time_without_zone_is_refused(uow: UnitOfWork) -> None:
    with pytest.raises(StatementError, match="zone"), uow() as s:
        s.add(ProbeRow(id="a", name="x", at=datetime(2026, 1, 1), facts={}))  # noqa: DTZ001


def test_an_error_rolls_everything_back(uow: UnitOfWork) -> None:
    def fail() -> None:
        with uow() as s:
            s.add(ProbeRow(id="a", name="x", at=NOW, facts={}))
            s.flush()
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    with uow.read() as s:
        assert s.get(ProbeRow, "a") is None


def test_a_reader_does_not_wait_for_a_writer(uow: UnitOfWork) -> None:
    with uow() as writer:
        writer.add(ProbeRow(id="a", name="x", at=NOW, facts={}))
        writer.flush()
        assert Context().run(_found, uow, "a") is None


def test_a_read_inside_a_block_is_that_blocks(database: Database, uow: UnitOfWork) -> None:
    begun = database.traffic.transactions
    with uow() as writer:
        writer.add(ProbeRow(id="a", name="x", at=NOW, facts={}))
        assert _found(uow, "a") is not None
    with uow.read() as outer:
        row = outer.get(ProbeRow, "a")
        assert _found(uow, "a") is row
        with uow() as apart:
            apart.get_one(ProbeRow, "a").name = "y"
            assert _found(uow, "a") is not row
        assert _found(uow, "a") is row
    assert database.traffic.transactions == begun + 3
    assert _found(uow, "a") is not row


def _found(uow: UnitOfWork, key: str) -> ProbeRow | None:
    with uow.read() as session:
        return session.get(ProbeRow, key)


def test_limits_count_within_their_window_and_open_again(uow: UnitOfWork) -> None:
    clock = FixedClock(NOW)
    window = timedelta(minutes=5)
    with uow() as s:
        assert [hit(s, clock, "otp:k", 3, window) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(DomainError) as refused, uow() as s:
        hit(s, clock, "otp:k", 3, window)
    assert refused.value.code == "too_many_requests"
    assert refused.value.facts["seconds"] == 300
    clock.advance(window)
    with uow() as s:
        assert hit(s, clock, "otp:k", 3, window) == 1
        clear(s, "otp:k")
    with uow() as s:
        assert hit(s, clock, "otp:k", 3, window) == 1


def test_the_audit_trail_of_an_object_is_read_in_order(uow: UnitOfWork) -> None:
    who = Principal(kind="staff", account_id="acc")
    with uow() as s:
        record(s, who, "contract.text.read", "contract", "c1", purpose="投诉核查", case_no="2026-1")
        record(s, who, "contract.text.read", "contract", "c2")
        record(s, who, "contract.closed", "contract", "c1", reason="x")
    with uow.read() as s:
        rows = of_object(s, "contract", "c1")
        assert [r.action for r in rows] == ["contract.text.read", "contract.closed"]
        assert of_object(s, "contract", "c1", after=rows[0].no)[0].facts == {"reason": "x"}
        assert isinstance(rows[0], AuditRow)
