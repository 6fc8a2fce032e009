"""The offline verifier over HTTP: the built file, as a download, its digest on the page where people verify."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from api.evidence.router import offline
from chain.verifier.second import PAGE
from tests.integration.evidence.test_http import browse

__all__ = ["browse"]


def test_the_second_verifier_is_a_download_for_anybody(browse: Any) -> None:
    answer = browse().get("/verify/offline.html")
    assert answer.status_code == 200
    assert answer.content == PAGE.read_bytes()
    assert answer.headers["x-content-sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["content-disposition"] == 'attachment; filename="concord-verifier.html"'
    assert "immutable" not in answer.headers["cache-control"]


def test_the_page_names_the_files_digest(browse: Any) -> None:
    text = browse().get("/verify").text
    digest = hashlib.sha256(PAGE.read_bytes()).hexdigest()
    assert 'href="/verify/offline.html"' in text
    shown = text.replace("<span>", "").replace("</span>", "").replace("<wbr>", "")
    assert digest in shown


def test_a_file_that_nobody_built_is_named_with_the_command_that_builds_it(
    browse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "PAGE", tmp_path / "verifier.html")
    answer = browse().get("/verify/offline.html")
    assert answer.status_code == 503
    for words in ("离线核验页还没有生成", offline.BUILD):
        assert words in answer.text
    english = browse().get("/verify/offline.html", headers={"Accept-Language": "en"})
    assert "has not been built yet" in english.text
    assert offline.BUILD in english.text


def test_without_the_file_the_verify_page_still_verifies_and_names_the_command(
    browse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "PAGE", tmp_path / "verifier.html")
    answer = browse().get("/verify")
    assert answer.status_code == 200
    assert offline.BUILD in answer.text
    assert 'href="/verify/offline.html"' not in answer.text
