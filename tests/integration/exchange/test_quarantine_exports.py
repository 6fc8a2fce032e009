"""The quarantine desk as a file: rows with their reasons, cut with a sentence, for one's own datasets; nothing in it runs."""

from __future__ import annotations

import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from api.exchange.service import desk
from api.infra.audit import AuditRow
from tests.integration.exchange.conftest import World, code, water
from tests.support.slice_application import SliceApplication, person

PATH = "/api/v1/exchange/rows/exports"
BODY = {"format": "xlsx", "purpose": "数据质量会"}
EVIL = '=HYPERLINK("http://x")'


@pytest.fixture
def officer(site: SliceApplication, world: World) -> TestClient:
    world.exchange.grant(person("operator"), "hr", "*")
    return site.as_(person("regulator", account_id="hr", display_name="示例数据员"))


@pytest.fixture
def batch(world: World) -> str:
    rows = [
        water(1, usage="-4"),
        water(2, usage=EVIL),
        water(3, month="2026-13", name=f"试样{chr(0x1F600)}企业"),
    ]
    return world.send("water", [{**row, "usage": str(row["usage"]).replace('"', "")} for row in rows]).id


def rows_of(body: bytes, place: int) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(place).to_python()


def audited(world: World, action: str) -> list[AuditRow]:
    with world.uow.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == action)))


def test_rows_with_their_reasons_and_nothing_that_runs(officer: TestClient, world: World, batch: str) -> None:
    answer = officer.post(PATH, json=BODY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert rows_of(answer.content, 0)[4] == ["企业用水", 3.0, 0.0, 0.0]
    listed = rows_of(answer.content, 1)
    assert listed[4][:5] == ["企业用水", batch, 1.0, code(1), "试样企业1有限公司"]
    assert "不能为负数" in listed[4][5]
    assert listed[5][5] == "用量（usage）= =HYPERLINK(http://x)：不是整数"
    assert "导出人 示例数据员" in str(listed)
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        parts = [packed.read(name).decode() for name in packed.namelist() if "worksheets/sheet" in name]
    assert not any("<f>" in part or "hyperlink" in part for part in parts)
    (line,) = audited(world, "exchange.quarantine_exported")
    assert (line.purpose, line.facts["rows"], line.facts["state"]) == ("数据质量会", 4, "open")


def test_paper_takes_every_character_and_says_where_it_stops(
    officer: TestClient, batch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {**BODY, "format": "pdf", "csrf_token": "csrf"}
    path = tmp_path / "quarantine.pdf"
    path.write_bytes(officer.post("/exchange/quarantine/exports?lang=en", data=form).content)
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "试样□企业" in text.replace("\n", "")
    assert "U+1F600" in text
    monkeypatch.setattr(desk, "MOST_PRINTED", 1)
    path.write_bytes(officer.post("/exchange/quarantine/exports", data=form).content)
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "共 3 行，这里列出前 1 行" in text


def test_conditions_narrow_it_and_others_datasets_are_not_there(
    site: SliceApplication, officer: TestClient, world: World, batch: str
) -> None:
    assert len(rows_of(officer.post(f"{PATH}?state=fixed", json=BODY).content, 1)) == 4 + 2
    world.exchange.grant(person("operator"), "power", "power")
    other = site.as_(person("regulator", account_id="power"))
    assert len(rows_of(other.post(f"{PATH}?batch={batch}", json=BODY).content, 1)) == 4 + 2
    assert other.post(f"{PATH}?dataset=water", json=BODY).status_code == 404
    assert site.as_("regulator").post(PATH, json=BODY).status_code == 403
    assert officer.post(PATH, json={**BODY, "purpose": "x"}).json()["code"] == "purpose_missing"
    assert 'action="/exchange/quarantine/exports"' in officer.get("/exchange/quarantine").text


def test_who_takes_rejected_rows_to_repair_them_is_audited(
    officer: TestClient, world: World, batch: str
) -> None:
    for ending in ("csv", "xlsx"):
        assert officer.get(f"/api/v1/exchange/batches/{batch}/rejected.{ending}").status_code == 200
    assert [line.object_id for line in audited(world, "exchange.rejected_taken")] == [batch, batch]


def test_a_row_is_named_by_its_line_of_the_file(officer: TestClient, world: World, batch: str) -> None:
    second = world.send("water", [water(9, usage="-9")]).id
    listed = rows_of(officer.post(f"{PATH}?batch={second}", json=BODY).content, 1)
    assert [row[1:3] for row in listed[4:-2]] == [[second, 1.0]]
