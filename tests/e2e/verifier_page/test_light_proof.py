"""A figure under the validators' signatures in the page: with the browser's own Ed25519, and in one that has none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.attacks.evidence.stories.light import STORIES
from tests.attacks.evidence.story import Scene
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.factories.evidence import World
from tests.support.evidence_world import world

__all__ = ["world"]

FILE = Path(__file__).resolve().parents[3] / "chain" / "verifier_js" / "dist" / "verifier.html"
WITHOUT = """
  const known = crypto.subtle.importKey.bind(crypto.subtle);
  crypto.subtle.importKey = (form, key, algorithm, ...rest) =>
    algorithm === "Ed25519"
      ? Promise.reject(new DOMException("unknown", "NotSupportedError"))
      : known(form, key, algorithm, ...rest);
"""
Opened = Callable[[Profile], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """An honest figure and one whose header was altered, each with its trust root."""
    place = tmp_path_factory.mktemp("light")

    def fill() -> None:
        wanted = {
            "good": "a figure under headers that the validators signed",
            "bad": "the header is altered after it was signed",
        }
        for name, words in wanted.items():
            made = next(story for story in STORIES if story.en == words).make(Scene(world))
            (place / f"{name}.zip").write_bytes(made.package)
            (place / f"{name}.json").write_bytes(made.root.canonical())

    with ThreadPoolExecutor(1) as pool:  # the browser's event loop is this thread's
        pool.submit(fill).result()
    return place


def _judged(visit: Visit, folder: Path, name: str) -> str | None:
    page = visit.page
    visit.context.set_offline(True)
    page.goto(FILE.as_uri())
    page.set_input_files("#root", folder / f"{name}.json")
    page.wait_for_selector("#root-note .digest")
    page.set_input_files("#package", folder / f"{name}.zip")
    page.click("#start")
    page.wait_for_selector("#result .verdict", timeout=60_000)
    return page.locator("#step-22").get_attribute("data-outcome")


@pytest.mark.parametrize("ed25519", [True, False], ids=["by the browser", "by the page itself"])
def test_the_page_judges_a_light_proof(browser_for: Opened, folder: Path, ed25519: bool) -> None:
    with browser_for(PHONE if ed25519 else DESKTOP) as visit:
        if not ed25519:
            visit.page.add_init_script(WITHOUT)
        assert _judged(visit, folder, "good") == "passed"
        shown = visit.page.inner_text("#result")
        assert "合谋" in shown
        assert "区块头由谁作出" not in shown
        assert "89" in visit.page.inner_text("#result .card")
        visit.shot(f"offline-verifier-light-{'browser' if ed25519 else 'page'}")
        visit.axe("offline verifier, a light proof")
        assert _judged(visit, folder, "bad") == "failed"
        assert visit.page.locator("#step-22").get_attribute("data-sub") == "SIG_CRYPTO_FAILURE"
