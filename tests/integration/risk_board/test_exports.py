"""What leaves the house: text stays text, every file says who took it and for what, and the audit knows before he has it."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from api.bootstrap.reports import TypstReports
from api.infra.audit import AuditRow
from api.infra.db import Database
from api.infra.reports import Format
from api.kernel.errors import DomainError, ErrorKind
from api.risk.board.exports import Kind, Wanted
from signing.rendering import FontBook
from tests.support.board_scene import BoardScene, lived_in, seeded_towns
from tests.support.slice_application import SliceApplication, person

ROOT = Path(__file__).resolve().parents[3]
ANALYST = person("risk_analyst")


def cells(body: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(sheet).to_python()


def audited(scene: BoardScene) -> list[AuditRow]:
    with scene.uow.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == "risk.report_exported")))


def test_a_spreadsheet_holds_texts_and_numbers_and_no_formula(scene: BoardScene) -> None:
    evil = '=HYPERLINK("http://x")'
    towns = [replace(seeded_towns()[0], name_zh=evil, administered_by="+1+cmd"), *seeded_towns()[1:]]
    scene.towns.save(person("operator"), 1, date(2026, 11, 1), "改", towns)
    scene.warn("500107001", 4)
    file = scene.exports.make(ANALYST, Wanted(Kind.MAP, Format.XLSX, "周例会"))
    assert file.name == "concord-map-20261123.xlsx"
    rows = cells(file.body)
    line = next(row for row in rows if row[1] == "500107001")
    assert line[:6] == [evil, "500107001", "+1+cmd", "—", 1.0, 1.0]
    with zipfile.ZipFile(BytesIO(file.body)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    mark = "导出人 account-risk_analyst · 2026年11月23日 10:00 · 用途：周例会"
    assert any(mark in str(cell) for row in rows for cell in row)
    assert "周例会" in sheet.partition("<oddFooter>")[2]


def test_every_report_in_both_languages_and_the_audit(scene: BoardScene) -> None:
    lived_in_without_edition(scene)
    for kind in Kind:
        for lang in ("zh", "en"):
            body = scene.exports.make(ANALYST, Wanted(kind, Format.XLSX, "存档", lang)).body
            assert len(cells(body)) > 5
            if lang == "en":
                text = " ".join(str(cell) for row in cells(body) for cell in row[1:])
                assert not any(
                    "\u4e00" <= c <= "\u9fff" for c in text.replace("示例区", "").replace("示例高新区", "")
                )
    rows = audited(scene)
    assert [row.object_id for row in rows] == [str(kind) for kind in Kind for _lang in "12"]
    assert {(row.actor, row.purpose) for row in rows} == {("account-risk_analyst", "存档")}


def lived_in_without_edition(scene: BoardScene) -> None:
    """The scene of the pages over the migration's towns."""
    scene.edition = lambda *_given: None  # type: ignore[method-assign]
    lived_in(scene)


def test_without_a_purpose_nothing_is_given(scene: BoardScene) -> None:
    for purpose in ("", " 例 ", "长" * 101, "周\n会"):
        with pytest.raises(DomainError) as caught:
            scene.exports.make(ANALYST, Wanted(Kind.MAP, Format.XLSX, purpose))
        assert caught.value.code == "purpose_missing"
    assert audited(scene) == []


def test_what_fails_to_be_made_is_neither_audited_nor_given(scene: BoardScene) -> None:
    class Broken:
        def render(self, report: Any) -> bytes:
            raise RuntimeError("out of paper")

    scene.exporter._printer = Broken()  # the port's other side
    with pytest.raises(RuntimeError):
        scene.exports.make(ANALYST, Wanted(Kind.MAP, Format.PDF, "周例会"))
    assert audited(scene) == []


def test_a_street_officer_takes_his_towns_out_and_no_others(scene: BoardScene) -> None:
    lived_in_without_edition(scene)
    officer = person("street_officer", attributes={"towns": "500107010"})
    codes = {row[1] for row in cells(scene.exports.make(officer, Wanted(Kind.MAP, Format.XLSX, "核查")).body)}
    assert {code for code in codes if str(code).startswith("5001")} == {"500107010"}


def test_the_overview_says_what_its_page_says_and_is_not_for_street_officers(scene: BoardScene) -> None:
    lived_in_without_edition(scene)
    found = scene.district.overview(ANALYST)
    body = scene.exports.make(ANALYST, Wanted(Kind.OVERVIEW, Format.XLSX, "周例会")).body
    opened, standing = (
        cells(body, 1),
        cells(body, len(CalamineWorkbook.from_filelike(BytesIO(body)).sheet_names) - 1),
    )
    assert [row[1] for row in opened[4:8]] == [float(count) for count in found.map.counts]
    assert [row[1] for row in standing[4:10]] == [
        float(found.standing[grade]) for grade in (4, 3, 2, 1, 0, 5)
    ]
    assert found.sources is not None
    assert "、".join(found.sources.unknown) in str(cells(body, 0))
    officer = person("street_officer", attributes={"towns": "500107010"})
    with pytest.raises(DomainError) as caught:
        scene.exports.make(officer, Wanted(Kind.OVERVIEW, Format.XLSX, "周例会"))
    assert caught.value.kind in (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_report_on_paper(database: Database, tmp_path: Path, kind: Kind) -> None:
    scene = BoardScene(database, TypstReports(FontBook.npm(ROOT / "node_modules"), test=True))
    lived_in_without_edition(scene)
    wanted = Wanted(kind, Format.PDF, "周例会 #strike[x] & $1$")
    body = scene.exports.make(ANALYST, wanted).body
    assert body == scene.exports.make(ANALYST, wanted).body  # the same bytes
    path = tmp_path / f"{kind}.pdf"
    path.write_bytes(body)
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = text.rstrip("\f").split("\f")
    assert all("用途：周例会 #strike[x] & $1$" in page.replace("\n", " ") for page in pages)
    assert "示例" in text or kind is Kind.TREND


def test_the_form_and_the_interface_give_files(site: SliceApplication, scene: BoardScene) -> None:
    lived_in_without_edition(scene)
    analyst = site.as_("risk_analyst")
    form = {
        "csrf_token": "csrf",
        "report": "trend",
        "format": "xlsx",
        "purpose": "周例会",
        "span": "6",
        "month": "",
    }
    answer = analyst.post("/risk/exports", data=form)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="concord-trend-')
    assert [row[0] for row in cells(answer.content)][4] == "2026-06"
    body = {
        "report": "funnel",
        "format": "xlsx",
        "purpose": "周例会",
        "lang": "en",
        "first": 202610,
        "last": 202611,
    }
    assert "Funnel" in str(cells(analyst.post("/api/v1/risk/board/exports", json=body).content)[0][0])
    assert analyst.post("/risk/exports", data={**form, "purpose": ""}).status_code == 422
    del analyst.headers["X-CSRF-Token"]
    assert analyst.post("/risk/exports", data={**form, "csrf_token": "no"}).status_code == 403
    assert site.as_("worker").post("/risk/exports", data=form).status_code == 403
