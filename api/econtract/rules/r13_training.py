"""R13: damages for breaking a training service period (劳动合同法 art. 22): not above the cost, nor the unserved share."""

from __future__ import annotations

from decimal import Decimal

from api.econtract.model import Case, Finding, Severity

LAW = "《劳动合同法》第二十二条"


def check(case: Case) -> list[Finding]:
    """BLOCK damages above the training cost, without a stated cost, or not reduced with the time served."""
    terms = case.terms
    damages = terms.training_damages
    if damages is None or damages <= Decimal(0):
        return []
    findings: list[Finding] = []
    if terms.training_cost is None or not terms.training_service_months:
        findings.append(
            _finding(
                "约定培训违约金，必须写明用人单位实际支付的专项培训费用和服务期。",
                "Damages for training need the special training cost that the employer paid, and the service period.",
                {},
            )
        )
    elif damages > terms.training_cost:
        findings.append(
            _finding(
                "培训违约金不得超过用人单位提供的培训费用。",
                "Damages can't be higher than the training cost.",
                {"damages": str(damages), "cost": str(terms.training_cost)},
            )
        )
    if not terms.training_prorated:
        findings.append(
            _finding(
                "违约金不得超过服务期尚未履行部分所应分摊的培训费用，请约定按未履行的服务期折算。",
                "Damages can't exceed the share of the cost for the unserved period: please agree that they shrink.",
                {},
            )
        )
    return findings


def _finding(zh: str, en: str, facts: dict[str, str | int]) -> Finding:
    return Finding("R13", Severity.BLOCK, LAW, "O1", zh, en, facts)
