"""Routes of shown clauses and proven figures: who, with what, in which form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from api.infra.auth import Principal
from chain.package.contents import FIGURE, ONE_CLAUSE
from chain.package.manifest import parse
from chain.package.zip_profile import read_package
from chain.verifier import Outcome, verify
from tests.integration.evidence.conftest import Desk
from tests.integration.evidence.test_http import browse
from tests.support.signing_authorities import NOW

__all__ = ["browse"]

Who = Callable[..., Principal]
LATER = NOW + dt.timedelta(hours=2)
REF = "a" * 26


def _kind(data: bytes) -> str:
    return parse(read_package(data)["manifest.json"]).kind


def test_a_party_downloads_one_clause(desk: Desk, browse: Any, who: Who) -> None:
    worker = browse(who("worker", "worker", person_id="p1"))
    answer = worker.post(f"/api/v1/contracts/{REF}/clauses/3/evidence")
    assert answer.status_code == 200, answer.text
    assert _kind(answer.content) == ONE_CLAUSE
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="clause-3-')
    assert verify(answer.content, desk.forge.root, now=LATER).verdict is Outcome.PASSED
    agent = browse(who("employer", "agent", org_id=desk.forge.world.org_id))
    page = agent.post(f"/contracts/{REF}/clauses", data={"clause": "1"})
    assert (page.status_code, _kind(page.content)) == (200, ONE_CLAUSE)


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [("0", 422, None), ("1001", 422, None), ("x", 422, None), ("9", 404, "evidence.clause_unknown")],
)
def test_numbers_of_no_clause(browse: Any, who: Who, number: str, status: int, code: str | None) -> None:
    worker = browse(who("worker", "worker", person_id="p1"))
    answer = worker.post(f"/api/v1/contracts/{REF}/clauses/{number}/evidence")
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["code"] == code
        assert "3" in answer.json()["detail_zh"]


def test_a_clause_is_not_handed_out_on_a_link(desk: Desk, browse: Any, who: Who) -> None:
    """A showing is recorded: a page elsewhere must not be able to cause one."""
    worker = browse(who("worker", "worker", person_id="p1"))
    assert worker.get(f"/api/v1/contracts/{REF}/clauses/3/evidence").status_code == 405
    del worker.headers["X-CSRF-Token"]
    assert worker.post(f"/api/v1/contracts/{REF}/clauses/3/evidence").status_code == 403
    assert browse().post(f"/api/v1/contracts/{REF}/clauses/3/evidence").status_code in (401, 403)
    assert not desk.notebook.drafts


def test_a_regulator_reads_and_exports_a_counter(desk: Desk, browse: Any, who: Who) -> None:
    regulator = browse(who("staff", "regulator"))
    base = "/api/v1/supervision/counters"
    asked = regulator.get(base, params={"region": "500112013", "month": "2026-11"})
    assert asked.json() == {"region": 500112013, "month": "2026-11", "value": 12, "block": 7}
    assert regulator.get(base).json() == {"region": None, "month": None, "value": 99, "block": 7}
    file = regulator.get(f"{base}/evidence", params={"month": "2026-11"})
    assert (file.status_code, _kind(file.content)) == (200, FIGURE)
    for query in ({"month": "2026-13"}, {"month": "nov"}, {"region": "x"}, {"region": "12345"}):
        assert regulator.get(base, params=query).status_code == 422, query
    assert regulator.get(base, params={"region": "000000"}).status_code == 422
    for other in (who("worker", "worker", person_id="p1"), None):
        assert browse(other).get(f"{base}/evidence").status_code in (401, 403)
    desk.counters.down = True
    away = regulator.get(base)
    assert (away.status_code, away.json()["code"]) == (503, "evidence.chain_unreachable")
