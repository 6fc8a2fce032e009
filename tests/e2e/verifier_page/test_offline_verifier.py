"""The second verifier as a person uses it: one HTML file opened from disk, network off, on a phone and at a desk."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Page, TimeoutError

from chain.verifier import verify
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.factories.disclosed import TextForge
from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world

__all__ = ["world"]

FILE = Path(__file__).resolve().parents[3] / "chain" / "verifier_js" / "dist" / "verifier.html"
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
HIDING = "\u202e\u200bx"
T = TypeVar("T")
Opened = Callable[[Profile], AbstractContextManager[Visit]]


def _apart(make: Callable[[], T]) -> T:
    """Run in a thread of its own: the browser's event loop is this one's, and signing runs loops of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make).result()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    made = tmp_path_factory.mktemp("packages")

    def fill() -> None:
        good = Forge(world)
        (made / "good.zip").write_bytes(good.package)
        (made / "root.json").write_bytes(good.root.canonical())
        flipped = bytearray(good.package)
        flipped[-3000] ^= 1
        (made / "flipped.zip").write_bytes(bytes(flipped))
        (made / "clause.zip").write_bytes(TextForge(world).clause(2))

    _apart(fill)
    (made / "empty.zip").write_bytes(b"")
    (made / "large.zip").write_bytes(b"0" * 20_000_001)
    (made / "markup.json").write_text(json.dumps({MARKUP: 1}))
    return made


def _open(visit: Visit) -> Page:
    visit.context.set_offline(True)
    visit.page.goto(FILE.as_uri())
    return visit.page


def _verify(page: Page, folder: Path, package: str) -> None:
    page.set_input_files("#root", folder / "root.json")
    page.wait_for_selector("#root-note .digest")
    page.set_input_files("#package", folder / package)
    page.click("#start")
    page.wait_for_selector("#result .verdict", timeout=60_000)


def _shown(page: Page) -> dict[int, tuple[str, str]]:
    rows = page.locator("#result .findings > li")
    return {
        int(row.get_attribute("data-step") or 0): (
            row.get_attribute("data-outcome") or "",
            row.get_attribute("data-sub") or "",
        )
        for row in rows.all()
    }


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=lambda profile: profile.name)
@pytest.mark.parametrize("package", ["good.zip", "flipped.zip", "clause.zip"])
def test_the_page_says_what_the_first_verifier_says(
    browser_for: Opened, folder: Path, world: World, profile: Profile, package: str
) -> None:
    root = world.trust_root()
    first = _apart(lambda: verify((folder / package).read_bytes(), root, now=dt.datetime.now(dt.UTC)))
    with browser_for(profile) as visit:
        page = _open(visit)
        _verify(page, folder, package)
        assert page.get_attribute(".verdict", "data-verdict") == first.verdict.value
        expected = {
            step.no: (step.outcome.value, step.sub_indication) for step in first.steps if step.no != 20
        }
        assert {no: step for no, step in _shown(page).items() if no != 20} == expected
        assert page.locator("#test-banner").is_visible()
        assert "没有法律意义" in page.inner_text(".verdict")
        assert "没有核验什么" in page.inner_text("#result")
        visit.shot(f"offline-verifier-{package.partition('.')[0]}-{profile.name}")
        visit.axe(f"offline verifier, {package}")


def test_the_start_is_accessible(browser_for: Opened) -> None:
    with browser_for(PHONE) as visit:
        _open(visit)
        visit.shot("offline-verifier-start")
        visit.axe("offline verifier, start")


