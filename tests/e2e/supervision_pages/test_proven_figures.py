"""The regulator's figures with their proofs, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from api.anchoring.service.index import ChainIndex
from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base, UnitOfWork
from api.insight import router
from api.insight.proven import ProvenFigures
from api.insight.service import Supervision
from api.insight.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.indexed_chain import NOW, CountersInMemory, Names, Regions, Texts, fill
from tests.support.served_slice import log_in, loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]
pytestmark = pytest.mark.browser


@dataclass
class Served:
    origin: str
    token: str
    counters: CountersInMemory


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with loopback() as (sock, origin):
        database = slice_application.make_database(tmp_path_factory.mktemp("database"))
        Base.metadata.create_all(database.engine)
        fill(database, 130)
        uow, counters = UnitOfWork(database), CountersInMemory()
        proven = ProvenFigures(uow, ChainIndex(), counters, Regions(), NOW.now)
        insight = SimpleNamespace(
            supervision=Supervision(uow, ChainIndex(), Names(), Regions(), Texts(), proven)
        )
        with slice_application.slice_application(database, router, TEXTS, insight=insight) as made:
            token = str(made.as_("regulator").cookies[SESSION_COOKIE])
            with serving(made.app, sock):
                yield Served(origin, token, counters)


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=lambda profile: profile.name)
def test_each_proven_figure_has_its_export(browser_for: Open, served: Served, profile: Profile) -> None:
    with browser_for(profile) as visit:
        log_in(visit, served.origin, served.token)
        visit.page.goto(f"{served.origin}/supervision")
        section = visit.page.locator("#proven")
        assert section.get_by_role("link", name="导出证明").count() == 3
        first = section.get_by_role("link", name="导出证明").first.get_attribute("href")
        assert first == "/api/v1/supervision/counters/evidence?"
        assert "没有单独的计数器" in visit.page.locator("main").inner_text()
        visit.axe("supervision-proven")
        visit.shot("supervision-proven")
        visit.page.goto(f"{served.origin}/supervision?region=500107")
        assert "没有对应的计数器" in visit.page.locator("#proven").inner_text()
        served.counters.down = True
        visit.page.goto(f"{served.origin}/supervision?lang=en")
        assert "can't be read right now" in visit.page.locator("#proven").inner_text()
        visit.shot("supervision-proven-away")
