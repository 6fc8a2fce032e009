"""Public paths: trust roots with signature and history, releases with proof, the operator's page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.evidence import router
from api.evidence.texts import TEXTS
from api.infra.db import Database
from chain.page_check import check_page
from chain.source_manifest import source_digest
from chain.trust_root import TrustRoot
from chain.trust_root_succession import SignedRoot, check_first, check_successor
from tests.support.publication_desk import PublicationDesk
from tests.support.slice_application import SliceApplication, slice_application

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def made(database: Database, tmp_path: Path) -> PublicationDesk:
    return PublicationDesk(database, tmp_path)


@pytest.fixture
def app(made: PublicationDesk, database: Database) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, evidence=made) as served:
        yield served


def test_every_version_and_its_signature_is_public_and_makes_a_chain(
    app: SliceApplication, made: PublicationDesk
) -> None:
    client = app.anonymous
    roots = []
    for number in (1, 2):
        data, note = client.get(f"/trust-root/{number}"), client.get(f"/trust-root/{number}.sig")
        assert data.status_code == note.status_code == 200
        assert "immutable" in data.headers["cache-control"]
        roots.append(SignedRoot(TrustRoot.parse(data.content), note.content))
    assert check_first(roots[0])
    assert check_successor(roots[1], roots[0].root)
    assert client.get("/trust-root").content == roots[1].root.canonical()
    assert client.get("/trust-root.sig").content == roots[1].note
    assert client.get("/trust-root.json").content == roots[1].root.canonical()
    assert hashlib.sha256(client.get("/trust-root").content).hexdigest() == made.trust_root().fingerprint


@pytest.mark.parametrize(
    "path", ["/trust-root/3", "/trust-root/3.sig", "/trust-root/0", "/trust-root/x", "/trust-root/-1"]
)
def test_a_candidate_and_what_never_was_are_not_served(app: SliceApplication, path: str) -> None:
    assert app.anonymous.get(path).status_code in (404, 422)


def test_the_page_for_people_lists_versions_and_keys(app: SliceApplication, made: PublicationDesk) -> None:
    page = app.anonymous.get("/trust-root", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    for text in ("根密钥", "发布密钥", "已签名", 'href="/trust-root/1"', made.versions[0].fingerprint[:8]):
        assert text in page.text, text


def test_the_release_in_force_is_public_with_its_proof(app: SliceApplication, made: PublicationDesk) -> None:
    client = app.anonymous
    assert client.get("/releases/page").status_code == 404
    made.release()
    assert client.get("/releases/template/agreement/1").json()["kind"] == "template"
    assert client.get("/releases/template/other/1").status_code == 404

    def fetch(path: str) -> bytes:
        return client.get(path).content if path.startswith("/releases/") else made.desk.fetch(path)

    found = check_page(fetch, made.trust_root())
    assert (found.verdict, found.code) == ("passed", ""), found.facts


def test_the_source_manifest_is_that_of_the_program_that_runs(app: SliceApplication) -> None:
    data = app.anonymous.get("/releases/source.json").content
    assert hashlib.sha256(data).hexdigest() == source_digest()


def test_the_operator_alone_sees_what_waits(app: SliceApplication, made: PublicationDesk) -> None:
    made.release()
    assert app.anonymous.get("/operator/releases").status_code in (302, 303, 401, 403)
    assert app.as_("worker").get("/operator/releases").status_code == 403
    page = app.as_("operator").get("/operator/releases", headers=BROWSER)
    assert page.status_code == 200
    for text in ("新的发布正在写入日志", "下一版信任根等待根密钥签名", "源码清单摘要", "已启用"):
        assert text in page.text, text
