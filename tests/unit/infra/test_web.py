"""Pages: languages, escaping, one-time notices, headers, static release, navigation, error pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import HTMLResponse, Response
from fastapi.testclient import TestClient
from starlette.requests import Request

from api.infra import problems
from api.infra.auth import ANONYMOUS, Principal
from api.infra.i18n import format_month
from api.infra.web import Visitor, WebConfig, install_web, page, problem_page, redirect
from api.infra.web.assets import Assets, MissingAsset
from api.infra.web.errors import NEXT_STEPS, next_steps

ROOT = Path(__file__).parents[3]
AGENT = Principal(
    kind="employer", account_id="a", roles=frozenset({"agent"}), session_id="s", csrf_token="tok<en"
)

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "htmx.org").is_dir(), reason="node_modules is not installed (npm ci)"
)


def build(*, who: Principal = ANONYMOUS, test: bool = True, secure: bool = False) -> FastAPI:
    app = FastAPI()
    slice_pages = APIRouter()

    @slice_pages.get("/agent/contracts")
    def contracts(request: Request) -> HTMLResponse:
        return page(request, "web/help.html")

    @slice_pages.post("/done")
    def done(request: Request) -> Response:
        return redirect(request, "/help", notice="已处理")

    @slice_pages.get("/conflict")
    def conflict(request: Request) -> HTMLResponse:
        return problem_page(
            request,
            status=409,
            title="T <b>",
            detail="<script>alert(1)</script>",
            code="contract_overlap",
            trace_id="trace-1",
            errors=[{"pointer": "/term", "code": "overlap"}],
        )

    app.include_router(slice_pages)
    install_web(
        app,
        WebConfig(
            "http://localhost", test=test, secure=secure, visitor=lambda request: Visitor(who, who.csrf_token)
        ),
    )
    return app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(build(), base_url="http://localhost") as made:
        yield made


POSTED = {"accept": "text/html", "origin": "http://localhost"}


def test_a_malformed_form_is_told_in_words_with_a_way_back() -> None:
    app = build()
    problems.install(app)
    app.state.container = SimpleNamespace(settings=SimpleNamespace(public_origin="http://localhost"))

    @app.post("/tasks")
    def task(due_on: Annotated[date, Form()], text: Annotated[str, Form(max_length=3)]) -> None: ...

    here = POSTED | {"referer": "http://localhost/tasks/new?of=1"}
    client = TestClient(app, base_url="http://localhost")
    answer = client.post("/tasks", data={"due_on": "2026-13-45", "text": "long"}, headers=here)
    assert answer.status_code == 422
    assert "日期不对，请按“年-月-日”填写。" in answer.text
    assert "最多 3 个字。" in answer.text
    assert 'data-problem="due_on text"' in answer.text
    assert 'href="/tasks/new?of=1"' in answer.text
    english = client.post("/tasks?lang=en", data={"text": "ok"}, headers=here)
    assert "Not filled in." in english.text
    assert "Back to the form" in english.text
    for elsewhere in ("https://elsewhere.example/tasks", "http://localhost//elsewhere.example", ""):
        strange = client.post("/tasks", data={}, headers=POSTED | {"referer": elsewhere})
        assert "Back to the form" not in strange.text
    plain = client.post("/tasks", data={}, headers={"accept": "application/json"})
    assert plain.json()["errors"][0]["message"] == "Field required"


def test_a_month_is_written_with_a_hyphen() -> None:
    assert (format_month(202610), format_month(202601, "en"), format_month(None)) == (
        "2026-10",
        "2026-01",
        "—",
    )


def test_chinese_comes_first_and_a_switch_is_remembered(client: TestClient) -> None:
    first = client.get("/help", headers={"accept-language": "en-GB"})
    assert 'lang="zh-CN"' in first.text
    assert first.headers["content-language"] == "zh-CN"
    assert "劳动者常问" in first.text
    assert "Workers ask" in client.get("/help?lang=en").text
    assert "Workers ask" in client.get("/help").text
    assert "劳动者常问" in client.get("/help?lang=zh").text
    assert "劳动者常问" in client.get("/help?lang=xx").text


@pytest.mark.parametrize("path", ["/", "/help", "/privacy", "/accessibility", "/design", "/help/errors"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_portal_pages_render_without_inline_code(client: TestClient, path: str, lang: str) -> None:
    answer = client.get(f"{path}?lang={lang}")
    assert answer.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"\sstyle=|\son\w+=|<style", answer.text)
    assert answer.text.count("<h1") == 1
    if lang == "en":
        assert (
            not re.search(r"[\u4e00-\u9fff]", re.sub(r"中文|<meta[^>]*>", "", answer.text))
            or path == "/help/errors"
        )


def test_headers_forbid_everything_that_pages_do_not_need(client: TestClient) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers
    secured = TestClient(build(secure=True), base_url="https://localhost").get("/?lang=en")
    assert "max-age" in secured.headers["strict-transport-security"]
    assert "secure" in secured.headers["set-cookie"].lower()


def test_static_files_live_in_a_release(client: TestClient) -> None:
    found = re.search(r'href="(/static/[0-9a-f]{16}/web/tokens\.css)"', client.get("/").text)
    assert found
    asset = client.get(found[1])
    assert asset.status_code == 200
    assert "immutable" in asset.headers["cache-control"]
    assert client.get(found[1], headers={"if-none-match": asset.headers["etag"]}).status_code == 304
    assert asset.headers["content-encoding"] == "gzip"
    plain = client.get(found[1], headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == asset.content
    older = "/static/" + "0" * 16 + "/web/tokens.css"
    assert client.get(older).headers["cache-control"] == "no-cache"
    assert client.get("/static/web/tokens.css").headers["cache-control"] == "no-cache"
    for outside in (
        "/static/web/../render.py",
        "/static/web/%2e%2e/render.py",
        "/static/vendor/solc/soljson.js",
    ):
        assert client.get(outside).status_code == 404


def test_a_missing_package_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingAsset, match="vendor/echarts"):  # the first one by name
        Assets(ROOT / "api", tmp_path)


def test_a_misspelt_static_name_fails() -> None:
    with pytest.raises(MissingAsset, match=r"web/nothing\.css"):
        Assets(ROOT / "api", ROOT / "node_modules").url("web/nothing.css")


def test_a_notice_is_shown_once_and_escaped(client: TestClient) -> None:
    client.post("/done", follow_redirects=False)
    assert "已处理" in client.get("/help").text
    assert "已处理" not in client.get("/help").text
    client.cookies.set("notice", "danger%3A%3Cb%3Ex%3C%2Fb%3E")
    assert "<b>x</b>" not in client.get("/help").text


def test_htmx_gets_a_navigation_instead_of_a_redirect(client: TestClient) -> None:
    answer = client.post("/done", headers={"hx-request": "true"}, follow_redirects=False)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/help"


def test_an_error_page_says_what_to_do_next(client: TestClient) -> None:
    answer = client.get("/conflict")
    assert answer.status_code == 409
    assert "<script>alert" not in answer.text
    assert "contract_overlap" in answer.text
    assert "trace-1" in answer.text
    assert NEXT_STEPS[409][0] in answer.text
    fragment = client.get("/conflict", headers={"hx-request": "true"})
    assert fragment.headers["hx-retarget"] == "#messages"
    assert "<html" not in fragment.text


def test_every_error_has_a_next_step() -> None:
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 423, 429, 500, 502, 503):
        assert next_steps(status)


def test_navigation_shows_what_the_role_may_use_and_the_app_serves() -> None:
    text = TestClient(build(who=AGENT), base_url="http://localhost").get("/agent/contracts").text
    side = text[text.index('class="side') : text.index("</nav>")]
    assert 'href="/agent/contracts" aria-current="page"' in side
    assert "/employer" not in side  # not served by this application
    assert "/operator" not in side  # not for agents
    assert 'href="/help"' in side
    assert 'value="tok&lt;en"' in text


def test_the_style_guide_and_the_banner_are_for_test_installations() -> None:
    client = TestClient(build(test=False), base_url="http://localhost")
    assert client.get("/design").status_code == 404
    assert "test-banner" not in client.get("/").text


def test_releases_of_the_signing_page_are_served_unchanged(tmp_path: Path) -> None:
    app = build()
    (tmp_path / "index.html").write_text("<!doctype html>x", encoding="utf-8")
    app.state.web.serve_release(
        "ab" * 32, {"index.html": (tmp_path / "index.html", "text/html; charset=utf-8")}
    )
    client = TestClient(app, base_url="http://localhost")
    answer = client.get(f"/signing-page/{'ab' * 32}/index.html")
    assert answer.text == "<!doctype html>x"
    assert "immutable" in answer.headers["cache-control"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get(f"/signing-page/{'cd' * 32}/index.html").status_code == 404
    assert client.get(f"/signing-page/{'ab' * 32}/other.js").status_code == 404
