"""The one HTML file: the same bytes from the same sources, no way to a network, nothing of a trust root inside."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from chain.verifier.texts import STEP_TEXTS, SUB_TEXTS
from scripts import build_verifier

pytestmark = pytest.mark.skipif(
    not build_verifier.BUNDLER.is_file(), reason="esbuild is not installed (npm ci)"
)


@pytest.fixture(scope="module")
def page() -> str:
    return build_verifier.build().decode("utf-8")


def test_the_file_that_set_up_built_is_what_the_sources_give(page: str) -> None:
    assert build_verifier.TARGET.is_file(), "run .venv/bin/python -m scripts.build_verifier"
    assert build_verifier.TARGET.read_text("utf-8") == page, "run .venv/bin/python -m scripts.build_verifier"


def test_building_twice_gives_the_same_bytes(page: str) -> None:
    assert build_verifier.build() == page.encode()


def test_building_elsewhere_gives_the_same_bytes(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder in which the project stands leaves no trace."""
    root = tmp_path / "elsewhere"
    for name in ("chain", "signing", "api", "node_modules"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(build_verifier.ROOT / name)
    monkeypatch.setattr(build_verifier, "ROOT", root)
    assert build_verifier.build() == page.encode()


def test_the_policy_names_this_script_and_this_style_and_no_source_at_all(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    script = re.findall(r"<script>(.*?)</script>", page, re.S)
    style = re.findall(r"<style>(.*?)</style>", page, re.S)
    assert len(script) == len(style) == 1
    assert rules == {
        "default-src": "'none'",
        "script-src": _digest(script[0]),
        "style-src": _digest(style[0]),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    markup = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)
    assert not re.search(r"\b(src|href|action|srcset|poster|ping)\s*=", markup)
    assert not re.search(r"\bstyle\s*=|\bon[a-z]+\s*=", markup)
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    code = re.search(r"<script>(.*?)</script>", page, re.S)
    assert code
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "importScripts", "eval(",
                 "new Function", "innerHTML", "document.write", "localStorage", "indexedDB", "serviceWorker"):  # fmt: skip
        assert word not in code[1], word


def test_every_sub_indication_has_its_text_inside(page: str) -> None:
    for zh, en in (*STEP_TEXTS.values(), *SUB_TEXTS.values()):
        assert zh in page
        assert en in page


def test_a_change_of_a_source_shows(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUB_TEXTS, "UNREADABLE", ("甲", "one"))
    assert build_verifier.build() != page.encode()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
