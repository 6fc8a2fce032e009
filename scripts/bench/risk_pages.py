"""Server time of the analyst's pages over a filled district, beside an empty page of the same application in the same run.

The installation is made in a temporary folder: register, one finished monthly run with its kept facts, standings, open
warnings, half of them signed with a case. Facts are invented from the rule set's own conditions; what the pages show is
therefore fuller than any real enterprise's. Times are what the application needs from the first byte of a request to the last
of its answer, without a network; statements are counted by the database layer.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any

import httpx
import typer
from fastapi import FastAPI
from rich.console import Console
from sqlalchemy import insert

from api.bootstrap.container import Container
from api.disposal.tables import CaseRow, PostRow, UnitRow
from api.exchange.tables import ExchangeSubjectRow
from api.infra import middleware, problems
from api.infra.auth import SESSION_COOKIE, Authenticator, Principal, guard
from api.infra.settings import Settings
from api.infra.web import WebConfig, install_web
from api.kernel.clock import FixedClock
from api.kernel.ids import new_id
from api.migrations.run import upgrade
from api.risk import repository
from api.risk.episodes.state import Episode, State
from api.risk.runs.kept import KeptFacts
from api.risk.scoring import polars_executor
from api.risk.scoring.decision import unpack
from api.risk.spec.delivered import delivered, delivered_document
from api.risk.spec.document import canonical_bytes, rule_set_hash
from api.risk.tables import ChangeRow, EpisodeRow, RunRow, StandingRow, WarningRow
from scripts.bench import report, risk_facts

DISTRICT, OPEN = 35_834, 1_000
SMALL = (2_000, 100)
MUST_MS = 150.0
MONTH, DAY = 202610, date(2026, 11, 5)
NOW = datetime(2026, 11, 5, 1, tzinfo=UTC)
TOWNS = tuple(f"5001070{number:02d}" for number in range(1, 20))
WHO = Principal(
    kind="staff", account_id="a" * 26, roles=frozenset({"risk_analyst"}), csrf_token="c", display_name="bench"
)
BASELINE = "/accessibility"


class _One:
    """Everybody is the analyst of this run."""

    def by_session(self, token: str) -> Principal | None:
        return WHO

    def by_bearer(self, token: str) -> Principal | None:
        return None


class Installation(Container):
    """A container whose one visitor is logged in already."""

    @property
    def authenticator(self) -> Authenticator:
        """See `Authenticator`."""
        return _One()


def fill(folder: Path, enterprises: int, warnings: int) -> Installation:
    """An installation with a register, kept facts, standings and open warnings. Deterministic but for ids."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "field.key").write_text("11" * 32)
    settings = Settings(
        data_dir=folder, field_key_file=folder / "field.key", node_modules=Path("node_modules")
    )
    upgrade(settings.effective_database_url)
    made = Installation(settings, FixedClock(NOW))
    rules, document = delivered(), delivered_document()
    digest = rule_set_hash(document)
    facts = risk_facts.chunk(rules, 7, 0, enterprises, wild=False)
    decisions = polars_executor.compile(rules)(facts.lazy()).collect().sort("enterprise")
    # Half of the invented firms are quiet, the others far worse than any district: the worst of them have the warnings.
    ranked = decisions.sort("raw_grade", "score", "enterprise", descending=[True, True, False])
    chosen = set(ranked["enterprise"].head(warnings).to_list())
    kept = KeptFacts(made.uow, folder / "risk" / "facts")
    file = kept.write(facts)
    run = _run(digest, enterprises)
    with made.uow() as session:
        repository.keep_ruleset(
            session, document.id, document.version, digest, json.loads(canonical_bytes(document))
        )
        session.add(run)
        session.flush()
        kept.name(session, file, run_id=run.id, kind="monthly", month=MONTH, as_of=DAY, known_at=NOW, now=NOW)
        for number, code in enumerate(TOWNS, 1):
            session.add(
                UnitRow(code=code, kind="street", name=f"示例街道{number}", name_en=f"Example {number}")
            )
        session.add(UnitRow(code="hr", kind="hr", name="示例人社部门", name_en="Example HR"))
        session.flush()
        session.add(
            PostRow(
                id=new_id(), account_id=WHO.account_id or "", unit="hr", capacity="officer", valid_from=DAY,
                valid_to=None, deputy_of=None, created_by="bench", created_at=NOW,
            )
        )  # fmt: skip
        session.execute(insert(ExchangeSubjectRow), list(_subjects(enterprises)))
        rows = list(decisions.iter_rows(named=True))
        points = [point.id for point in rules.points]
        session.execute(
            insert(StandingRow), [_standing(row, row["enterprise"] in chosen, points, run.id) for row in rows]
        )
        for number, row in enumerate(one for one in rows if one["enterprise"] in chosen):
            _warn(session, row, number, run)
    return made


