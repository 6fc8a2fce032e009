"""What leaves the house: text stays text, every file says who took it and for what, and the audit knows before he has it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.infra.db import Database
from api.infra.reports import Format
from api.kernel.errors import DomainError, ErrorKind
from api.risk.board.exports import Kind, Wanted
from api.risk.board.model import Step
from api.risk.board.reports import share
from tests.support.board_scene import BoardScene, lived_in, seeded_towns
from tests.support.report_files import named, pages_of, real_printer, rows_of, sheets
from tests.support.slice_application import SliceApplication, person

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


def table(scene: BoardScene, kind: Kind, title: str, **more: Any) -> list[list[Any]]:
    """Rows of a table without its heads and its mark."""
    found = named(
        sheets(scene.exports.make(ANALYST, Wanted(kind, Format.XLSX, "周例会", **more)).body), title
    )
    return found[4:-2]


def test_the_tables_say_what_the_pages_say(scene: BoardScene) -> None:
    lived_in_without_edition(scene)
    index = scene.district.index(ANALYST)
    assert index.whole is not None
    printed = table(scene, Kind.INDEX, "发展态势")
    assert len(printed) == 1 + len(index.groups)
    for row, group in zip(printed, [index.whole, *index.groups], strict=True):
        assert row[1:4] == [group.firms, group.mean, f"{group.change:+,d}".replace("-", "−")]
        assert row[4:8] == [share(group.counts[grade], group.firms) for grade in (4, 3, 2, 1)]
    assert [row[:2] for row in table(scene, Kind.INDEX, "各月平均得分")] == [
        [f"{month // 100}-{month % 100:02d}", mean] for month, mean in index.line
    ]
    funnel = scene.district.funnel(ANALYST)
    by_colour = table(scene, Kind.FUNNEL, "按颜色")
    assert [row[1:8] for row in by_colour] == [
        [*(funnel.reached(step, grade) for step in Step), funnel.late(None, grade)]
        for grade in (4, 3, 2, 1, None)
    ]
    assert by_colour[0][1:7] != by_colour[1][1:7]
    assert [row[1:8] for row in table(scene, Kind.FUNNEL, "按承办单位")] == [
        [*(funnel.reached(step, None, line.unit) for step in Step), funnel.late(None, None, line.unit)]
        for line in funnel.units()
    ]
    trend = scene.district.trend(ANALYST)
    assert [row.issued for row in trend.rows] != [row.closed for row in trend.rows]
    for title, name in (("每月签发的预警", "issued"), ("每月销号的预警", "closed")):
        counts = [getattr(row, name) for row in trend.rows]
        assert [row[1:6] for row in table(scene, Kind.TREND, title)] == [[*one, sum(one)] for one in counts]
    tiles = {tile.town.code: tile for tile in scene.district.map(ANALYST).tiles if tile.town}
    for row in table(scene, Kind.MAP, "各镇街未销号预警"):
        if row[1]:
            assert row[4:10] == [tiles[row[1]].total, *tiles[row[1]].counts, tiles[row[1]].waiting]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_report_on_paper(database: Database, kind: Kind) -> None:
    scene = BoardScene(database, real_printer())
    lived_in_without_edition(scene)
    wanted = Wanted(kind, Format.PDF, "周例会 #strike[x] & $1$")
    body = scene.exports.make(ANALYST, wanted).body
    assert body == scene.exports.make(ANALYST, wanted).body  # the same bytes
    pages = pages_of(body)
    text = "\n".join(pages)
    assert all("用途：周例会 #strike[x] & $1$" in page.replace("\n", " ") for page in pages)
    assert "示例" in text or kind is Kind.TREND
    spread = sheets(scene.exports.make(ANALYST, replace(wanted, format=Format.XLSX)).body)
    printed = {tuple(line) for line in rows_of(text)}
    whole = [
        row for rows in spread.values() for row in rows if len(row) > 2 and all(one != "" for one in row)
    ]
    plain = [row for row in whole if not any(" " in str(one) for one in row)]
    assert plain
    for row in plain:  # every figure of the spreadsheet stands on the paper, in its line
        assert tuple(f"{one:,.0f}" if isinstance(one, float) else one for one in row) in printed


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
