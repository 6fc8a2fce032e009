"""The governance pages in a real browser: both widths, both languages, axe, keyboard, every state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from api.governance import router
from api.governance.texts import TEXTS
from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.gate_chain import SET_PARAMETER
from tests.support.governed import Governed, busy, governed
from tests.support.served_slice import log_in, loopback, serving

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
Served = tuple[str, str, Governed]


def _serve(folder: Path, *, network: bool) -> Iterator[Served]:
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        made = governed(database, folder, network=network)
        if network:
            busy(made, more=20)
            made.follow()
        with (
            slice_application.slice_application(database, router, TEXTS, governance=made.governance) as site,
            serving(site.app, sock),
        ):
            yield origin, str(site.as_("regulator").cookies[SESSION_COOKIE]), made


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from _serve(tmp_path_factory.mktemp("network"), network=True)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from _serve(tmp_path_factory.mktemp("embedded"), network=False)


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=lambda profile: profile.name)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_members_votes_and_decisions(browser_for: Open, network: Served, profile: Profile, lang: str) -> None:
    origin, token, made = network
    with browser_for(profile) as visit:
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/network?lang={lang}")
        card = visit.page.locator(
            "#proposals .card", has_text={"zh": "成员除名", "en": "Exclude a member"}[lang]
        )
        assert {"zh": "还差 2 票", "en": "2 more needed"}[lang] in card.inner_text()
        assert made.governance.overview().proposals[-1].command in card.inner_text()
        visit.axe(f"network-{lang}")
        visit.shot(f"network-{lang}")
        visit.page.goto(f"{origin}/network/events?lang={lang}")
        visit.axe(f"network-events-{lang}")
        visit.shot(f"network-events-{lang}")


def test_older_decisions_and_back_by_keyboard(browser_for: Open, network: Served) -> None:
    origin, token, _ = network
    with browser_for(DESKTOP) as visit:
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/network")
        newest = visit.page.locator("#decisions tbody tr").first.inner_text()
        visit.page.locator("a[rel=next]").focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/network?before=*")
        assert visit.page.locator("#decisions tbody tr").first.inner_text() != newest
        visit.page.locator("a[rel=prev]").focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/network#decisions")
        assert visit.page.locator("#decisions tbody tr").first.inner_text() == newest


def test_the_command_is_copied_by_keyboard(browser_for: Open, network: Served) -> None:
    origin, token, made = network
    with browser_for(DESKTOP) as visit:
        visit.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=origin)
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/network")
        visit.page.get_by_role("button", name="复制命令").last.focus()
        visit.page.keyboard.press("Enter")
        visit.page.get_by_role("button", name="已复制").wait_for()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == made.governance.overview().proposals[-1].command


def test_exports_are_files(browser_for: Open, network: Served) -> None:
    origin, token, _ = network
    with browser_for(DESKTOP) as visit:
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/network")
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="导出 CSV").click()
        assert download.value.suggested_filename == "decisions.csv"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_embedded_chain_has_no_votes(browser_for: Open, embedded: Served, lang: str) -> None:
    origin, token, _ = embedded
    with browser_for(PHONE) as visit:
        log_in(visit, origin, token)
        visit.page.goto(f"{origin}/network?lang={lang}")
        assert {"zh": "没有表决", "en": "no votes"}[lang] in visit.page.locator("main").inner_text()
        visit.axe(f"network-embedded-{lang}")
        visit.shot(f"network-embedded-{lang}")


def test_a_chain_that_is_away(browser_for: Open, network: Served) -> None:
    origin, token, made = network
    made.chain.gateway.down = True
    try:
        with browser_for(PHONE) as visit:
            log_in(visit, origin, token)
            visit.page.goto(f"{origin}/network")
            assert "暂时读不到链上的治理状态" in visit.page.locator("main").inner_text()
            visit.axe("network-away")
            visit.shot("network-away")
    finally:
        made.chain.gateway.down = False


def test_votes_that_are_not_read_yet(browser_for: Open, network: Served) -> None:
    origin, token, made = network
    made.chain.propose(1, SET_PARAMETER, value=33_000_000, label="block.max_gas")
    made.chain.gateway.mine(20)
    try:
        with browser_for(PHONE) as visit:
            log_in(visit, origin, token)
            visit.page.goto(f"{origin}/network")
            assert "历史还没有读完" in visit.page.locator("main").inner_text()
            visit.axe("network-behind")
            visit.shot("network-behind")
    finally:
        made.follow()
