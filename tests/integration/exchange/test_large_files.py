"""A file above the size is landed at once and checked by the worker, which says how far it is."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.exchange import repository, tasks
from api.exchange.model import BatchState, Channel, Mode, Request, Stage
from api.exchange.service import checking
from api.exchange.service import intake as steps
from api.exchange.texts import STAGE_TEXTS
from api.kernel.errors import DomainError
from tests.integration.exchange.conftest import World, water
from tests.integration.exchange.test_exchange_api import officer, post, upload

__all__ = ["officer"]
ROWS = [water(1), water(2, usage=-1), water(3), water(1, "2026-04"), water(2, "2026-04")]


@pytest.fixture(autouse=True)
def _everything_is_large(world: World) -> None:
    world.exchange.queue_above = 10


def put(client: TestClient, data: bytes, **query: Any) -> Any:
    return client.put("/api/v1/exchange/datasets/water/files/2026-05.csv", content=data, params=query)


def test_a_large_file_is_answered_before_it_is_checked(officer: TestClient, world: World) -> None:
    answer = put(officer, world.csv("water", ROWS))
    batch = answer.json()
    assert (answer.status_code, batch["state"]) == (202, "checking")
    assert answer.headers["Location"] == f"/api/v1/exchange/batches/{batch['id']}"
    assert (batch["progress"]["stage"], batch["progress"]["rows_total"]) == ("queued", None)
    assert world.rows("water") == []
    shown = officer.get(f"/exchange/batches/{batch['id']}").text
    assert "排队等待后台检查" in shown
    assert 'hx-trigger="every 3s"' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert world.intake.resume() == 1
    done = officer.get(answer.headers["Location"]).json()
    assert (done["state"], done["new"], done["quarantined"], done["progress"]) == ("committed", 4, 1, None)
    shown = officer.get(f"/exchange/batches/{batch['id']}").text
    assert "hx-trigger" not in shown
    assert "http-equiv" not in shown
    assert len(world.rows("water")) == 4


def test_a_small_file_is_answered_with_its_result(officer: TestClient, world: World) -> None:
    world.exchange.queue_above = 100_000
    answer = put(officer, world.csv("water", ROWS))
    assert (answer.status_code, answer.json()["state"]) == (201, "committed")
    assert "Location" not in answer.headers


def test_a_form_goes_the_same_way(officer: TestClient, world: World) -> None:
    answer = upload(officer, "water", world.csv("water", ROWS))
    assert (answer.status_code, answer.json()["state"]) == (202, "checking")
    form = {"dataset": "water", "mode": "append"}
    sent = officer.post("/exchange", files={"file": ("a.csv", world.csv("water", [water(3)]))}, data=form)
    assert sent.status_code == 303
    assert world.intake.resume() == 2


def test_a_trial_and_its_commit_are_the_workers_too(officer: TestClient, world: World) -> None:
    batch = put(officer, world.csv("water", ROWS), trial=True).json()
    assert post(officer, f"/batches/{batch['id']}/discard").status_code == 409
    assert post(officer, f"/batches/{batch['id']}/commit").status_code == 409
    assert tasks.LOOPS["checks"].run(type("Container", (), {"exchange": world.exchange})) == 1
    tried = officer.get(f"/api/v1/exchange/batches/{batch['id']}").json()
    assert (tried["state"], tried["new"], world.rows("water")) == ("tried", 4, [])
    answer = post(officer, f"/batches/{batch['id']}/commit")
    assert (answer.status_code, answer.json()["state"]) == (202, "checking")
    assert world.rows("water") == []
    assert world.intake.resume() == 1
    assert officer.get(f"/api/v1/exchange/batches/{batch['id']}").json()["state"] == "committed"
    assert len(world.rows("water")) == 4


def test_a_broken_file_is_refused_where_it_can_be_seen(officer: TestClient, world: World) -> None:
    batch = put(officer, world.csv("water", ROWS)[:-12]).json()
    assert batch["state"] == "checking"
    world.intake.resume()
    found = officer.get(f"/api/v1/exchange/batches/{batch['id']}").json()
    assert (found["state"], found["problem"]["code"]) == ("refused", "exchange.file_cut")
    assert found["problem"]["zh"] in officer.get(f"/exchange/batches/{batch['id']}").text


def test_the_worker_says_how_far_it_is_and_steps_change_nothing(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(officer, world.csv("water", ROWS))
    seen: list[tuple[str, int | None, int | None]] = []
    pages: list[str] = []
    real = repository.note

    def watched(session: Any, batch_id: str, progress: Any, at: Any) -> None:
        with world.uow() as own:
            real(own, batch_id, progress, at)
        found = officer.get(f"/api/v1/exchange/batches/{batch_id}").json()["progress"]
        seen.append((found["stage"], found["rows_done"], found["rows_total"]))
        pages.append(officer.get(f"/exchange/batches/{batch_id}").text)

    monkeypatch.setattr(repository, "note", watched)
    monkeypatch.setattr(checking, "STEP", 2)
    assert world.intake.resume() == 1
    assert seen == [
        ("reading", None, None), ("validating", 0, 5), ("validating", 2, 5), ("validating", 4, 5), ("validating", 5, 5),
        ("matching", None, None), ("comparing", None, None), ("writing", None, None),
    ]  # fmt: skip
    assert '<progress class="progress-bar" value="2" max="5"' in pages[2]
    in_steps = world.rows("water")
    rejected = officer.get("/api/v1/exchange/rows").json()["rows"]
    assert [row["row"] for row in rejected] == [2]
    monkeypatch.setattr(checking, "STEP", 100)
    again = put(officer, world.csv("water", [*ROWS, water(3, "2026-03")])).json()
    world.intake.resume()
    found = officer.get(f"/api/v1/exchange/batches/{again['id']}").json()
    assert (found["same"], found["new"], found["quarantined"]) == (4, 1, 1)
    assert [row["usage"] for row in in_steps] == [120] * 4


def test_a_file_that_breaks_the_worker_off_holds_nothing_up_and_is_given_up(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = put(officer, world.csv("water", ROWS)).json()
    good = put(officer, world.csv("water", [water(3, "2026-02")])).json()
    real = steps.read_file

    def breaks(dataset: Any, path: Any, name: str) -> Any:
        if bad["sha256"] in str(path):
            raise MemoryError
        return real(dataset, path, name)

    monkeypatch.setattr(steps, "read_file", breaks)
    for _ in range(steps.ATTEMPTS):
        with pytest.raises(MemoryError):
            world.intake.resume()
    assert officer.get(f"/api/v1/exchange/batches/{good['id']}").json()["state"] == "committed"
    waiting = officer.get(f"/api/v1/exchange/batches/{bad['id']}").json()
    assert (waiting["state"], waiting["progress"]["attempt"]) == ("checking", steps.ATTEMPTS)
    assert "第 5 次" in officer.get(f"/exchange/batches/{bad['id']}").text
    assert world.intake.resume() == 1
    found = officer.get(f"/api/v1/exchange/batches/{bad['id']}").json()
    assert (found["state"], found["problem"]["code"]) == ("refused", "exchange.check_broken_off")


def test_no_room_is_not_the_files_fault(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = put(officer, world.csv("water", ROWS)).json()

    def full(*_args: Any) -> Any:
        raise DomainError("unavailable", "exchange.storage_full")

    with monkeypatch.context() as patch:
        patch.setattr(steps.Store, "write", full)
        for _ in range(steps.ATTEMPTS + 2):
            with pytest.raises(DomainError, match="storage_full"):
                world.intake.resume()
    assert world.intake.resume() == 1
    assert officer.get(f"/api/v1/exchange/batches/{batch['id']}").json()["state"] == "committed"


def test_two_workers_take_a_file_once(world: World) -> None:
    asked = Request("water", Mode.APPEND, False, Channel.UPLOAD, "file.csv")
    world.intake.receive(asked, [world.csv("water", ROWS)], "officer", queue_above=10)
    with world.uow() as session:
        [(batch_id, owner, _at)] = repository.unfinished(session)
        assert repository.take(session, batch_id, owner, "host/1/1", world.clock.now()) == 1
        assert repository.take(session, batch_id, owner, "host/2/2", world.clock.now()) == 0
    assert world.intake.resume() == 0, "another machine has it and spoke a moment ago"
    world.clock.advance(steps.SILENT * 2)
    assert world.intake.resume() == 1, "it has been silent for too long"
    with world.uow.read() as session:
        row, _landing = repository.find(session, batch_id)
        assert (row.state, row.attempts) == (BatchState.COMMITTED.value, 2)


def test_every_stage_has_its_words() -> None:
    assert list(STAGE_TEXTS) == [stage.value for stage in Stage]
