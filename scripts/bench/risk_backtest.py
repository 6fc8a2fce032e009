"""`concord bench risk-backtest`: a candidate against the live rules over 36 months of the district, with diff and reasons.

On a temporary installation, through the job that the worker does: kept facts are read with their digests, both rule sets
scored, compared, written and committed month by month. The baseline of the same run is one scoring pass over a month's facts
in memory. Months that no run scored are computed first; that part is shown beside, without a must.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console

from scripts.bench import report
from scripts.bench.risk_installation import DISTRICT, installation
from scripts.bench.risk_nightly import analyst, timed

MUST = 20.0


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises of the district")] = DISTRICT,
    months: Annotated[int, typer.Option(help="months to compare")] = 36,
    record: Annotated[bool, typer.Option(help="write the table into docs/benchmarks.md")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print facts only; no must decides")] = False,
) -> None:
    """36 months, both rule sets, matrix, visits and reasons, beside 36 scoring passes (processor seconds)."""
    console, who = Console(), analyst()
    with installation(enterprises, months, datetime(2026, 11, 6, 1, tzinfo=UTC)) as (
        container,
        chosen,
        _rows,
    ):
        risk = container.risk
        live = risk.rulesets.version("delivered").document
        candidate = risk.backtests.candidate(None, stricter(live))
        asked = []

        def measure() -> None:
            asked.append(risk.backtests.ask(who, candidate, chosen[0], chosen[-1], 40).id)
            risk.backtests.complete(asked[-1])

        cold = timed(measure)
        container.clock.advance(timedelta(minutes=5))  # type: ignore[attr-defined]
        passes = []
        for month in chosen:
            facts = risk.kept.whole(month)
            passes.append(timed(lambda facts=facts: risk.scorer.score(live, facts)))  # type: ignore[misc]
        warm = timed(measure)
        row = risk.backtests.get(who, asked[-1])
        moved, same = row.result["moved"], row.sha256 == risk.backtests.get(who, asked[0]).sha256
    one = median(passes)
    ratio = warm / (one * months)
    lines = [
        ("one scoring pass, facts in memory", f"{one * 1000:.0f} ms", "", ""),
        (f"backtest of {months} months, facts kept", f"{warm:.2f} s", f"{ratio:.2f}", f"≤ {MUST:g}"),
        ("the same with facts computed first", f"{cold:.2f} s", f"{cold / (one * months):.2f}", ""),
    ]
    if as_json:
        print(
            json.dumps(
                {"times_scoring": round(ratio, 2), "cold": round(cold / (one * months), 2), "moved": moved}
            )
        )
        return
    for line in lines:
        console.print(*line)
    note = f"{enterprises:,} enterprises; {moved:,} enterprise-months moved; both backtests {'the same' if same else 'differ'}."
    console.print(note)
    if record:
        report.write(
            "risk backtest", "concord bench risk-backtest",
            ("What", "processor time", f"× pass × {months}", "must"), lines, note,
        )  # fmt: skip
    if ratio > MUST or not same:
        raise typer.Exit(1)


def stricter(document: Any) -> dict[str, Any]:
    """The delivered rules with lower levels: thousands of enterprise-months move."""
    levels = {**document["base_levels"], "blue": 100, "yellow": 300}
    return {**document, "version": "bench", "base_levels": levels}