def test_no_connection_of_any_kind_can_be_made(browser_for: Opened) -> None:
    with browser_for(DESKTOP) as visit:
        visit.page.goto(FILE.as_uri())  # with the network on: the policy alone refuses
        visit.expect_error("Content Security Policy")
        visit.expect_error("Refused to")
        refused = visit.page.evaluate(
            """async () => {
              const seen = [];
              addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
              const other = "http://localhost:9/x";
              await fetch(other).catch(() => {});
              try { new WebSocket("ws://localhost:9/") } catch {}
              try { new EventSource(other) } catch {}
              navigator.sendBeacon(other, "x");
              const add = (tag, props) => document.body.append(Object.assign(document.createElement(tag), props));
              add("img", { src: other });
              add("script", { src: other });
              add("script", { textContent: "window.hacked = 1" });
              add("iframe", { src: other });
              add("link", { rel: "stylesheet", href: other });
              add("style", { textContent: "body { background: url(http://localhost:9/y) }" });
              await new Promise((resolve) => setTimeout(resolve, 500));
              return { seen, hacked: window.hacked ?? null };
            }"""
        )
        assert refused["hacked"] is None
        assert refused["seen"].count("connect-src") >= 4
        assert {"img-src", "script-src-elem", "frame-src", "style-src-elem"} <= set(refused["seen"])


def test_the_fingerprint_is_compared_and_a_wrong_one_stops_everything(
    browser_for: Opened, folder: Path, world: World
) -> None:
    with browser_for(PHONE) as visit:
        page = _open(visit)
        page.set_input_files("#root", folder / "root.json")
        page.set_input_files("#package", folder / "good.zip")
        print_of = world.trust_root().fingerprint
        assert page.inner_text("#root-note .digest").replace(" ", "").replace("\n", "") == print_of
        page.fill("#fingerprint", "0" + print_of[1:] if print_of[0] != "0" else "1" + print_of[1:])
        assert "指纹不一致" in page.inner_text("#fingerprint-note")
        page.click("#start")
        assert page.locator("#result").is_hidden()
        page.fill("#fingerprint", print_of[:10])
        assert "64 位" in page.inner_text("#fingerprint-note")
        spaced = " ".join(print_of.upper()[at : at + 8] for at in range(0, 64, 8))
        page.fill("#fingerprint", spaced)
        assert "指纹一致" in page.inner_text("#fingerprint-note")
        page.click("#start")
        page.wait_for_selector("#result .verdict", timeout=60_000)
        assert "与您输入的一致" in page.inner_text(".verdict")


def _choose_by_key(page: Page, file: Path) -> None:
    """Enter opens the file dialog; Chromium drops the key while the dialog before it is still being closed."""
    for attempt in range(4):
        try:
            with page.expect_file_chooser(timeout=5_000) as chooser:
                page.keyboard.press("Enter")
            chooser.value.set_files(file)
            return
        except TimeoutError:
            assert attempt < 3, "the file dialog does not open by keyboard"


def test_by_keyboard_alone(browser_for: Opened, folder: Path) -> None:
    with browser_for(DESKTOP) as visit:
        page = _open(visit)
        for name, file in (("root", "root.json"), ("package", "good.zip")):
            for _ in range(10):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.id") == name:
                    break
            _choose_by_key(page, folder / file)
            page.wait_for_function("([id, name]) => document.getElementById(id).textContent.includes(name)",
                                   arg=[f"{name}-name", file])  # fmt: skip
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "start"
        page.keyboard.press("Enter")
        page.wait_for_selector("#result .verdict", timeout=60_000)
        assert page.evaluate("document.activeElement.id") == "result"


def test_files_can_be_dropped_and_a_miss_does_not_leave_the_page(browser_for: Opened, folder: Path) -> None:
    drop = """([selector, name, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name));
      const target = document.querySelector(selector);
      for (const type of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }"""
    with browser_for(DESKTOP) as visit:
        page = _open(visit)
        for kind, file in (("root", "root.json"), ("package", "good.zip")):
            page.evaluate(drop, [f'[data-drop="{kind}"]', file, list((folder / file).read_bytes())])
        page.evaluate(drop, ["body", "missed.zip", [1]])
        assert "good.zip" in page.inner_text("#package-name")
        page.click("#start")
        page.wait_for_selector('.verdict[data-verdict="passed"]', timeout=60_000)


