"""One clause and one figure from a platform that runs: shown, verified, recorded where the right people see it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from chain.figures import counter_slot
from chain.package import contents, read_package
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, Report, verify
from scripts.journey.client import ApiClient, Refused
from signing import jcs
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]


def judge(data: bytes, done: Done) -> Report:
    return verify(data, TrustRoot.parse(done.trust_root.read_bytes()), now=dt.datetime.now(dt.UTC))


def _shown(client: ApiClient, done: Done, number: int) -> bytes:
    return client.request("POST", f"/contracts/{done.played.contract}/clauses/{number}/evidence").content


def _types(client: ApiClient, done: Done) -> list[str]:
    detail = client.get(f"/contracts/{done.played.contract}")
    return [event["type"] for event in detail["anchor"]["events"]]


def test_a_worker_shows_one_clause_and_the_employer_learns_nothing(world: World, done: Done) -> None:
    before = _types(world.employer.agent, done)
    data = _shown(done.played.worker, done, 6)
    report = judge(data, done)
    assert report.verdict is Outcome.PASSED, report.to_json()
    step = report.step(21)
    assert step is not None
    assert step.facts["n"] == 6
    assert len(data) < 60_000
    whole = read_package(done.package.read_bytes())
    for clause in contents.read_json(contents.CLAUSES, whole[contents.CLAUSES])["clauses"]:
        assert (jcs.canonical(clause["text"]) in data) is (clause["n"] == 6)
    assert _types(world.employer.agent, done) == before


def test_what_the_employer_shows_stands_in_the_contracts_course(world: World, done: Done) -> None:
    assert judge(_shown(world.employer.agent, done, 1), done).verdict is Outcome.PASSED
    course = done.played.worker.get(f"/me/contracts/{done.played.contract}")["history"]
    assert [line["what"] for line in course].count("clause_shown") == 1
    assert "econtract.E15/1" in _types(world.employer.agent, done)


def test_the_command_makes_the_same_offline(done: Done, tmp_path: Path) -> None:
    out = tmp_path / "clause.zip"
    command = [
        sys.executable,
        "-m",
        "scripts.cli",
        "disclose",
        str(done.package),
        "--clause",
        "6",
        "--out",
        str(out),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert judge(out.read_bytes(), done).verdict is Outcome.PASSED
    online = read_package(_shown(done.played.worker, done, 6))
    assert online[contents.SHOWN_CLAUSE] == read_package(out.read_bytes())[contents.SHOWN_CLAUSE]


def test_a_stranger_is_shown_nothing(world: World, done: Done) -> None:
    with world.connect() as anyone, pytest.raises(Refused) as refused:
        _shown(anyone, done, 1)
    assert refused.value.status in (401, 403)


def test_the_regulators_figure_is_what_the_chain_counts(world: World, done: Done) -> None:
    regulator = world.stage.staff("regulator")
    counter = regulator.get("/supervision/counters")
    assert counter["value"] >= 1
    data = regulator.download("/supervision/counters/evidence")
    report = judge(data, done)
    step = report.step(22)
    assert step is not None
    assert (report.verdict, step.sub_indication) == (Outcome.INDETERMINATE, "HEADER_NOT_AUTHENTICATED"), step
    assert step.facts["value"] >= counter["value"]
    assert step.facts["slot"] == counter_slot(None, None).hex()
    month = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y-%m")
    assert regulator.get("/supervision/counters", month=month)["value"] >= 1
    assert regulator.get("/supervision/counters", month="2020-01")["value"] == 0
    with pytest.raises(Refused):
        world.employer.agent.download("/supervision/counters/evidence")


def test_the_regulators_page_reads_the_chain_itself(world: World, done: Done) -> None:
    page = world.stage.staff("regulator").request("GET", "//supervision").text
    section = page.partition('id="proven"')[2].partition("</section>")[0]
    assert "/api/v1/supervision/counters/evidence?" in section, section[:500]
    month = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y-%m")
    assert f"month={month}" in section
