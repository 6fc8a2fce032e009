"""A department has its bytes of the day, and files leave the disk its reserve: asked before the body, and while it comes."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.exchange.model import BatchState, Channel, Mode, Request
from api.exchange.service import store as disk
from api.infra.db import Database
from api.kernel.errors import DomainError
from tests.integration.exchange.conftest import World, site, water
from tests.integration.exchange.test_exchange_api import officer, upload
from tests.support.slice_application import person

__all__ = ["officer", "site"]
QUOTA, RESERVE = 1_000, 1_000_000
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path, quota=QUOTA, reserve=RESERVE)


def put(client: TestClient, data: Any, name: str = "file.csv") -> Any:
    return client.put(f"/api/v1/exchange/datasets/water/files/{name}", content=data)


def file(world: World, number: int, size: int) -> bytes:
    data = world.csv("water", [water(number, name="名" * 20)])
    return data + b"\n" * (size - len(data))


def left_on_disk(world: World) -> list[Path]:
    return [path for path in (world.store.folder / "landing").rglob("*") if path.is_file()]


def test_a_department_over_its_bytes_of_the_day_is_told_what_to_do(officer: TestClient, world: World) -> None:
    assert put(officer, file(world, 1, 600)).status_code == 201
    before = left_on_disk(world)
    answer = put(officer, file(world, 2, 500))
    assert (answer.status_code, answer.json()["code"]) == (413, "exchange.quota_used")
    assert "请明天再发" in answer.json()["detail_zh"]
    assert "raise the limit" in answer.json()["detail_en"]
    form = upload(officer, "water", file(world, 2, 500))
    assert form.status_code == 413
    page = officer.post(
        "/exchange", files={"file": ("a.csv", file(world, 2, 500))}, data={"dataset": "water"}
    )
    assert page.status_code == 413
    assert "每天最多发送" in page.text
    assert left_on_disk(world) == before
    assert world.send("power", file(world, 3, 300)).state is BatchState.COMMITTED, (
        "another department has its own"
    )
    world.clock.advance(timedelta(days=1))
    assert put(officer, file(world, 2, 500)).status_code == 201


def test_it_is_asked_before_the_body(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untouched(*_args: Any) -> Any:
        raise AssertionError("the body was read")

    monkeypatch.setattr(disk.Arriving, "write", untouched)
    assert put(officer, file(world, 1, QUOTA + 1)).status_code == 413
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, RESERVE + 1_000))
    answer = put(officer, file(world, 1, 600))
    assert (answer.status_code, answer.json()["code"]) == (507, "exchange.storage_low")
    assert "管理员" in answer.json()["detail_zh"]


def test_it_is_asked_while_a_body_of_unknown_length_comes(
    officer: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = person("regulator", account_id="account-officer")
    monkeypatch.setattr(disk, "ASK_EVERY", 400)
    with world.exchange.arriving(who, "water", 0) as held:
        for _ in range(3):
            held.write(b"x" * 300)
        with pytest.raises(DomainError, match="quota_used"):
            held.write(b"x" * 300)
    frees = iter([RESERVE * 2, RESERVE * 2])
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, next(frees, RESERVE)))
    answer = put(officer, iter([b"x" * 300, b"y" * 300, b"z" * 300]))
    assert (answer.status_code, answer.json()["code"]) == (507, "exchange.storage_low")
    assert left_on_disk(world) == []


def test_what_the_operator_loads_by_hand_has_no_quota_and_keeps_the_reserve(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Request("water", Mode.APPEND, False, Channel.COMMAND, "history.csv")
    world.intake.receive(asked, [file(world, 1, QUOTA * 3)], "operator")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(0, 0, RESERVE))
    with pytest.raises(DomainError, match="storage_low"):
        world.intake.receive(asked, [file(world, 2, 500)], "operator")


def test_a_file_of_another_digest_than_stated_leaves_nothing_on_the_disk(world: World) -> None:
    with pytest.raises(DomainError, match="file_other_digest"):
        world.send("water", [water(1)], expected_sha256="0" * 64)
    assert left_on_disk(world) == []
