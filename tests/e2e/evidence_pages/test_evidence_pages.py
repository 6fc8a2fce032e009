"""The public verify page, the trust root, the desk and the report in a real browser, at both widths and with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.evidence import router
from api.evidence.router import offline
from api.evidence.service import EvidenceService
from api.evidence.service.disclosure import Disclosures
from api.evidence.service.figures import Figures
from api.evidence.service.packages import Packages
from api.evidence.service.paper import PaperCopies
from api.evidence.service.printing import Printer
from api.evidence.service.verification import Verification
from api.evidence.texts import TEXTS
from api.infra.auth import SESSION_COOKIE
from api.infra.db import UnitOfWork
from api.kernel.clock import FixedClock
from chain.package.disclosure import disclose
from signing.rendering import FontBook
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.factories.disclosed import FigureForge
from tests.factories.evidence import Forge, World, at
from tests.integration.evidence.parts import (
    ForgedAuthorities,
    ForgedContracts,
    ForgedCounters,
    ForgedLog,
    ForgedRound,
    Notebook,
)
from tests.support import slice_application
from tests.support.fonts import installed_fonts, node_fonts
from tests.support.served_slice import log_in, loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]


@dataclass
class Served:
    """The slice behind a real server."""

    origin: str
    forge: Forge
    court: str
    folder: Path

    def file(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)


def _forge() -> Forge:
    forge = Forge(World())
    assert forge.package
    return forge


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    installed_fonts()
    with loopback() as (sock, origin):
        folder = tmp_path_factory.mktemp("evidence")
        database = slice_application.make_database(folder)
        with ThreadPoolExecutor(
            1
        ) as pool:  # Playwright keeps an event loop in this thread; signing runs its own
            forge = pool.submit(_forge).result()
        uow, clock = UnitOfWork(database), FixedClock(at(1000))
        packages = Packages(
            uow,
            clock,
            Notebook,
            ForgedContracts(forge),
            ForgedRound(forge),
            ForgedAuthorities(forge),
            ForgedLog(forge),
            lambda: forge.root,
            "0.1.0",
        )
        printer = Printer(lambda: FontBook.load(node_fonts()).typst_fonts)
        service = EvidenceService(
            packages,
            PaperCopies(uow, clock, packages, printer, origin, True),
            Verification(lambda: forge.root, tuple),
            printer,
            lambda: forge.root,
            clock,
            disclosures=Disclosures(uow, clock, Notebook, ForgedContracts(forge), packages),
            figures=Figures(
                uow,
                clock,
                ForgedCounters(FigureForge(forge.world)),
                ForgedLog(forge),
                lambda: forge.root,
                "0.1.0",
            ),
        )
        with slice_application.slice_application(database, router, TEXTS, evidence=service) as made:
            court = str(made.as_("court").cookies[SESSION_COOKIE])
            with serving(made.app, sock):
                yield Served(origin, forge, court, folder)


def test_a_good_package_is_verified_on_a_phone(browser_for: Open, served: Served) -> None:
    with browser_for(PHONE) as visit:
        visit.page.goto(f"{served.origin}/verify")
        visit.shot("verify-empty")
        visit.axe("verify-empty")
        visit.page.set_input_files("input[type=file]", served.file("evidence.zip", served.forge.package))
        visit.page.get_by_role("button", name="开始核验").click()
        visit.page.get_by_text("验证通过").first.wait_for(timeout=60_000)
        assert visit.page.locator(".outcomes > li").count() == 22
        visit.shot("verify-passed")
        visit.axe("verify-passed")


def test_a_forged_package_names_its_step_in_english(browser_for: Open, served: Served) -> None:
    changed = bytearray(served.forge.package)
    changed[len(changed) // 2] ^= 1
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/verify?lang=en")
        visit.page.set_input_files("input[type=file]", served.file("changed.zip", bytes(changed)))
        visit.page.get_by_role("button", name="Verify").click()
        visit.page.get_by_text("Failed:").first.wait_for(timeout=60_000)
        assert "Needs step" in visit.page.locator(".outcomes").inner_text()
        visit.shot("verify-failed")
        visit.axe("verify-failed")


def test_a_shown_clause_is_verified_on_a_phone(browser_for: Open, served: Served) -> None:
    clause = disclose(served.forge.package, 3, now=at(1000))
    with browser_for(PHONE) as visit:
        visit.page.goto(f"{served.origin}/verify")
        visit.page.set_input_files("input[type=file]", served.file("clause.zip", clause))
        visit.page.get_by_role("button", name="开始核验").click()
        visit.page.get_by_text("验证通过").first.wait_for(timeout=60_000)
        assert visit.page.get_by_role("heading", name="第 3 条（共 3 条）劳动报酬").is_visible()
        assert visit.page.get_by_text("每月 8000.00 元。", exact=True).first.is_visible()
        assert "单条出示" in visit.page.locator(".outcomes").inner_text()
        visit.shot("verify-clause")
        visit.axe("verify-clause")


def test_a_figure_says_that_nobody_signed_the_header(browser_for: Open, served: Served) -> None:
    figure = FigureForge(served.forge.world).package()
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/verify?lang=en")
        visit.page.set_input_files("input[type=file]", served.file("figure.zip", figure))
        visit.page.get_by_role("button", name="Verify").click()
        visit.page.get_by_text("Indeterminate:").first.wait_for(timeout=60_000)
        assert visit.page.get_by_role("heading", name="Contract versions concluded: 12").is_visible()
        assert "nobody signed this chain's headers" in visit.page.locator(".outcomes").inner_text()
        visit.shot("verify-figure")
        visit.axe("verify-figure")


def test_the_trust_root_page(browser_for: Open, served: Served) -> None:
    with browser_for(DESKTOP) as visit:
        visit.page.goto(f"{served.origin}/trust-root")
        shown = visit.page.locator("main").inner_text().replace(" ", "").replace("\n", "")
        assert served.forge.root.fingerprint in shown
        visit.shot("trust-root")
        visit.axe("trust-root")


def test_the_court_asks_for_a_report(browser_for: Open, served: Served) -> None:
    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.court)
        visit.page.goto(f"{served.origin}/evidence")
        visit.shot("evidence-desk")
        visit.axe("evidence-desk")
        visit.page.get_by_label("合同编号").fill(served.forge.contract_id)
        visit.page.get_by_label("案号").fill("（2026）测001号")
        visit.page.get_by_label("用途").fill("劳动争议审理")
        visit.page.get_by_role("button", name="查看核验报告").click()
        visit.page.get_by_role("heading", name="电子证据核验报告").wait_for(timeout=60_000)
        visit.shot("evidence-report")
        visit.axe("evidence-report")
        with visit.page.expect_download(timeout=60_000) as download:
            visit.page.get_by_role("link", name="下载证据包").click()
        assert download.value.suggested_filename.startswith("evidence-")


def test_an_installation_whose_offline_verifier_was_not_built(
    browser_for: Open, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "PAGE", served.folder / "nowhere.html")
    with browser_for(PHONE) as visit:
        visit.page.goto(f"{served.origin}/verify")
        assert offline.BUILD in visit.page.locator("main").inner_text()
        assert visit.page.get_by_role("link", name="下载离线核验页").count() == 0
        visit.shot("verify-not-built")
        visit.axe("verify-not-built")
