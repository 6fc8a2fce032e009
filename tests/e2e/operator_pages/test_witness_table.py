"""The operator's page with the log's witnesses in a real browser, at both widths and with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest

from api.anchoring.service.operator import Operator
from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base, UnitOfWork
from api.insight import router
from api.insight.operations import Operations
from api.insight.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.indexed_chain import NOW, Node, Quiet
from tests.support.served_slice import log_in, loopback, serving
from tests.support.witness_scene import DOWN, IDENTITIES, ORIGIN, fill_witnesses

Open = Callable[[Profile], AbstractContextManager[Visit]]
Served = tuple[str, str, Operations]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Origin, the operator's session, and the service whose witnesses a test may take away."""
    with loopback() as (sock, origin):
        database = slice_application.make_database(tmp_path_factory.mktemp("database"))
        Base.metadata.create_all(database.engine)
        fill_witnesses(database, NOW.now())
        uow = UnitOfWork(database)
        operations = Operations(uow, NOW, Operator(NOW, IDENTITIES, ORIGIN), Node(), Quiet(), Quiet())
        insight = SimpleNamespace(operations=operations)
        with (
            slice_application.slice_application(database, router, TEXTS, insight=insight) as made,
            serving(made.app, sock),
        ):
            yield origin, str(made.as_("operator").cookies[SESSION_COOKIE]), operations


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=lambda profile: profile.name)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_of_witnesses(browser_for: Open, served: Served, profile: Profile, lang: str) -> None:
    origin, token, _ = served
    with browser_for(profile) as visit:
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/operator?lang={lang}")
        row = visit.page.locator("#witnesses tr", has_text=DOWN)
        words = {"zh": "连接不上", "en": "Can't be reached"}[lang]
        assert words in row.inner_text()
        visit.axe(f"operator-witnesses-{lang}")
        visit.shot(f"operator-witnesses-{lang}")


def test_an_installation_without_witnesses(browser_for: Open, served: Served) -> None:
    origin, token, operations = served
    with_witnesses, operations._anchoring = operations._anchoring, Operator(NOW)
    try:
        with browser_for(PHONE) as visit:
            log_in(visit, origin, token)
            visit.page.goto(f"{origin}/operator")
            assert "没有设置见证人" in visit.page.locator("#witnesses").inner_text()
            visit.shot("operator-witnesses-none")
    finally:
        operations._anchoring = with_witnesses
