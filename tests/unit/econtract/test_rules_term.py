"""R01–R03, R09, R10: what must be there, the term and its probation, and when it must be written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from api.econtract.model import Case, Finding, Form, History, Severity
from api.econtract.rules import RULES, blocks, check
from api.econtract.rules.r02_probation_length import longest

Run = Callable[..., list[Finding]]


def severities(findings: list[Finding]) -> list[str]:
    return [finding.severity.value for finding in findings]


def test_a_lawful_contract_has_no_finding(case: Callable[..., Case]) -> None:
    assert check(case()) == []


def test_every_finding_speaks_both_languages_and_cites_an_article(case: Callable[..., Case]) -> None:
    bad = case(
        post="面议", probation_end=date(2028, 1, 1), probation_pay="1", hours_per_day=9, overtime_per_day=4
    )
    findings = check(case(post="面议", probation_end=date(2028, 1, 1)))
    assert {finding.rule for finding in findings} == {"R01", "R02"}
    assert bad.terms.post == "面议"
    for finding in findings:
        assert "第" in finding.law
        assert finding.zh
        assert finding.en
        assert finding.clause


def test_rules_are_ordered_gravest_first_and_custom_text_is_not_called_passed(
    case: Callable[..., Case],
) -> None:
    from api.econtract.model import Clause

    findings = check(case(overtime_per_day=2, post="", custom=(Clause("C1", "团建", "每年组织一次活动。"),)))
    assert severities(findings) == ["BLOCK", "WARN", "INFO"]
    assert findings[-1].rule == "R00"
    assert "没有检查" in findings[-1].zh
    assert blocks(findings)
    assert not blocks(findings[1:])


@pytest.mark.parametrize(
    ("field", "clause"),
    [
        ("employer_name", "M1"),
        ("employer_address", "M1"),
        ("employer_representative", "M1"),
        ("worker_name", "M2"),
        ("worker_address", "M2"),
        ("worker_id_number", "M2"),
        ("post", "M4"),
        ("work_content", "M4"),
        ("place", "M4"),
        ("social_insurance", "M7"),
        ("protection", "M8"),
        ("hazards", "M8"),
    ],
)
def test_r01_empty_text(run: Run, field: str, clause: str) -> None:
    (finding,) = run("R01", **{field: "  "})
    assert (finding.severity, finding.clause, finding.facts["item"]) == (Severity.BLOCK, clause, field)


@pytest.mark.parametrize(
    ("field", "clause"),
    [
        ("start_date", "M3"),
        ("end_date", "M3"),
        ("hours_per_day", "M5"),
        ("hours_per_week", "M5"),
        ("rest_days_per_week", "M5"),
        ("monthly_pay", "M6"),
        ("pay_day", "M6"),
    ],
)
def test_r01_absent_value(run: Run, field: str, clause: str) -> None:
    (finding,) = run("R01", **{field: None})
    assert (finding.severity, finding.clause) == (Severity.BLOCK, clause)


@pytest.mark.parametrize("hollow", ["/", "另行约定", "面议", "按公司规定", "面议。", "—", "待定"])
def test_r01_hollow_words_count_as_empty(run: Run, hollow: str) -> None:
    assert [finding.facts["item"] for finding in run("R01", work_content=hollow)] == ["work_content"]


def test_r01_no_hazards_is_an_answer(run: Run) -> None:
    assert run("R01", hazards="无") == []


def test_r01_task_needs_task_and_its_end(run: Run) -> None:
    items = [finding.facts["item"] for finding in run("R01", form=Form.TASK, end_date=None)]
    assert items == ["task_description", "task_completion"]


def test_r01_open_ended_needs_no_end(run: Run) -> None:
    assert run("R01", form=Form.OPEN, end_date=None) == []


def test_r01_end_before_start(run: Run) -> None:
    assert len(run("R01", end_date=date(2026, 11, 30))) == 1
    assert run("R01", end_date=date(2026, 12, 1)) == []


@pytest.mark.parametrize(
    "number", ["500107199001010017", "50010719900101001", "500107199013010016", "5001071990010100X6", "abc"]
)
def test_r01_a_wrong_id_number(run: Run, number: str) -> None:
    (finding,) = run("R01", worker_id_number=number)
    assert "校验" in finding.zh


@pytest.mark.parametrize(
    "number", ["500107199001010016", "500107199001010024", "500107199001010032", "11010519491231002X"]
)
def test_r01_valid_id_numbers(run: Run, number: str) -> None:
    assert run("R01", worker_id_number=number) == []


def test_r01_another_document_needs_birth_and_sex(run: Run) -> None:
    foreign = {"worker_id_kind": "passport", "worker_id_number": "E1234567"}
    assert len(run("R01", **foreign)) == 1
    assert run("R01", **foreign, worker_birth=date(1990, 1, 1), worker_sex="male") == []


@pytest.mark.parametrize(
    ("end", "most"),
    [
        (date(2026, 3, 30), 0),
        (date(2026, 3, 31), 1),
        (date(2026, 12, 30), 1),
        (date(2026, 12, 31), 2),
        (date(2028, 12, 30), 2),
        (date(2028, 12, 31), 6),
    ],
)
def test_r02_longest_probation_at_the_edges(end: date, most: int) -> None:
    assert longest(Form.FIXED, date(2026, 1, 1), end) == most


@pytest.mark.parametrize(
    ("start", "end", "most"),
    [
        (date(2026, 8, 31), date(2026, 11, 29), 0),
        (date(2026, 8, 31), date(2026, 11, 30), 1),
        (date(2026, 11, 30), date(2027, 2, 27), 0),
        (date(2026, 11, 30), date(2027, 2, 28), 1),
    ],
)
def test_r02_month_ends(start: date, end: date, most: int) -> None:
    assert longest(Form.FIXED, start, end) == most


def probation(run: Run, start: date, end: date | None, until: date, form: Form = Form.FIXED) -> list[Finding]:
    return run("R02", form=form, start_date=start, end_date=end, probation_end=until)


def test_r02_is_judged_by_its_end_date(run: Run) -> None:
    start, end = date(2026, 2, 10), date(2026, 8, 9)
    assert probation(run, start, end, date(2026, 3, 9)) == []
    (finding,) = probation(run, start, end, date(2026, 3, 11))  # thirty days
    assert finding.facts["latest_end"] == "2026-03-09"
    assert "最多 1 个月" in finding.zh


@pytest.mark.parametrize(
    ("form", "end", "until", "allowed"),
    [
        (Form.OPEN, None, date(2026, 6, 30), True),
        (Form.OPEN, None, date(2026, 7, 1), False),
        (Form.TASK, None, date(2026, 1, 2), False),
        (Form.FIXED, date(2028, 12, 31), date(2026, 6, 30), True),
        (Form.FIXED, date(2028, 12, 31), date(2026, 7, 1), False),
        (Form.FIXED, date(2026, 3, 30), date(2026, 1, 2), False),
        (Form.FIXED, date(2026, 12, 31), date(2026, 2, 28), True),
        (Form.FIXED, date(2026, 12, 31), date(2026, 3, 1), False),
        (Form.FIXED, date(2026, 4, 30), date(2026, 4, 30), False),
        (Form.FIXED, date(2026, 4, 30), date(2026, 5, 1), False),
        (Form.FIXED, date(2026, 4, 30), date(2025, 12, 31), False),
    ],
)
def test_r02_forms_and_limits(run: Run, form: Form, end: date | None, until: date, allowed: bool) -> None:
    findings = probation(run, date(2026, 1, 1), end, until, form)
    assert severities(findings) == ([] if allowed else ["BLOCK"])


def test_r02_without_probation_or_dates_says_nothing(run: Run) -> None:
    assert run("R02", probation_end=None) == []
    assert run("R02", start_date=None) == []
    assert run("R02", end_date=None) == []


def test_r03_probation_only_once(run: Run) -> None:
    assert run("R03") == []
    assert severities(run("R03", history=History(had_probation=True))) == ["BLOCK"]
    assert severities(run("R03", probation_before=True)) == ["BLOCK"]
    assert run("R03", history=History(had_probation=True), probation_end=None) == []


def test_r09_two_fixed_terms_or_ten_years(run: Run) -> None:
    assert run("R09", history=History(consecutive_fixed_terms=1)) == []
    assert severities(run("R09", history=History(consecutive_fixed_terms=2))) == ["BLOCK"]
    assert run("R09", history=History(consecutive_fixed_terms=2), worker_requested_fixed=True) == []
    assert run("R09", history=History(consecutive_fixed_terms=2), form=Form.OPEN) == []
    assert severities(run("R09", history=History(employed_since=date(2016, 12, 1)))) == ["BLOCK"]
    assert run("R09", history=History(employed_since=date(2016, 12, 2))) == []


@pytest.mark.parametrize(
    ("first", "severity"),
    [
        (date(2026, 11, 22), []),
        (date(2026, 11, 21), ["INFO"]),
        (date(2026, 11, 9), ["INFO"]),
        (date(2026, 11, 8), ["WARN"]),
        (date(2026, 10, 23), ["WARN"]),
        (date(2026, 10, 22), ["WARN"]),
        (date(2025, 11, 22), ["WARN"]),
    ],
)
def test_r10_severity_by_day(run: Run, first: date, severity: list[str]) -> None:
    assert severities(run("R10", start_date=first)) == severity


def test_r10_texts_at_the_month_and_the_year(run: Run) -> None:
    within = run("R10", start_date=date(2026, 10, 23))[0]
    assert "第 31 天" in within.zh
    assert "2026-11-22 以前" in within.zh
    late = run("R10", start_date=date(2026, 10, 22))[0]
    assert "二倍工资" in late.zh
    assert "2026-11-22" in late.zh
    assert "倒签" in late.zh
    year = run("R10", start_date=date(2025, 11, 22))[0]
    assert "无固定期限" in year.zh
    assert "2025-12-22 至 2026-11-21" in year.zh
    not_yet_a_year = run("R10", start_date=date(2025, 11, 23))[0]
    assert "视为" not in not_yet_a_year.zh


def test_r10_counts_from_the_first_working_day(run: Run) -> None:
    assert severities(run("R10", employment_start=date(2026, 11, 1))) == ["WARN"]


def test_every_rule_of_the_table_is_there() -> None:
    wanted = {f"R{number:02d}" for number in range(1, 19)} | {"R20"}
    assert set(RULES) == wanted
