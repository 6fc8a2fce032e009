"""How much the database is asked for one contract is fixed: a change of these numbers is meant, or a mistake."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import event

from tests.support.signing_rounds import Bench

EXPECTED = {"worker": (8, 28), "employer": (4, 21)}
"""Transactions that write, and SQL statements in all, by who signs (a first contract of the organisation)."""


def test_transactions_and_statements_a_contract(bench: Bench) -> None:
    counted: Counter[str] = Counter()
    event.listen(bench.db.engine, "before_cursor_execute", lambda *_: counted.update(["statement"]))
    event.listen(bench.db.engine, "commit", lambda *_: counted.update(["commit"]))
    round_id = bench.open()
    counted.clear()
    bench.sign_worker(round_id)
    worker = counted["commit"], counted["statement"]
    counted.clear()
    bench.sign_employer(round_id)
    employer = counted["commit"], counted["statement"]
    assert {"worker": worker, "employer": employer} == EXPECTED


def test_warming_up_works_and_asks_the_database_nothing(bench: Bench) -> None:
    before = bench.db.traffic.statements
    bench.service.warm_up()
    assert bench.db.traffic.statements == before
