"""`concord risk`: runs, replays and backtests from the command line, for the operator and for schedules."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bootstrap.container import Container
from api.infra import problems
from api.infra.auth import Principal
from api.infra.settings import Settings
from api.kernel.clock import shanghai_day
from api.kernel.errors import DomainError
from api.risk.episodes.grading import COLOURS

app = typer.Typer(no_args_is_help=True, help="风险评估 / risk runs")
AS_JSON = Annotated[bool, typer.Option("--json", help="机器可读 / print JSON")]
OPERATOR = Principal(kind="staff", account_id="command-line", roles=frozenset({"operator", "risk_analyst"}))
"""Whoever may start commands on the machine; audited under this name."""


@contextmanager
def _risk() -> Iterator[Any]:
    container = Container(Settings()).wire()
    try:
        yield container
    except DomainError as error:
        texts = (problems.text_of(error.code, error.facts, lang) for lang in ("zh", "en"))
        print(" / ".join(texts), file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from error
    finally:
        container.close()


def _say(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, default=str, sort_keys=True))  # noqa: T201
        return
    for name, value in facts.items():
        print(f"{name}: {value}")  # noqa: T201


@app.command("run")
def run(
    kind: Annotated[str, typer.Argument(help="monthly、daily、correction 或 resume")],
    month: Annotated[int, typer.Option(help="月份 / month, YYYYMM; monthly only")] = 0,
    as_of: Annotated[str, typer.Option(help="截至日 / day, YYYY-MM-DD; default today")] = "",
    as_json: AS_JSON = False,
) -> None:
    """运行或续跑风险评估 / start a run, or go on with what is not finished."""
    from api.risk.runs.engine import default_as_of, due_month  # Polars is loaded where it is needed

    if kind not in {"monthly", "daily", "correction", "resume"}:
        raise typer.BadParameter("monthly, daily, correction, resume")
    with _risk() as container:
        runs = container.risk.runs
        resumed = runs.resume()
        today = shanghai_day(container.clock.now())
        day = date.fromisoformat(as_of) if as_of else today
        if kind == "resume":
            _say({"resumed": resumed}, as_json)
            return
        if kind == "monthly":
            chosen = month or due_month(today)
            past = not as_of and default_as_of(chosen) < today
            started = runs.start_monthly(chosen, default_as_of(chosen) if past else day, OPERATOR.actor)
        elif kind == "daily":
            started = runs.start_daily(day, OPERATOR.actor)
        else:
            started = runs.start_correction(OPERATOR.actor)
        _say({"run": None} if started is None else asdict(runs.complete(started.id)), as_json)
        while kind == "correction" and (started := runs.start_correction(OPERATOR.actor)) is not None:
            _say(asdict(runs.complete(started.id)), as_json)


@app.command("replay")
def replay(
    run_id: Annotated[str, typer.Argument(help="评估编号 / id of the run")], as_json: AS_JSON = False
) -> None:
    """按当时的数据重算并逐字节比对 / score a past run again and compare the bytes; exit 1 when they differ."""
    with _risk() as container:
        found = container.risk.replay.replay(run_id)
    _say(asdict(found), as_json)
    if not found.same_bytes:
        raise typer.Exit(1)


DOCUMENT = Annotated[Path | None, typer.Argument(help="候选规则集 JSON / candidate rule set")]
VERSION = Annotated[str, typer.Option(help="或规则集版本编号 / or the id of a version")]


def _candidate(risk: Any, document: Path | None, version: str) -> Any:
    given = None if document is None else json.loads(document.read_text("utf-8"))
    return risk.backtests.candidate(version or None, given)


@app.command("backtest")
def backtest(
    first: Annotated[int, typer.Option(help="起始月份 / first month, YYYYMM")],
    last: Annotated[int, typer.Option(help="结束月份 / last month, YYYYMM")],
    capacity: Annotated[int, typer.Option(help="每街道每月可核查户数 / site visits per street and month")],
    document: DOCUMENT = None,
    version: VERSION = "",
    as_json: AS_JSON = False,
) -> None:
    """用候选规则集回测，在本进程内做完 / measure a candidate against the live rule set, to the end in this process."""
    with _risk() as container:
        backtests = container.risk.backtests
        asked = backtests.ask(OPERATOR, _candidate(container.risk, document, version), first, last, capacity)
        made = backtests.complete(asked.id)
        names = list(COLOURS)
        facts = {"id": made.id, "over_capacity": made.over_capacity, **made.result}
        if not as_json:
            facts["matrix"] = [f"{names[i]}: {row}" for i, row in enumerate(made.result["matrix"])]
            facts = {name: facts[name] for name in ("id", "over_capacity", "moved", "more_visits", "matrix")}
        _say(facts, as_json)


@app.command("shadow-start")
def shadow_start(
    first: Annotated[str, typer.Option(help="开始日 / first day, YYYY-MM-DD")],
    last: Annotated[str, typer.Option(help="结束日 / last day, YYYY-MM-DD")],
    reason: Annotated[str, typer.Option(help="理由 / why")],
    document: DOCUMENT = None,
    version: VERSION = "",
    as_json: AS_JSON = False,
) -> None:
    """开始并行试算 / score a rule set beside the live one for a period; it warns nobody and ends by itself."""
    with _risk() as container:
        candidate = _candidate(container.risk, document, version)
        days = [date.fromisoformat(day) for day in (first, last)]
        row = container.risk.shadows.start(OPERATOR, candidate, *days, reason)
        _say({"id": row.id, "rule_set": row.ruleset_hash}, as_json)


@app.command("shadow-stop")
def shadow_stop(
    shadow_id: Annotated[str, typer.Argument(help="编号 / id of the shadow run")], as_json: AS_JSON = False
) -> None:
    """提前停止并行试算 / end a shadow run before its last day."""
    with _risk() as container:
        row = container.risk.shadows.stop(OPERATOR, shadow_id)
        _say({"id": row.id, "stopped_at": row.stopped_at}, as_json)


@app.command("shadows")
def shadows(as_json: AS_JSON = False) -> None:
    """列出并行试算及其差别 / shadow runs and how many grades they would have moved."""
    with _risk() as container:
        found = [
            {
                "id": view.row.id, "state": view.state, "version": view.version,
                "runs": len(view.runs), "moved": view.runs[0].moved if view.runs else 0,
            }
            for view in container.risk.shadows.listing(OPERATOR)
        ]  # fmt: skip
        _say({"shadows": found}, as_json)
