"""The court user's page in a real browser, at both widths and with axe: empty, answered, contradicted, unreachable, absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.evidence import router
from api.evidence.service.court import CourtDesk
from api.evidence.texts import TEXTS
from chain.checkpoint import Checkpoint, SignedNote
from chain.judicial_receipt import evidence_number
from chain.package import contents, read_package
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.factories.evidence import Forge, World
from tests.support import slice_application
from tests.support.court_desk import Court, desk
from tests.support.fonts import installed_fonts
from tests.support.served_slice import loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]


@dataclass
class Served:
    origin: str
    package: Path
    head: Checkpoint
    court: Court
    desks: dict[str, CourtDesk]

    @property
    def number(self) -> str:
        return evidence_number(3, self.head.size, self.head.root.hex())


class _Switched:
    """The desk that the test has chosen."""

    def __init__(self, desks: dict[str, CourtDesk]) -> None:
        self._desks = desks

    def __getattr__(self, name: str) -> object:
        return getattr(self._desks["now"], name)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    installed_fonts()
    folder = tmp_path_factory.mktemp("court")
    with ThreadPoolExecutor(1) as pool:  # Playwright keeps an event loop in this thread; signing runs its own
        package = pool.submit(lambda: Forge(World()).package).result()
    (folder / "evidence.zip").write_bytes(package)
    head = Checkpoint.parse(SignedNote.parse(read_package(package)[contents.CHECKPOINT]).text)
    court = Court(head.origin, {head.size: head.root})
    desks = {"now": desk(court)}
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        with (
            slice_application.slice_application(database, router, TEXTS, court=_Switched(desks)) as made,
            serving(made.app, sock),
        ):
            yield Served(origin, folder / "evidence.zip", head, court, desks)


def _seen(visit: Visit, name: str) -> None:
    visit.shot(name)
    visit.axe(name)


def test_a_number_is_confirmed_on_a_phone(browser_for: Open, served: Served) -> None:
    with browser_for(PHONE) as visit:
        visit.page.goto(f"{served.origin}/court")
        _seen(visit, "court-empty")
        visit.page.get_by_label("存证编号").fill(served.number)
        visit.page.get_by_role("button", name="向司法链查询").first.click()
        visit.page.get_by_text("司法链已确认").wait_for()
        _seen(visit, "court-number")


def test_a_package_is_confirmed_event_by_event_in_english(browser_for: Open, served: Served) -> None:
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/court?lang=en")
        visit.page.set_input_files("input[type=file]", str(served.package))
        visit.page.get_by_role("button", name="Ask the court's chain").nth(1).click()
        visit.page.get_by_text("Confirmed by the court's chain").wait_for()
        assert visit.page.locator(".outcomes > li").count() > 10
        _seen(visit, "court-package")


def test_a_contradiction_and_a_wrong_number_are_said_plainly(browser_for: Open, served: Served) -> None:
    forged = evidence_number(3, served.head.size, "0" * 64)
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/court?number={forged}")
        visit.page.get_by_text("与司法链记录不符").wait_for()
        _seen(visit, "court-differs")
        visit.expect_error("422")
        visit.page.goto(f"{served.origin}/court?number=abc")
        assert visit.page.get_by_text("这不是存证编号").count() == 2
        _seen(visit, "court-malformed")


def test_a_court_that_is_away_and_one_that_is_not_set_up(browser_for: Open, served: Served) -> None:
    with browser_for(PHONE) as visit:
        visit.expect_error("503")
        served.court.down = True
        try:
            visit.page.goto(f"{served.origin}/court?number={served.number}")
            visit.page.get_by_text("司法链暂时联系不上").wait_for()
            _seen(visit, "court-unreachable")
        finally:
            served.court.down = False
        served.desks["now"] = desk(served.court, None)
        try:
            visit.page.goto(f"{served.origin}/court")
            visit.page.get_by_text("尚未设置司法链").wait_for()
            _seen(visit, "court-absent")
        finally:
            served.desks["now"] = desk(served.court)
