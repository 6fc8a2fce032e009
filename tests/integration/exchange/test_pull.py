"""Folders and databases as sources, and files from the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from api.exchange.model import BatchState, Channel, Mode
from api.exchange.service.pull import Puller, Source, read_sources
from api.kernel.errors import DomainError
from tests.integration.exchange.conftest import World, code, water


@pytest.fixture
def puller(world: World) -> Puller:
    return Puller(world.uow, world.intake)


def sources(folder: Path, *entries: dict[str, Any]) -> list[Source]:
    path = folder / "sources.json"
    path.write_text(json.dumps(entries), "utf-8")
    return read_sources(path)


def test_a_folder_is_taken_once_file_by_file(world: World, puller: Puller, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "2026-04.csv").write_bytes(world.csv("water", [water(1, "2026-04")], "gb18030"))
    (inbox / "2026-05.csv").write_bytes(world.csv("water", [water(1), water(2)]))
    (inbox / "notes.doc").write_bytes(b"nothing")
    [source] = sources(tmp_path, {"dataset": "water", "folder": str(inbox)})
    assert [(batch.new, batch.landing.channel) for batch in puller.pull(source)] == [
        (1, Channel.PULL),
        (2, Channel.PULL),
    ]
    assert list(puller.pull(source)) == []
    (inbox / "2026-05.csv").write_bytes(world.csv("water", [water(1, usage=1), water(2)]))
    assert [batch.changed for batch in puller.pull(source)] == [1]


def test_a_database_is_asked_and_what_it_answered_is_landed(
    world: World, puller: Puller, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'department.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE meters (code TEXT, month TEXT, used INTEGER, note TEXT)"))
        for number in (1, 2):
            connection.execute(
                text("INSERT INTO meters VALUES (:code, '2026-05', 7, 'a,\"b')"), {"code": code(number)}
            )
    engine.dispose()
    (tmp_path / "url").write_text(url, "utf-8")
    query = (
        "SELECT code AS uscc, note AS name, month, 1 AS has_meter, used AS usage, 0 AS arrears_months, "
        "NULL AS cut_off FROM meters"
    )
    [source] = sources(tmp_path, {"dataset": "water", "url_file": str(tmp_path / "url"), "query": query})
    [batch] = puller.pull(source)
    assert (batch.state, batch.new) == (BatchState.COMMITTED, 2)
    assert {row["name"] for row in world.rows("water")} == {'a,"b'}
    assert [again.same for again in puller.pull(source)] == [2]


def test_a_source_that_fails_tells_no_secret(world: World, puller: Puller, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://user:secret@127.0.0.1:1/none", "utf-8")
    [source] = sources(tmp_path, {"dataset": "water", "url_file": str(tmp_path / "url"), "query": "SELECT 1"})
    with pytest.raises(DomainError) as caught:
        list(puller.pull(source))
    assert caught.value.code == "exchange.source_failed"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"dataset": "water"},
        {"dataset": "water", "folder": "x", "url_file": "y"},
        {"dataset": "water", "url_file": "y"},
        {"dataset": "water", "folder": "x", "extra": 1},
        {"dataset": "water", "folder": "x", "mode": "replace"},
    ],
)
def test_malformed_sources_are_named(tmp_path: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match="sources_malformed"):
        sources(tmp_path, entry)


def test_a_file_from_the_disk(world: World, puller: Puller, tmp_path: Path) -> None:
    path = tmp_path / "may.csv"
    path.write_bytes(world.csv("water", [water(1)]))
    assert puller.load("water", path, Mode.APPEND, trial=True).state is BatchState.TRIED
    assert puller.load("water", path, Mode.APPEND).new == 1
    with pytest.raises(DomainError, match="source_failed"):
        puller.load("water", tmp_path / "none.csv", Mode.APPEND)
