"""Editions of the table of towns: dated, whole, audited, and never overwritten by whoever comes second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from api.infra.audit import AuditRow
from api.kernel.errors import DomainError, ErrorKind
from api.risk.board import repository
from api.risk.board.model import Edition, Town
from tests.support.board_scene import NOW, BoardScene, seeded_towns
from tests.support.slice_application import SliceApplication, person

OPERATOR, DIRECTOR = person("operator"), person("risk_director")
FIRST = "500107001"


def refused(code: str, call: Callable[[], object]) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def changed(**values: object) -> list[Town]:
    """The seeded towns, the first one changed."""
    first, *rest = seeded_towns()
    return [replace(first, **values), *rest]  # type: ignore[arg-type]


def test_a_change_is_an_edition_that_holds_from_its_day(scene: BoardScene) -> None:
    made = scene.towns.save(OPERATOR, 1, date(2026, 10, 1), "改名", changed(name_zh="示例新街道"))
    assert (made.no, made.valid_from, made.changed_by) == (2, date(2026, 10, 1), "account-operator")
    analyst = person("risk_analyst")
    now, then = scene.district.map(analyst), scene.district.map(analyst, 202609)
    assert now.edition.named(FIRST, "zh") == "示例新街道"
    assert then.edition.named(FIRST, "zh") == "示例一街道"
    assert now.edition.named("500107998", "zh") == "500107998"
    with scene.uow.read() as session:
        line = session.scalars(select(AuditRow).where(AuditRow.action == "risk.towns_changed")).one()
    assert (line.object_id, line.purpose, line.facts["changed"]) == ("2", "改名", [FIRST])


def test_others_ask_for_the_names_of_today(scene: BoardScene) -> None:
    assert scene.towns.names()[FIRST] == ("示例一街道", "Example Subdistrict 1")
    scene.towns.save(OPERATOR, 1, date(2026, 11, 24), "明天改名", changed(name_zh="示例新街道"))
    assert scene.towns.names()[FIRST][0] == "示例一街道"


def test_a_correction_of_the_past_does_not_undo_the_future(scene: BoardScene) -> None:
    scene.towns.save(OPERATOR, 1, date(2027, 1, 1), "明年合并", seeded_towns()[:18])
    scene.towns.save(OPERATOR, 2, date(2026, 6, 1), "补登", changed(administered_by="示例新区"))
    with scene.uow.read() as session:
        assert len(repository.edition_on(session, date(2026, 12, 31)).towns) == 19
        assert repository.edition_on(session, date(2026, 12, 31)).no == 3
        assert repository.edition_on(session, date(2027, 1, 1)).no == 2
        assert repository.edition_on(session, date(2026, 5, 31)).no == 1


def test_the_second_of_two_editors_is_told(scene: BoardScene) -> None:
    scene.towns.save(OPERATOR, 1, date(2026, 11, 1), "甲", changed(name_en="One"))
    error = refused(
        "risk.towns_changed",
        lambda: scene.towns.save(DIRECTOR, 1, date(2026, 11, 1), "乙", changed(name_en="Two")),
    )
    assert error.kind is ErrorKind.CONFLICT
    assert error.facts["newest"] == 2
    table, newest, history = scene.towns.table(DIRECTOR)
    assert (table.named(FIRST, "en"), newest, [one.no for one in history]) == ("One", 2, [2, 1])


def test_an_edition_written_in_between_is_a_conflict_as_well(
    scene: BoardScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scene.uow() as session:
        repository.add_edition(session, Edition(2, date(2026, 11, 1), NOW, "x", "x", seeded_towns()))
    monkeypatch.setattr(repository, "last_edition", lambda _session: 1)  # as it was when we asked
    refused(
        "risk.towns_changed",
        lambda: scene.towns.save(OPERATOR, 1, date(2026, 11, 1), "乙", changed(column=5)),
    )


def test_saving_what_is_there_makes_nothing(scene: BoardScene) -> None:
    assert scene.towns.save(OPERATOR, 1, date(2026, 11, 1), "再存一次", seeded_towns()).no == 1
    assert scene.towns.table(OPERATOR)[1] == 1


@pytest.mark.parametrize(
    ("code", "pointer", "towns"),
    [
        ("risk.town_code", "/towns/0/code", changed(code="50010700")),
        ("risk.town_code", "/towns/0/code", changed(code="５００１０７００１")),
        ("risk.town_twice", "/towns/1/code", changed(code="500107002")),
        ("risk.town_place", "/towns/0/column", changed(column=9)),
        ("risk.town_place", "/towns/0/column", changed(row=0)),
        ("risk.town_place_taken", "/towns/1/column", changed(column=3, row=1)),
        ("risk.town_text", "/towns/0/name_zh", changed(name_zh="  ")),
        ("risk.town_text", "/towns/0/name_en", changed(name_en="a\nb")),
        ("risk.town_text", "/towns/0/administered_by", changed(administered_by="长" * 81)),
        ("risk.town_number", "/towns", []),
    ],
)
def test_a_table_that_is_wrong_is_refused_where_it_is_wrong(
    scene: BoardScene, code: str, pointer: str, towns: list[Town]
) -> None:
    error = refused(code, lambda: scene.towns.save(OPERATOR, 1, date(2026, 11, 1), "改", towns))
    assert error.facts["pointer"] == pointer
    assert scene.towns.table(OPERATOR)[1] == 1


def test_who_may_edit_and_why(scene: BoardScene) -> None:
    refused("role_required", lambda: scene.towns.save(person("risk_analyst"), 1, date(2026, 11, 1), "改", []))
    refused("role_required", lambda: scene.towns.table(person("worker")))
    refused("risk.reason_missing", lambda: scene.towns.save(OPERATOR, 1, date(2026, 11, 1), " ", changed()))
    refused("risk.town_start", lambda: scene.towns.save(OPERATOR, 1, date(1999, 12, 31), "改", changed()))
    refused("not_found", lambda: scene.towns.table(OPERATOR, 9))


def test_the_form_keeps_what_was_typed(site: SliceApplication) -> None:
    operator = site.as_("operator")
    text = operator.get("/risk/towns").text
    assert text.count('name="code"') == 22  # 19 towns and three empty lines
    fields = {name: [str(getattr(town, name)) for town in seeded_towns()] for name in
              ("code", "name_zh", "name_en", "column", "row", "administered_by")}  # fmt: skip
    fields["name_zh"][3] = "示例改名街道"
    form: dict[str, object] = {
        **fields, "csrf_token": "csrf", "based_on": "1", "valid_from": "2026-11-01", "reason": ""
    }  # fmt: skip
    missing = operator.post("/risk/towns", data=form)
    assert missing.status_code == 422
    assert "请写明理由" in missing.text
    assert "示例改名街道" in missing.text
    assert operator.post("/risk/towns", data={**form, "reason": "改名"}).status_code == 303
    late = operator.post("/risk/towns", data={**form, "reason": "又改", "name_zh": fields["name_zh"][::-1]})
    assert late.status_code == 409
    assert "刚刚被别人改过" in late.text
    assert operator.post("/risk/towns", data={**form, "valid_from": "明天"}).status_code == 422
    assert operator.post("/risk/towns", data={**form, "code": ["1"]}).status_code == 422
    assert "示例一街道" in operator.get("/risk/towns?edition=1").text
    assert site.as_("risk_analyst").get("/risk/towns").text.count('name="code"') == 0
    assert site.as_("risk_analyst").post("/risk/towns", data=form).status_code == 403
