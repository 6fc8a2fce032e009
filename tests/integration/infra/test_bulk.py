"""Many rows at once: the same bytes as row by row, in the caller's transaction, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    column,
    insert,
    select,
    text,
)
from sqlalchemy.schema import Column

from api.infra import bulk
from api.infra.db import Database, JsonText, UtcDateTime

AT = datetime(2026, 2, 5, 1, 2, 3, 4, tzinfo=UTC)
SHARED = {"乙": [1, None], "a": "tab\t, line\n, \\\\N"}
ROWS: list[dict[str, Any]] = [
    {"no": 1, "group": "甲\t1", "big": 2**62, "lit": True, "on": date(2026, 2, 28), "at": AT, "kept": SHARED},
    {"no": 2, "group": "", "big": -1, "lit": False, "on": None, "at": AT, "kept": SHARED},
    {"no": 3, "group": "\\N", "big": 0, "lit": True, "on": date(1970, 1, 1), "at": None, "kept": {}},
]


@pytest.fixture
def table(database: Database) -> Table:
    made = Table(
        "bulk_rows",
        MetaData(),
        Column("no", Integer, primary_key=True),
        Column("group", String(20), index=True),
        Column("big", BigInteger),
        Column("lit", Boolean),
        Column("on", Date),
        Column("at", UtcDateTime),
        Column("kept", JsonText),
    )
    made.create(database.engine)
    return made


def stored(database: Database) -> list[Any]:
    """As the database holds it, whatever the types make of it."""
    with database.read() as session:
        return [tuple(row) for row in session.execute(text("SELECT * FROM bulk_rows ORDER BY no"))]


def test_rows_are_stored_as_one_by_one(database: Database, table: Table) -> None:
    with database.transaction() as session:
        session.execute(insert(table), ROWS)
    one_by_one = stored(database)
    with database.transaction() as session:
        session.execute(table.delete())
        bulk.put(session, table, ROWS)
    assert stored(database) == one_by_one
    assert len(one_by_one) == 3
    with database.read() as session:
        assert [dict(row) for row in session.execute(select(table).order_by(table.c.no)).mappings()] == ROWS


def test_a_key_that_is_there_is_replaced_and_others_are_added(database: Database, table: Table) -> None:
    with database.transaction() as session:
        bulk.put(session, table, ROWS[:2])
        changed = [{**ROWS[1], "big": 7, "on": date(2026, 3, 1)}, ROWS[2]]
        bulk.put(session, table, changed, key="no")
        bulk.put(session, table, [{**ROWS[0], "group": "again"}], key="no")
    with database.read() as session:
        found = session.execute(select(table.c.no, table.c.group, table.c.big).order_by(table.c.no)).all()
    assert [tuple(row) for row in found] == [(1, "again", 2**62), (2, "", 7), (3, "\\N", 0)]


def test_a_double_without_a_key_undoes_the_transaction(database: Database, table: Table) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"), database.transaction() as session:
        bulk.put(session, table, [*ROWS, ROWS[0]])
    assert stored(database) == []


def test_columns_that_are_not_given_stay(database: Database, table: Table) -> None:
    with database.transaction() as session:
        bulk.put(session, table, ROWS[:1])
        bulk.put(session, table, [{"no": 1, "group": "new"}], key="no")
        bulk.put(session, table, [], key="no")
    with database.read() as session:
        row = session.execute(
            select(table.c.group, table.c.big, column("at", UtcDateTime())).select_from(table)
        ).one()
    assert tuple(row) == ("new", 2**62, AT)
