"""The datasets that facts read: kind, grain and the column that dates a row.

Kind says what an absent row means: *exhaustive* zero or ended, *event* none, *partial* unknown. Grain: `month` (one row per
enterprise and month), `event` (a number as key and a date), `snapshot` (the newest row of an enterprise). `months`: how many
months of a month dataset the facts of one month read, its reference month included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["exhaustive", "event", "partial"]
Grain = Literal["month", "event", "snapshot"]


@dataclass(frozen=True)
class Dataset:
    code: str
    kind: Kind
    grain: Grain
    dated: str
    months: int = 0


def _month(code: str, kind: Kind = "exhaustive", months: int = 2) -> Dataset:
    return Dataset(code, kind, "month", "month", months)


DATASETS: dict[str, Dataset] = {
    dataset.code: dataset
    for dataset in (
        Dataset("market_registry", "exhaustive", "snapshot", "registered_on"),
        Dataset("market_penalty", "event", "event", "decided_on"),
        Dataset("market_abnormal", "event", "event", "listed_on"),
        _month("tax_month", months=7),
        _month("si_month"),
        Dataset("si_injury", "event", "event", "occurred_on"),
        _month("bank_payroll", months=18),
        _month("bank_credit", "partial"),
        _month("water", months=18),
        _month("power", months=18),
        _month("gas", months=18),
        _month("property_month", "partial"),
        Dataset("court_event", "event", "event", "filed_on"),
        Dataset("dispute_case", "event", "event", "accepted_on"),
        Dataset("inspection_act", "event", "event", "found_on"),
        Dataset("arrears_clue", "event", "event", "received_on"),
        Dataset("group_event", "event", "event", "occurred_on"),
        Dataset("credit_list", "event", "event", "listed_on"),
        Dataset("accident", "event", "event", "occurred_on"),
        Dataset("safety_penalty", "event", "event", "decided_on"),
        Dataset("environment_penalty", "event", "event", "decided_on"),
        Dataset("occupational_disease", "event", "event", "diagnosed_on"),
        _month("construction_site", "partial"),
        Dataset("union_state", "exhaustive", "snapshot", ""),
        _month("hr_filing"),
        _month("contract_check"),
        _month("attendance", "partial"),
        _month("dispatch_month", "partial"),
    )
}