def _run(digest: str, firms: int) -> RunRow:
    return RunRow(
        id=new_id(), slot=f"monthly/{MONTH}", kind="monthly", month=MONTH, as_of=DAY, known_at=NOW, scope={},
        state="finished", ruleset_hash=digest, input_hash="0" * 64, file="", sha256="", digest="", firms=firms,
        place=firms, counts={}, started_by="bench", started_at=NOW, finished_at=NOW,
    )  # fmt: skip


def _subjects(enterprises: int) -> Iterator[dict[str, Any]]:
    for number in range(1, enterprises + 1):
        yield {
            "id": number, "uscc": f"91500107MA{number:08d}", "name": f"示例企业第{number}号有限公司",
            "legal_form": "limited", "address": f"示例路{number}号", "operating_address": None,
            "town": TOWNS[number % len(TOWNS)], "industry": "C18", "status": "open", "established_on": DAY,
            "batch_id": "b" * 26, "known_at": NOW,
        }  # fmt: skip


def _standing(row: dict[str, Any], open_: bool, points: Sequence[str], run_id: str) -> dict[str, Any]:
    tiers = dict(zip(points, unpack(row["tiers_a"], row["tiers_b"], len(points)), strict=True))
    shown = row["raw_grade"] if open_ else 0
    state = State(
        shown=shown, history=True, as_of=DAY, month=MONTH,
        held={point: int(tier) for point, tier in tiers.items() if 0 < tier < 5} if open_ else {},
        unknown_since={point: DAY for point, tier in tiers.items() if tier == 5} if open_ else {},
        episode=Episode(1, DAY, shown, 0, DAY) if open_ else None, episodes=int(open_),
    )  # fmt: skip
    return {
        "enterprise": row["enterprise"], "town": TOWNS[row["enterprise"] % len(TOWNS)], "industry": "C18",
        "size": 20, "tiers_a": row["tiers_a"], "tiers_b": row["tiers_b"], "missing": row["missing"],
        "score": row["score"], "coverage_bp": row["coverage_bp"], "raw": row["raw_grade"],
        "effective": row["raw_grade"], "shown": shown, "resting": not open_, "memory": state.to_json(),
        "month": MONTH, "as_of": DAY, "run_id": run_id, "changed_at": NOW,
    }  # fmt: skip


def _warn(session: Any, row: dict[str, Any], number: int, run: RunRow) -> None:
    firm, grade, issued = row["enterprise"], max(1, row["raw_grade"]), number % 2 == 0
    town = TOWNS[firm % len(TOWNS)]
    episode = EpisodeRow(
        id=new_id(), enterprise=firm, number=1, opened_on=DAY, grade=grade, lift=0, clocks_from=DAY, run_id=run.id,
        closed_at=None, closed_by="", second="",
    )  # fmt: skip
    session.add(episode)
    session.flush()
    warning = WarningRow(
        id=new_id(), episode_id=episode.id, enterprise=firm, town=town, state="issued" if issued else "proposed",
        grade=grade if issued else 0, pending=0 if issued else grade, pending_since=NOW, due_signoff=None,
        auto=False, signed_by="", issued_at=NOW if issued else None, raised_at=None, closed_at=None,
        input_hash="0" * 64, ruleset_hash=run.ruleset_hash, run_id=run.id, created_at=NOW,
    )  # fmt: skip
    session.add(warning)
    session.add_all(
        ChangeRow(
            at=NOW - timedelta(days=day), as_of=DAY, enterprise=firm, month=MONTH, reason="run", run_id=run.id,
            raw_before=day % 5, raw_after=grade, shown_before=day % 5, shown_after=grade,
        )
        for day in range(20)
    )  # fmt: skip
    if issued:
        session.add(
            CaseRow(
                id=new_id(), number=f"YJ2026-{number:05d}", warning_id=warning.id, episode_id=episode.id,
                enterprise=firm, colour=grade, auto=False, stage="issued", unit=town, registered_unit=town,
                basis="operating", points=[], issued_at=NOW, clock_start=NOW, cycle=1, dues={},
                provisional=False, next_look=None, due_at=None, last_feedback=None, finding="", outcome="",
                verifier="", verified_at=None, proposer="", proposal=None, closed_at=None, reviewer="",
                transfer_to="", contact_name=None, contact_phone=None, seq=0,
            )
        )  # fmt: skip


def application(installation: Installation) -> FastAPI:
    """The risk slice's pages over the installation, with the platform's own middleware and layout."""
    settings = installation.settings
    app = FastAPI(dependencies=[guard()])
    app.state.container = installation
    for name in ("risk", "exchange", "disposal"):
        problems.register(import_module(f"api.{name}.texts").TEXTS)
    problems.install(app)
    router = import_module("api.risk.router")
    app.include_router(router.api, prefix="/api/v1")
    app.include_router(router.pages)
    install_web(
        app, WebConfig(public_origin=settings.public_origin, test=True, node_modules=settings.node_modules)
    )
    app.add_middleware(middleware.RequestContext)
    return app


