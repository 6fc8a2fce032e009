"""What the worker process does beside the chain: a large file waits for nobody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from api.cli import due_work
from api.infra.loops import Loop
from scripts.demo_risk import People
from scripts.journey.stage import wait_until
from tests.integration.platform.conftest import World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]
LARGE = b"enterprise,month\n" + b"x,y\n" * 3_000_000
"""More than the bytes above which the worker checks a file; its columns are nobody's."""


def test_the_worker_takes_up_a_file_that_was_only_landed(world: World) -> None:
    people = People(world.stage)
    account, officer = people.one("large-files", "regulator")
    people.operator.post("/exchange/officers", {"account_id": account, "owner": "*"})
    made = officer.request("PUT", "/exchange/datasets/water/files/2026-05.csv", content=LARGE)
    assert (made.status_code, made.json()["state"]) == (202, "checking")
    batch = made.headers["Location"].removeprefix("/api/v1")

    def checked() -> Any:
        now = officer.get(batch)
        return now if now["state"] != "checking" else None

    found = wait_until("the check", 60, checked)
    assert (found["state"], found["problem"]["code"]) == ("refused", "exchange.columns_wrong")


def test_the_worker_fetches_from_a_folder(world: World, tmp_path: Path) -> None:
    file = tmp_path / "2026-05.csv"
    file.write_bytes(b"enterprise,month\nx,y\n")
    os.utime(file, (0, 0))  # nobody is writing it any more
    new = {
        "dataset": "water",
        "label": "a folder",
        "kind": "folder",
        "place": str(tmp_path),
        "pattern": "*.csv",
    }
    operator = world.stage.staff("operator")
    number = operator.post("/exchange/sources", new)["id"]

    def fetched() -> Any:
        now = next(one for one in operator.get("/exchange/sources") if one["id"] == number)
        return now if now["last_at"] else None

    found = wait_until("the fetch", 60, fetched)
    assert (found["last_batches"], found["last_refused"], found["problem"]) == (1, 1, None)


def test_every_slices_due_work_is_a_loop() -> None:
    found = due_work()
    assert {"exchange.checks", "exchange.sources", "risk.backtests", "anchoring.light"} <= found.keys()
    for name, what in found.items():
        assert isinstance(what, Loop), name
        assert callable(what.run), name
        assert what.pause > 0, name
    paused = {name: found[name].pause for name in ("anchoring.light", "risk.backtests", "exchange.checks")}
    assert paused == {"anchoring.light": 0.2, "risk.backtests": 20.0, "exchange.checks": 2.0}
