"""The trust root's page and the operator's page of releases in a real browser, at both widths and with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from api.evidence import router
from api.evidence.texts import TEXTS
from api.infra.auth import SESSION_COOKIE
from tests.e2e.conftest import DESKTOP, Profile, Visit
from tests.support import slice_application
from tests.support.publication_desk import PublicationDesk
from tests.support.served_slice import log_in, loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]


@dataclass
class Served:
    """The slice behind a real server."""

    origin: str
    made: PublicationDesk
    operator: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with loopback() as (sock, origin):
        folder = tmp_path_factory.mktemp("releases")
        database = slice_application.make_database(folder)
        made = PublicationDesk(database, folder)
        made.release()
        with slice_application.slice_application(database, router, TEXTS, evidence=made) as app:
            token = str(app.as_("operator").cookies[SESSION_COOKIE])
            with serving(app.app, sock):
                yield Served(origin, made, token)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_operators_page_of_releases(browser_for: Open, served: Served, lang: str) -> None:
    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.operator)
        visit.page.goto(f"{served.origin}/operator/releases?lang={lang}")
        words = {"zh": "新的发布正在写入日志", "en": "A new release is entering the log"}[lang]
        visit.page.get_by_text(words).first.wait_for()
        visit.shot(f"releases-{lang}")
        visit.axe(f"releases-{lang}")


def test_the_trust_root_page_with_keys_and_versions(browser_for: Open, served: Served) -> None:
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/trust-root")
        assert visit.page.get_by_role("link", name="1", exact=True).count() == 1
        visit.shot("trust-root-signed")
        visit.axe("trust-root-signed")
