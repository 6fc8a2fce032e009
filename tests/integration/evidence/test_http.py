"""Pages and API of the slice: the public verify page, hostile uploads, downloads, trust root."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.evidence import router
from api.evidence.texts import TEXTS
from api.infra.auth import Principal
from api.infra.db import Database
from chain.verifier import Outcome, verify
from tests.integration.evidence.conftest import Desk
from tests.support.signing_authorities import NOW
from tests.support.slice_application import slice_application

Who = Callable[..., Principal]


@pytest.fixture
def browse(database: Database, desk: Desk) -> Iterator[Callable[[Principal | None], TestClient]]:
    """A browser of somebody, or of nobody."""
    with slice_application(database, router, TEXTS, evidence=desk.service) as made:

        def client(who: Principal | None = None) -> TestClient:
            return made.anonymous if who is None else made.as_(who)

        yield client


def upload(client: TestClient, data: bytes, path: str = "/api/v1/verify") -> Any:
    return client.post(path, files={"file": ("evidence.zip", data, "application/zip")})


def test_anybody_verifies_a_package_without_login(desk: Desk, browse: Any) -> None:
    answer = upload(browse(), desk.forge.package)
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"] == "passed"
    assert [step["no"] for step in answer.json()["steps"]] == [*range(1, 21), 23, 24]


def test_a_changed_byte_is_an_answer_not_an_error(desk: Desk, browse: Any) -> None:
    changed = bytearray(desk.forge.package)
    changed[len(changed) // 2] ^= 1
    answer = upload(browse(), bytes(changed))
    assert (answer.status_code, answer.json()["verdict"]) == (200, "failed")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_every_step_in_words(desk: Desk, browse: Any, language: str) -> None:
    client = browse()
    empty = client.get("/verify", params={"lang": language})
    assert empty.status_code == 200
    assert desk.forge.root.fingerprint in empty.text.replace(" ", "")
    shown = client.post(f"/verify?lang={language}", files={"file": ("e.zip", desk.forge.package)})
    assert shown.status_code == 200
    assert ("验证通过" in shown.text) == (language == "zh")
    assert ("Passed:" in shown.text) == (language == "en")
    assert len(re.findall(r'class="finding-no', shown.text)) == 22


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("manifest.json", bytes(40_000_000))
    return out.getvalue()


def _traversal() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("../../../tmp/owned", b"x")
    return out.getvalue()


def _doubled(package: bytes) -> bytes:
    out = io.BytesIO(package)
    with zipfile.ZipFile(out, "a") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("manifest.json", b"{}")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["bomb", "traversal", "doubled", "html"])
def test_hostile_uploads_end_as_a_failed_first_step(desk: Desk, browse: Any, kind: str) -> None:
    data = {
        "bomb": _bomb,
        "traversal": _traversal,
        "doubled": lambda: _doubled(desk.forge.package),
        "html": lambda: b"<script>alert(1)</script>",
    }[kind]()
    answer = upload(browse(), data)
    assert answer.status_code == 200
    step = answer.json()["steps"][0]
    assert (step["outcome"], step["sub_indication"]) == ("failed", "PROFILE_ILLEGAL")
    page = browse().post("/verify", files={"file": ("<img src=x>.zip", data)})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x>" not in page.text


def test_an_empty_or_missing_file_is_named(browse: Any) -> None:
    page = browse().post("/verify", files={"file": ("e.zip", b"")})
    assert page.status_code == 422
    assert "请选择要核验的证据包文件" in page.text
    answer = upload(browse(), b"")
    assert (answer.status_code, answer.json()["code"]) == (422, "evidence.file_missing")


def test_more_than_twenty_megabytes_is_refused(browse: Any) -> None:
    answer = upload(browse(), bytes(20_000_001))
    assert answer.status_code in (413, 422)


def test_the_trust_root_is_public_and_its_digest_is_the_fingerprint(desk: Desk, browse: Any) -> None:
    client = browse()
    data = client.get("/trust-root.json").content
    shown = client.get("/api/v1/trust-root/fingerprint").json()
    assert hashlib.sha256(data).hexdigest() == shown["fingerprint"] == desk.forge.root.fingerprint
    assert data == client.get("/api/v1/trust-root").content
    assert data == client.get("/trust-root").content
    page = client.get("/trust-root", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert desk.forge.root.fingerprint in page.text.replace(" ", "")


def test_the_worker_downloads_his_package(desk: Desk, browse: Any, who: Who) -> None:
    client = browse(who("worker", "worker", person_id="p1"))
    answer = client.get(f"/api/v1/contracts/{desk.forge.contract_id}/evidence")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert hashlib.sha256(answer.content).hexdigest() == answer.headers["x-content-sha256"]
    assert verify(answer.content, desk.forge.root, now=NOW.replace(year=2027)).verdict is Outcome.PASSED


def test_strangers_and_the_anonymous_get_nothing(desk: Desk, browse: Any, who: Who) -> None:
    path = f"/api/v1/contracts/{desk.forge.contract_id}/evidence"
    assert browse().get(path).status_code in (401, 403)
    assert browse(who("worker", "worker", person_id="p2")).get(path).status_code == 404
    assert browse(who("staff", "court")).get(path).json()["code"] == "evidence.ground_required"
    other = f"/api/v1/supervision/contracts/{desk.forge.contract_id}/evidence"
    assert browse(who("worker", "worker", person_id="p1")).get(other).status_code == 403


def test_the_court_reads_report_and_package(desk: Desk, browse: Any, who: Who) -> None:
    client = browse(who("staff", "court"))
    ground = {"case_no": "（2026）测001号", "purpose": "劳动争议审理"}
    desk_page = client.get("/evidence")
    assert desk_page.status_code == 200
    assert "案号" in desk_page.text
    page = client.get("/evidence/report", params={"ref": desk.forge.contract_id, **ground})
    assert page.status_code == 200
    assert "保持内容完整性方法的可靠性" in page.text
    pdf = client.get(f"/api/v1/contracts/{desk.forge.contract_id}/evidence/report.pdf", params=ground)
    assert pdf.content.startswith(b"%PDF-")
    report = client.get(f"/api/v1/contracts/{desk.forge.contract_id}/evidence/report", params=ground).json()
    assert len(report["questions"]) == len(report["factors"]) == 4
    assert len(desk.contracts.told) == 3


def test_paper_copies_over_http(desk: Desk, browse: Any, who: Who) -> None:
    client = browse(who("worker", "worker", person_id="p1"))
    path = f"/api/v1/contracts/{desk.forge.contract_id}/paper-copies"
    ordered = client.post(path, headers={"Idempotency-Key": "copy-1"})
    assert ordered.status_code == 201, ordered.text
    assert ordered.json()["free"] is True
    assert client.get(path).json() == [ordered.json()]
    printed = client.get(ordered.json()["print_url"])
    assert printed.content.startswith(b"%PDF-")
