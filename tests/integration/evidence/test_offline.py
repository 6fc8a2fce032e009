"""The offline verifier over HTTP: the committed file, as a download, its digest on the page where people verify."""

from __future__ import annotations

import hashlib
from typing import Any

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