def test_unusable_files_say_what_to_do(browser_for: Opened, folder: Path) -> None:
    with browser_for(PHONE) as visit:
        page = _open(visit)
        page.click("#start")
        assert "请先选择信任根文件" in page.inner_text("#root-note")
        assert page.evaluate("document.activeElement.id") == "root"
        page.set_input_files("#root", folder / "good.zip")
        page.wait_for_selector("#root-note .alert-danger")
        assert "不是可用的信任根文件" in page.inner_text("#root-note")
        page.set_input_files("#root", folder / "markup.json")
        page.wait_for_selector("#root-note .alert-danger")
        assert page.evaluate("window.hacked ?? null") is None
        page.set_input_files("#root", folder / "root.json")
        page.wait_for_selector("#root-note .digest")
        page.click("#start")
        assert "请选择要核验的证据包" in page.inner_text("#package-note")
        page.set_input_files("#package", folder / "large.zip")
        assert "20 MB" in page.inner_text("#package-note")
        page.set_input_files("#package", folder / "empty.zip")
        page.click("#start")
        page.wait_for_selector("#package-note .alert-danger")
        assert "文件是空的" in page.inner_text("#package-note")
        assert page.locator("#result").is_hidden()


def test_what_a_package_says_is_text_and_never_markup(
    browser_for: Opened, folder: Path, tmp_path: Path, world: World
) -> None:
    """A clause that is markup and hides letters, in a package that is otherwise good: it is shown letter by letter."""
    forge = TextForge(
        world,
        changes={
            "data": lambda data, _: (
                data
                | {"clauses": [item | {"title": "T", "text": MARKUP + HIDING} for item in data["clauses"]]}
            )
        },
    )
    (tmp_path / "markup.zip").write_bytes(_apart(lambda: forge.clause(1)))
    (tmp_path / "root.json").write_bytes(forge.root.canonical())
    with browser_for(DESKTOP) as visit:
        page = _open(visit)
        _verify(page, tmp_path, "markup.zip")
        assert page.get_attribute(".verdict", "data-verdict") == "passed"
        assert page.inner_text(".clause") == MARKUP + "\ufffd\ufffd" + "x"
        assert page.evaluate("window.hacked ?? null") is None
        assert page.locator("#result img").count() == 0


def test_the_result_can_be_kept_and_printed(browser_for: Opened, folder: Path, world: World) -> None:
    with browser_for(DESKTOP) as visit:
        page = _open(visit)
        _verify(page, folder, "good.zip")
        with page.expect_download() as download:
            page.get_by_role("button", name="保存结果").click()
        kept = json.loads(Path(download.value.path()).read_text("utf-8"))
        assert kept["verdict"] == "passed"
        assert kept["trust_root"] == world.trust_root().fingerprint
        assert kept["test"] is True
        assert [step["no"] for step in kept["steps"]] == list(_shown(page))
        page.emulate_media(media="print")
        assert page.locator("#form").is_hidden()
        assert page.get_by_role("button", name="打印").is_hidden()
        assert page.locator("#test-banner").is_visible()
        printed = page.pdf(prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        (Path("var") / "screenshots").mkdir(parents=True, exist_ok=True)
        (Path("var") / "screenshots" / "offline-verifier.pdf").write_bytes(printed)
        page.emulate_media(media="screen")
        page.get_by_role("button", name="核验另一个文件").click()
        assert page.locator("#form").is_visible()


def test_a_browser_without_webcrypto_gives_no_verdict(browser_for: Opened, folder: Path) -> None:
    with browser_for(PHONE) as visit:
        visit.context.add_init_script(
            "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })"
        )
        page = _open(visit)
        assert "缺少核验所需的功能" in page.inner_text("#root-note")
        assert page.is_disabled("#start")
