"""The demonstration's own steps, against an API that answers from a table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from scripts import demo_risk
from scripts.demo_risk import (
    SIGNED,
    Facts,
    RiskDemoFailed,
    case_of,
    grade_of,
    score,
    send,
    sign,
    warnings_of,
)
from scripts.district.calendar import Month
from scripts.journey.client import ApiClient
from tests.unit.district.conftest import Made


def _client(answer: Callable[[httpx.Request], Any]) -> ApiClient:
    client = ApiClient("http://demo.invalid")

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer(request))

    client.http = httpx.Client(base_url="http://demo.invalid", transport=httpx.MockTransport(handle))
    return client


def _batch(state: str = "committed") -> dict[str, Any]:
    return {
        "state": state,
        "new": 5,
        "changed": 2,
        "quarantined": 1,
        "problem": {"code": "exchange.file_cut"},
    }


def _quiet(_text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    """The generated files under another name: notes of what was sent lie beside the folder."""
    link = tmp_path / "district"
    link.symlink_to(made.folder, target_is_directory=True)
    return link


def test_every_file_is_sent_once_in_the_order_of_its_day(made: Made, folder: Path) -> None:
    seen: list[str] = []
    first, again = Facts(150), Facts(150)

    def answer(request: httpx.Request) -> dict[str, Any]:
        seen.append(request.url.path)
        return _batch()

    send(_client(answer), folder, made.manifest, first, _quiet)
    send(_client(answer), folder, made.manifest, again, _quiet)
    files = made.manifest["files"]
    assert seen == [
        f"/api/v1/exchange/datasets/{file['dataset']}/files/{Path(file['path']).name}" for file in files
    ]
    assert [file["sent_on"] for file in files] == sorted(file["sent_on"] for file in files)
    assert (first.rows_accepted, first.rows_quarantined) == (7 * len(files), len(files))
    assert again == first


def test_the_intake_says_how_far_it_is_and_what_was_sent_before(
    made: Made, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_risk, "SPEAK_EVERY", 0.0)
    lines: list[str] = []
    send(_client(lambda _: _batch()), folder, made.manifest, Facts(150), lines.append)
    count = len(made.manifest["files"])
    assert len(lines) == count + 1
    assert lines[0].startswith(f"入库 1/{count}：")
    send(_client(lambda _: _batch()), folder, made.manifest, Facts(150), lines.append)
    assert lines[count + 1] == f"续传：{count} 个文件此前已入库"


def test_a_refused_file_ends_the_demonstration_and_is_sent_again(made: Made, folder: Path) -> None:
    answers = iter([_batch(), _batch("refused")])
    with pytest.raises(RiskDemoFailed, match="file_cut"):
        send(_client(lambda _: next(answers)), folder, made.manifest, Facts(150), _quiet)
    notes = folder.with_name("district.sent.jsonl")
    notes.write_text(notes.read_text("utf-8") + '\n{"path": "cut by a ki', "utf-8")
    rest: list[str] = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        rest.append(request.url.path)
        return _batch()

    send(_client(answer), folder, made.manifest, Facts(150), _quiet)
    assert len(rest) == len(made.manifest["files"]) - 1


def test_warnings_come_from_all_pages() -> None:
    pages = {"": {"rows": [{"id": "1"}, {"id": "2"}], "next": "x"}, "x": {"rows": [{"id": "3"}], "next": ""}}
    client = _client(lambda request: pages[request.url.params["before"]])
    assert [warning["id"] for warning in warnings_of(client)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("grade", "pending", "higher"),
    [("none", "red", "red"), ("orange", "none", "orange"), ("blue", "yellow", "yellow")],
)
def test_a_warning_counts_at_the_higher_of_issued_and_waiting(grade: str, pending: str, higher: str) -> None:
    assert grade_of({"grade": grade, "pending": pending}) == higher


def test_the_gravest_are_signed_at_the_grade_that_was_seen() -> None:
    said: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> dict[str, Any]:
        said.append((request.url.path.split("/")[-2], json.loads(request.content)["grade"]))
        return {}

    colours = ["blue"] * 20 + ["none", "orange", "red"]
    found = [{"id": f"w{number:02}", "pending": colour} for number, colour in enumerate(colours)]
    signed = sign(_client(answer), found)
    assert said[:3] == [("w22", "red"), ("w21", "orange"), ("w00", "blue")]
    assert len(signed) == SIGNED
    assert all(warning["pending"] != "none" for warning in signed)


def test_what_never_comes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_risk, "PATIENCE", 0.0)
    with pytest.raises(RiskDemoFailed, match="opened no case"):
        case_of(_client(lambda _: {"cases": []}), "w")


def test_the_run_is_brought_to_its_end_here() -> None:
    said: list[Any] = []
    runs = SimpleNamespace(
        start_monthly=lambda month, day: said.append((month, day)) or SimpleNamespace(id="r"),
        complete=lambda run: said.append(run) or SimpleNamespace(firms=3),
    )
    assert score(SimpleNamespace(risk=SimpleNamespace(runs=runs)), Month(2026, 10)).firms == 3
    assert said == [(202610, dt.date(2026, 10, 31)), "r"]


def test_an_opened_case_is_found() -> None:
    case = {"warning_id": "w", "case_id": "c"}
    assert case_of(_client(lambda _: {"cases": [{"warning_id": "v"}, case]}), "w") == case
