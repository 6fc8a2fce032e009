"""A small district in memory: the `AcceptedRows` port over rows that a test writes down."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import polars as pl

from api.risk.facts import FactParameters, compute_facts
from api.risk.facts.datasets import DATASETS
from api.risk.scoring import python_executor
from api.risk.scoring.decision import Decision, unpack
from api.risk.spec.delivered import delivered

MONTH = 202610
DAY = date(2026, 10, 31)
AVERAGE_FEN = 900_000
PARAMETERS = FactParameters(average_wage_fen=AVERAGE_FEN, injury_ppm={"": 10_000, "C": 20_000})

_I, _D, _B, _S = pl.Int64, pl.Date, pl.Boolean, pl.String
_UTILITY = {"has_meter": _B, "usage": _I, "arrears_months": _I, "cut_off": _B}
_HAZARD = {"decided_on": _D, "kind": _S, "due_on": _D, "fixed_on": _D}
COLUMNS: dict[str, dict[str, Any]] = {
    "market_registry": {"status": _S, "industry": _S, "town": _S, "registered_on": _D, "established_on": _D},
    "market_penalty": {"decided_on": _D, "amount": _I, "reason": _S},
    "market_abnormal": {"kind": _S, "listed_on": _D, "removed_on": _D},
    "tax_month": {
        "late_filing": _B,
        "arrears_months": _I,
        "grade": _S,
        "non_normal": _B,
        "payroll_total": _I,
        "paid_persons": _I,
        "below_min_persons": _I,
        "full_time_persons": _I,
        "has_outsourcing": _B,
    },
    "si_month": {
        "insured_persons": _I,
        "arrears_months": _I,
        "arrears_amount": _I,
        "deferral_approved": _B,
        "base_declared_total": _I,
        "base_due_total": _I,
        "joiners": _I,
        "leavers": _I,
        "staff_start": _I,
        "excluded_persons": _I,
    },
    "si_injury": {"occurred_on": _D, "kind": _S},
    "bank_payroll": {
        "due_on": _D,
        "due_amount": _I,
        "due_persons": _I,
        "paid_amount": _I,
        "paid_persons": _I,
        "paid_on": _D,
    },
    "bank_credit": {"has_loan": _B, "overdue_days": _I, "wage_account_frozen": _B, "base_account_frozen": _B},
    "water": _UTILITY,
    "power": _UTILITY,
    "gas": _UTILITY,
    "property_month": {"rent_arrears_months": _I, "moved_out": _B},
    "court_event": {
        "filed_on": _D,
        "case_no": _S,
        "kind": _S,
        "dispute_ref": _S,
        "persons": _I,
        "ended_on": _D,
        "unpaid_end": _B,
    },
    "dispute_case": {
        "accepted_on": _D,
        "case_no": _S,
        "stage": _S,
        "dispute_ref": _S,
        "persons": _I,
        "claim": _S,
        "perform_due_on": _D,
        "performed_on": _D,
    },
    "inspection_act": {
        "found_on": _D,
        "kind": _S,
        "state": _S,
        "persons": _I,
        "amount": _I,
        "due_on": _D,
        "settled_on": _D,
    },
    "arrears_clue": {
        "received_on": _D,
        "channel": _S,
        "persons": _I,
        "verified": _B,
        "unpaid_period": pl.Int32,
        "closed_on": _D,
    },
    "group_event": {"occurred_on": _D, "kind": _S, "persons": _I, "claim": _S},
    "credit_list": {"kind": _S, "listed_on": _D, "removed_on": _D},
    "accident": {"occurred_on": _D, "deaths": _I, "serious": _I, "loss_amount": _I, "minor": _I},
    "safety_penalty": _HAZARD,
    "environment_penalty": _HAZARD,
    "occupational_disease": {"diagnosed_on": _D, "persons": _I},
    "construction_site": {"wage_account": _B, "guarantee": _B, "workers": _I},
    "union_state": {
        "has_union": _B,
        "collective_contract_until": _D,
        "congress": _B,
        "mediation_committee": _B,
        "rules_published": _B,
    },
    "hr_filing": {
        "roster_persons": _I,
        "tenure30_persons": _I,
        "valid_contracts": _I,
        "expired_unsigned_persons": _I,
        "extension_persons": _I,
        "layoff_reported": _B,
    },
    "contract_check": {"new_contracts_12m": _I, "failing_contracts_12m": _I},
    "attendance": {"staff": _I, "overtime36_persons": _I, "unpermitted_special": _B},
    "dispatch_month": {"has_dispatch": _B, "dispatched": _I, "own_staff": _I, "fake_outsourcing_score": _I},
}
_KNOWN = datetime(2026, 11, 1, tzinfo=UTC)


class District:
    """Rows by dataset; every dataset is fresh and covered to the day unless a test says otherwise."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {code: [] for code in DATASETS}
        self.ends: dict[str, date | None] = dict.fromkeys(DATASETS, DAY)
        self.stale: set[str] = set()
        self.scanned: list[str] = []

    def add(self, dataset: str, *, enterprise: int = 1, probable: bool = False, **values: Any) -> District:
        """One accepted row; columns that are not named are null, the month is MONTH."""
        schema = self._schema(dataset)
        if DATASETS[dataset].grain == "month":
            values.setdefault("month", MONTH)
        if unknown := set(values) - set(schema):
            raise AssertionError(f"{dataset} has no column {unknown}")
        number = len(self.rows[dataset]) + 1
        own = {
            "_batch": "b1",
            "_row": number,
            "_known": _KNOWN,
            "_key": f"{dataset}-{number}",
            "_probable": probable,
        }
        if "case_no" in schema:
            values.setdefault("case_no", f"{dataset}-{number}")
        self.rows[dataset].append({**dict.fromkeys(schema), **own, "enterprise": enterprise, **values})
        return self

    def staff(self, persons: int, *, enterprise: int = 1, month: int = MONTH) -> District:
        """So many persons in insurance, payroll and roster, everything else in order."""
        self.add(
            "si_month",
            enterprise=enterprise,
            month=month,
            insured_persons=persons,
            arrears_months=0,
            arrears_amount=0,
            deferral_approved=False,
            base_declared_total=persons * AVERAGE_FEN,
            base_due_total=persons * AVERAGE_FEN,
            joiners=0,
            leavers=0,
            staff_start=persons,
            excluded_persons=0,
        )
        wages = persons * 600_000
        self.add(
            "bank_payroll",
            enterprise=enterprise,
            month=month,
            due_on=date(month // 100, month % 100, 15),
            due_amount=wages,
            due_persons=persons,
            paid_amount=wages,
            paid_persons=persons,
            paid_on=date(month // 100, month % 100, 15),
        )
        return self.add(
            "hr_filing",
            enterprise=enterprise,
            month=month,
            roster_persons=persons,
            tenure30_persons=persons,
            valid_contracts=persons,
            expired_unsigned_persons=0,
            extension_persons=0,
            layoff_reported=False,
        )

    def change(self, dataset: str, *, enterprise: int = 1, month: int = MONTH, **values: Any) -> District:
        """Other values in the row of a month."""
        (row,) = [r for r in self.rows[dataset] if r["enterprise"] == enterprise and r["month"] == month]
        row.update(values)
        return self

    def scan(
        self,
        dataset: str,
        *,
        first_month: int | None = None,
        last_month: int | None = None,
        known_at: datetime | None = None,
        enterprises: Sequence[int] | None = None,
    ) -> pl.LazyFrame:
        self.scanned.append(dataset)
        frame = pl.LazyFrame(self.rows[dataset], schema=self._schema(dataset))
        if "month" in self._schema(dataset):
            frame = frame.filter(pl.col("month").is_between(first_month or 0, last_month or 999_912))
        if known_at is not None:
            frame = frame.filter(pl.col("_known") <= known_at)
        if enterprises is not None:
            frame = frame.filter(pl.col("enterprise").is_in(list(enterprises)))
        return frame

    def covered(self, dataset: str, known_at: datetime | None = None) -> date | None:
        return self.ends[dataset]

    def fresh(self, dataset: str, as_of: date, known_at: datetime | None = None) -> bool:
        return dataset not in self.stale

    def snapshot(self, datasets: Sequence[str], known_at: datetime | None = None) -> bytes:
        text = repr([(code, self.rows[code]) for code in sorted(datasets)])
        return hashlib.sha256(text.encode()).digest()

    @staticmethod
    def _schema(dataset: str) -> dict[str, Any]:
        month = {"month": pl.Int32} if DATASETS[dataset].grain == "month" else {}
        own = {
            "_batch": pl.String,
            "_row": pl.Int64,
            "_known": pl.Datetime("us", "UTC"),
            "_key": pl.String,
            "_probable": pl.Boolean,
        }
        return {"enterprise": pl.Int64, **month, **COLUMNS[dataset], **own}


def subjects(*enterprises: int, industry: str = "C18") -> pl.DataFrame:
    """The directory's columns that facts read."""
    chosen = enterprises or (1,)
    return pl.DataFrame(
        {"enterprise": list(chosen), "industry": [industry] * len(chosen)},
        schema={"enterprise": pl.Int64, "industry": pl.String},
    )


def facts(
    district: District,
    *,
    month: int = MONTH,
    as_of: date = DAY,
    industry: str = "C18",
    enterprise: int = 1,
    parameters: FactParameters = PARAMETERS,
) -> dict[str, int | None]:
    """The facts of one enterprise by name."""
    frame = compute_facts(district, subjects(enterprise, industry=industry), month, as_of, parameters)
    (row,) = frame.to_dicts()
    return row


def decide(district: District, **options: Any) -> Decision:
    """The delivered rule set's decision on one enterprise."""
    found = facts(district, **options)
    return _oracle()({name: value for name, value in found.items() if name not in ("enterprise", "month")})


def colour(district: District, point: str, **options: Any) -> str:
    """`none blue yellow orange red unknown n/a` of a control point."""
    decision = decide(district, **options)
    rules = delivered()
    tiers = unpack(decision.tiers_a, decision.tiers_b, len(rules.points))
    names = ("none", "blue", "yellow", "orange", "red", "unknown", "n/a")
    return names[tiers[[p.id for p in rules.points].index(point)]]


@cache
def _oracle() -> python_executor.Oracle:
    return python_executor.compile(delivered())
