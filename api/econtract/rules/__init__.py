"""The legality check: one rule per file, pure functions of a `Case`. Order as in the domain's table."""

from __future__ import annotations

from collections.abc import Callable

from api.econtract.model import Case, Finding, Severity
from api.econtract.rules import (
    r01_clauses,
    r02_probation_length,
    r03_probation_once,
    r04_probation_pay,
    r05_minimum_wage,
    r06_part_time,
    r07_hours,
    r08_overtime,
    r09_open_ended,
    r10_written_in_time,
    r11_noncompete,
    r12_penalty,
    r13_training,
    r14_deposit,
    r15_void,
    r16_minors,
    r17_over_age,
    r18_termination,
    r20_dispatch,
)

RULE_SET = "econtract-rules/1.0.0"
"""Name and version of this set; recorded with each check's result (event E06)."""

RULES: dict[str, Callable[[Case], list[Finding]]] = {
    "R01": r01_clauses.check,
    "R02": r02_probation_length.check,
    "R03": r03_probation_once.check,
    "R04": r04_probation_pay.check,
    "R05": r05_minimum_wage.check,
    "R06": r06_part_time.check,
    "R07": r07_hours.check,
    "R08": r08_overtime.check,
    "R09": r09_open_ended.check,
    "R10": r10_written_in_time.check,
    "R11": r11_noncompete.check,
    "R12": r12_penalty.check,
    "R13": r13_training.check,
    "R14": r14_deposit.check,
    "R15": r15_void.check,
    "R16": r16_minors.check,
    "R17": r17_over_age.check,
    "R18": r18_termination.check,
    "R20": r20_dispatch.check,
}

_ORDER = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}


def check(case: Case) -> list[Finding]:
    """All findings, the gravest first, then by rule. Custom clauses without a hit are reported as not checked."""
    found = [finding for rule in RULES.values() for finding in rule(case)]
    hit = {finding.clause for finding in found}
    found.extend(
        _not_checked(clause.id, clause.title) for clause in case.terms.custom if clause.id not in hit
    )
    return sorted(found, key=lambda finding: (_ORDER[finding.severity], finding.rule))


def blocks(findings: list[Finding]) -> bool:
    """Whether a contract with these findings must not be sent."""
    return any(finding.severity is Severity.BLOCK for finding in findings)


def _not_checked(clause: str, title: str) -> Finding:
    return Finding(
        "R00",
        Severity.INFO,
        "《劳动合同法》第二十六条",
        clause,
        f"自定义条款“{title}”未发现已知的违法表述，但平台没有检查它的全部含义。",
        f"Custom clause “{title}”: no known unlawful wording was found, but its meaning was not checked.",
    )
