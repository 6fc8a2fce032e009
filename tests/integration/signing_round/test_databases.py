"""The same path on SQLite and PostgreSQL, by the real migrations; two agents at the same moment get one lock."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from api.infra.db import Database
from api.kernel.errors import DomainError
from api.signing_round.model import RoundState
from signing.rendering import Renderer
from tests.support.signing_rounds import Bench


def test_the_path_by_real_migrations(tmp_path: Path, renderer: Renderer, database: Database) -> None:
    bench = Bench(tmp_path, renderer, database=database)
    round_id = bench.open()
    bench.sign_worker(round_id)
    assert bench.sign_employer(round_id).state is RoundState.COMPLETED
    assert bench.recorder.types() == ["E08", "E09", "E10", "E11"]


def test_a_race_for_the_lock_has_one_winner(tmp_path: Path, renderer: Renderer, database: Database) -> None:
    bench = Bench(tmp_path, renderer, database=database)
    round_id = bench.open()
    bench.sign_worker(round_id)
    others = [letter * 26 for letter in "bcde"]
    for account in others:
        bench.organisations.accounts[account] = bench.organisations.address
    outcomes: list[str] = []
    start = threading.Barrier(len(others))

    def race(account: str) -> None:
        start.wait()
        try:
            bench.service.employer.prepare(round_id, replace(bench.agent, account_id=account))
            outcomes.append("won")
        except DomainError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=race, args=(account,)) for account in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["signing.locked"] * 3 + ["won"]