@contextmanager
def district(enterprises: int, warnings: int) -> Iterator[tuple[Installation, FastAPI]]:
    """A filled installation in a temporary folder, and its application."""
    with tempfile.TemporaryDirectory() as name:
        installation = fill(Path(name), enterprises, warnings)
        try:
            yield installation, application(installation)
        finally:
            installation.close()


def pages(installation: Installation) -> dict[str, Callable[[int], str]]:
    """Path of the n-th look at each page; enterprises with a warning take turns."""
    with installation.uow.read() as session:
        firms = [row for (row,) in session.query(WarningRow.enterprise).order_by(WarningRow.id)]
    return {
        "empty page": lambda _n: BASELINE,
        "morning list": lambda n: ("/risk", "/risk?grade=red", f"/risk?town={TOWNS[n % len(TOWNS)]}")[n % 3],
        "morning list, search": lambda n: f"/risk?q=第{firms[n % len(firms)]}号",
        "enterprise file": lambda n: f"/risk/enterprises/{firms[n % len(firms)]}",
        "map": lambda _n: "/risk/map",
    }


@dataclass
class Looks:
    """What the looks at one page took: milliseconds, milliseconds of the processor, statements."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)


async def measure(app: FastAPI, installation: Installation, looks: int) -> dict[str, Looks]:
    """Every page in turn, so that all see the same machine; two looks warm up."""
    asked = pages(installation)
    found = {name: Looks() for name in asked}
    transport = httpx.ASGITransport(app=app)
    cookies = {SESSION_COOKIE: "bench"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
        for look in range(-2, looks):
            for name, path in asked.items():
                before = installation.db.traffic.statements
                started, worked = time.perf_counter(), time.process_time()
                answer = await client.get(path(look % looks))
                took, work = time.perf_counter() - started, time.process_time() - worked
                if answer.status_code != 200:
                    raise RuntimeError(f"{path(look % looks)} answers {answer.status_code}")
                if look >= 0:
                    found[name].wall.append(took * 1000)
                    found[name].processor.append(work * 1000)
                    found[name].statements.add(int(installation.db.traffic.statements - before))
    return found


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def _constant(large: Looks, small: Looks) -> bool:
    """As many statements at both sizes; a page whose list is empty asks less, so the fullest look counts."""
    return max(large.statements) == max(small.statements)


def _facts(name: str, large: Looks, small: Looks) -> dict[str, Any]:
    return {
        "path": name,
        "p95_ms": round(p95(large.wall), 1),
        "p95_processor_ms": round(p95(large.processor), 1),
        "statements": max(large.statements),
        "constant": _constant(large, small),
    }


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises of the district")] = DISTRICT,
    warnings: Annotated[int, typer.Option(help="open warnings")] = OPEN,
    looks: Annotated[int, typer.Option(help="looks at each page")] = 60,
    record: Annotated[bool, typer.Option(help="write the table into docs/benchmarks.md")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print facts as JSON, write nothing, always exit 0")
    ] = False,
) -> None:
    """p95 of morning list, enterprise file and map, and their statements at two sizes; exit 1 above 150 ms or when they grow."""
    few = (min(SMALL[0], max(100, enterprises // 2)), min(SMALL[1], max(40, warnings // 2)))
    with district(*few) as (installation, app):
        small = asyncio.run(measure(app, installation, 6))
    with district(enterprises, warnings) as (installation, app):
        large = asyncio.run(measure(app, installation, looks))
    if as_json:
        typer.echo(
            json.dumps({"pages": [_facts(name, looked, small[name]) for name, looked in large.items()]})
        )
        return
    console = Console()
    rows, failed = [], False
    for name, looked in large.items():
        judged = name != "empty page"
        failed |= judged and (p95(looked.wall) > MUST_MS or not _constant(looked, small[name]))
        rows.append(
            (
                name, f"{median(looked.wall):.1f} ms", f"{p95(looked.wall):.1f} ms", f"≤ {MUST_MS:g} ms" if judged else "",
                f"{p95(looked.processor):.1f} ms", max(small[name].statements), max(looked.statements),
            )
        )  # fmt: skip
        console.print(*rows[-1])
    heads = (
        "Page", "median", "p95", "must", "p95 of processor time", f"statements at {few[0]:,}", f"at {enterprises:,}",
    )  # fmt: skip
    note = (
        f"{enterprises:,} enterprises, {warnings:,} open warnings, {looks} looks; the first look at a file checks the digest of "
        "the kept facts. Source rows are looked up on demand and are not in it."
    )
    console.print(note)
    if record:
        report.write("risk pages", "concord bench risk-pages", heads, rows, note)
    if failed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(run)
