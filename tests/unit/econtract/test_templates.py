"""Templates cover the law's list, fields are read strictly, values fill gaps as data."""

from __future__ import annotations

import string
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from api.econtract import composition, fields, template_library
from api.econtract.composition import Identity
from api.econtract.model import Clause, Form, Terms
from tests.unit.econtract.conftest import LAWFUL, TODAY

IDENTITY = Identity("7f3a9c1d20b84e65", 1, TODAY, "a" * 26, "https://example.test/d/" + "a" * 26, True)


def template(form: Form) -> template_library.TextTemplate:
    return next(item for item in template_library.newest() if item.form is form)


def text_of(form: Form = Form.FIXED, **changes: Any) -> str:
    terms = replace(LAWFUL, form=form, **changes)
    return "\n".join(clause.text for clause in composition.clauses(template(form), terms, TODAY))


@pytest.mark.parametrize("form", [Form.FIXED, Form.OPEN, Form.TASK])
def test_each_template_covers_m3_to_m8_and_its_gaps_are_fields(form: Form) -> None:
    found = template(form)
    assert {clause.mandatory for clause in found.clauses} >= {"M3", "M4", "M5", "M6", "M7", "M8"}
    known = set(composition.values(Terms(), TODAY))
    for clause in found.clauses:
        for part in clause.paragraphs:
            gaps = {name for _, name, _, _ in string.Formatter().parse(part.text) if name}
            assert gaps <= known
            condition = part.when.lstrip("!").replace("!=", "=").split("=")[0]
            assert condition == "" or condition in known


def test_m1_and_m2_stand_in_the_parties() -> None:
    data = composition.document(template(Form.FIXED), LAWFUL, IDENTITY)
    text = str(data["parties"])
    for value in (LAWFUL.employer_name, LAWFUL.employer_address, LAWFUL.worker_name, LAWFUL.worker_id_number):
        assert value in text


def test_versions_are_found_by_id_and_hash() -> None:
    found = template(Form.OPEN)
    assert template_library.find(found.id) == found
    assert template_library.find(found.id, "0.0.1") is None
    assert template_library.find("nothing") is None
    assert len({item.sha256 for item in template_library.library()}) == len(template_library.library())


def test_probation_paragraphs_follow_the_terms() -> None:
    assert "试用期自2026年12月1日起至2027年1月31日止" in text_of()
    assert "双方不约定试用期" in text_of(probation_end=None)
    assert "不约定试用期" in text_of(
        Form.TASK, probation_end=None, task_description="甲", task_completion="乙"
    )


def test_late_signing_is_shown_and_never_back_dated() -> None:
    assert "补签" not in text_of()
    late = text_of(start_date=date(2026, 11, 1))
    assert "自2026年11月1日起已在甲方工作" in late
    assert "可信时间戳为准" in late
    data = composition.document(template(Form.FIXED), replace(LAWFUL, start_date=date(2026, 11, 1)), IDENTITY)
    assert data["date"] == TODAY.isoformat()
    assert any(fact["id"] == "late_signing" for fact in data["key_facts"])  # type: ignore[union-attr,index,call-overload]


def test_values_that_look_like_gaps_stay_text() -> None:
    assert "内容为：{monthly_pay} {0} {post.__class__}" in text_of(
        work_content="{monthly_pay} {0} {post.__class__}"
    )


def test_money_and_hours_are_written_plainly() -> None:
    text = text_of(monthly_pay=Decimal("8000"), hours_per_day=Decimal("7.50"))
    assert "8,000.00元" in text
    assert "每日工作7.5小时" in text


def test_optional_clauses_appear_only_when_agreed() -> None:
    titles = [clause.title for clause in composition.clauses(template(Form.FIXED), LAWFUL, TODAY)]
    assert "竞业限制" not in titles
    rich = replace(
        LAWFUL,
        noncompete_months=12,
        noncompete_role="confidential",
        custom=(Clause("C1", "宿舍", "提供宿舍。"),),
    )
    titles = [clause.title for clause in composition.clauses(template(Form.FIXED), rich, TODAY)]
    assert "竞业限制" in titles
    assert "宿舍" in titles
    assert titles.index("宿舍") < titles.index("争议处理")


def test_facts_are_strings_and_integers() -> None:
    facts = composition.facts(LAWFUL)
    assert facts["monthly_pay"] == "8000.00"
    assert facts["start_date"] == "2026-12-01"
    assert all(isinstance(value, str | int | bool) for value in facts.values())


def test_every_field_of_the_form_is_a_term() -> None:
    assert {field.name for field in fields.schema()} <= {field.name for field in dataclass_fields(Terms)}
    assert {field.group for field in fields.schema()} == {name for name, _, _ in fields.groups()}
    assert all(field.zh and field.en for field in fields.schema())


def test_a_full_form_is_read() -> None:
    terms, errors = fields.parse(
        Form.FIXED,
        {
            "worker_name": " 李测试 ",
            "start_date": "2026-12-01",
            "monthly_pay": "8,000",
            "pay_day": "10",
            "drawing_pension": "false",
            "hours_per_day": 8,
            "worker_phone": "13800000000",
            "place_region": "500107001",
            "training_prorated": True,
        },
        [{"title": "宿舍", "text": "提供宿舍。"}, {"title": "", "text": ""}],
    )
    assert errors == []
    assert terms.worker_name == "李测试"
    assert terms.monthly_pay == Decimal(8000)
    assert terms.custom == (Clause("C1", "宿舍", "提供宿舍。"),)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("start_date", "2026-02-30", "field_not_date"),
        ("start_date", "20261201x", "field_not_date"),
        ("start_date", 20261201, "field_not_text"),
        ("monthly_pay", "8000.001", "field_out_of_range"),
        ("monthly_pay", "-1", "field_out_of_range"),
        ("monthly_pay", "NaN", "field_out_of_range"),
        ("monthly_pay", "1e9", "field_out_of_range"),
        ("monthly_pay", "八千", "field_not_number"),
        ("pay_day", "0", "field_out_of_range"),
        ("pay_day", "32", "field_out_of_range"),
        ("pay_day", "1.5", "field_out_of_range"),
        ("pay_kind", "weekly", "field_not_choice"),
        ("drawing_pension", "maybe", "field_not_choice"),
        ("worker_phone", "12800000000", "field_not_phone"),
        ("place_region", "50010", "field_not_region"),
        ("worker_name", "李\u202e测", "field_forbidden_character"),
        ("worker_name", "李\n测", "field_forbidden_character"),
        ("work_content", "a\x00b", "field_forbidden_character"),
        ("work_content", "长" * 1001, "field_too_long"),
        ("salary", "1", "field_unknown"),
    ],
)
def test_unreadable_values_are_named(name: str, value: object, code: str) -> None:
    _, errors = fields.parse(Form.FIXED, {name: value}, [])
    assert [(error.pointer, error.code) for error in errors] == [(f"/fields/{name}", f"econtract.{code}")]


def test_fields_of_another_form_are_ignored() -> None:
    terms, errors = fields.parse(Form.OPEN, {"end_date": "2029-11-30", "task_description": "x"}, [])
    assert errors == []
    assert terms.end_date is None
    assert terms.task_description == ""


def test_custom_clauses_are_limited() -> None:
    _, errors = fields.parse(Form.FIXED, {}, [{"title": "t", "text": "x"}] * 21)
    assert [error.code for error in errors] == ["econtract.too_many_clauses"]
    _, errors = fields.parse(Form.FIXED, {}, [{"title": "t", "text": "x" * 4001}])
    assert [error.pointer for error in errors] == ["/custom/0"]
