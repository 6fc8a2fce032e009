"""Many rows of one table at once: what a run says of a whole district.

SQLite takes them by one prepared statement, PostgreSQL by COPY. Values are bound column by column, and an object that stands
in many rows (the run's day, what thousands of enterprises remember alike) is bound once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TableClause
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session


def put(
    session: Session, table: TableClause, rows: Sequence[Mapping[str, Any]], *, key: str | None = None
) -> None:
    """Write rows in the session's transaction; all have the columns of the first. Nothing is flushed before.

    key: a unique column; a row whose key is there already is replaced in the columns that are given. Without it such a row is
    an error of the database, and nothing of the transaction counts.
    """
    if not rows:
        return
    connection = session.connection()
    names = list(rows[0])
    columns = [_bound(connection.dialect, table.c[name].type, [row[name] for row in rows]) for name in names]
    values = list(zip(*columns, strict=True))
    quote = connection.dialect.identifier_preparer.quote
    target, listed = quote(table.name), ", ".join(map(quote, names))
    conflict = "" if key is None else _replacing(quote(key), [quote(name) for name in names if name != key])
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {target} ({listed}) VALUES ({marks}){conflict}"  # noqa: S608 - names of our tables
        connection.exec_driver_sql(statement, values)
    elif key is None:
        _copy(connection, f"{target} ({listed})", values)
    else:
        beside = quote(f"put_{table.name}")
        empty = f"SELECT {listed} FROM {target} WITH NO DATA"  # noqa: S608
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {beside} ON COMMIT DROP AS {empty}")
        _copy(connection, f"{beside} ({listed})", values)
        statement = f"INSERT INTO {target} ({listed}) SELECT {listed} FROM {beside}{conflict}"  # noqa: S608
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"DROP TABLE {beside}")


def _replacing(key: str, names: Sequence[str]) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in names)
    return f" ON CONFLICT ({key}) DO UPDATE SET {changed}"


def _copy(connection: Connection, target: str, values: Sequence[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _bound(dialect: Dialect, kind: Any, values: list[Any]) -> list[Any]:
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    done: dict[int, Any] = {}
    for value in values:
        if id(value) not in done:
            done[id(value)] = bind(value)
    return [done[id(value)] for value in values]
