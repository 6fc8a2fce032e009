"""A street officer asks every route of disposal, exchange and risk for what belongs to another street."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from api.bootstrap.container import Container
from api.disposal import router as disposal_router
from api.disposal.model import Action, Capacity, Reason, Unit, UnitKind
from api.disposal.rules.attachments import Given
from api.exchange import router as exchange_router
from api.exchange.tables import ExchangeBatchRow
from api.infra.auth import SESSION_COOKIE, Principal
from api.kernel.ids import new_id
from api.risk import router as risk_router
from api.risk.rulesets.service import DELIVERED
from tests.support.disposal_world import DEVICE, JPEG, OPERATOR, S1, S2, staff
from tests.support.routes_of_streets import DISPOSAL, Route, To, walk
from tests.support.routes_of_streets_elsewhere import EXCHANGE, RISK
from tests.support.wired_district import ANALYST, NOW, District, code, wired

S3 = "500107003"
JAN = date(2026, 1, 1)
TABLE: Mapping[str, Route] = {**DISPOSAL, **EXCHANGE, **RISK}
FOREIGN = staff("officer3", "street_officer")
BUREAU, OWNER = staff("head"), staff("officer2", "street_officer")
NAME = "试样企业1有限公司"


@dataclass
class Scene:
    """A red case of the second street with everything that can hang on one."""

    container: Container
    client: TestClient
    ids: Mapping[str, str]

    def ask(self, name: str, route: Route, who: Principal) -> Any:
        """The request of a route as somebody."""
        self.container.identity.sessions.by_session = {"t": who}.get
        method, path = name.split(" ")
        path = re.sub(r"\{(\w+)\}", lambda found: self.ids.get(found[1], new_id()), path)
        sent: dict[str, Any] = {"headers": {"X-CSRF-Token": who.csrf_token, "Idempotency-Key": new_id()}}
        if route.json is not None:
            body = json.dumps(route.json).replace('"{enterprise}"', self.ids["enterprise"])
            sent["json"] = json.loads(body.replace("{row_id}", self.ids["row_id"]))
        if route.form is not None:
            sent["data"] = {key: value.format(**self.ids) for key, value in route.form.items()}
        if route.file:
            sent["files"] = {route.file: ("x.jpg", JPEG, "image/jpeg")}
        self.client.cookies.set(SESSION_COOKIE, "t")
        return self.client.request(method, path + (f"?{route.query}" if route.query else ""), **sent)


@pytest.fixture
def scene(database_url: str, tmp_path: Path) -> Iterator[Scene]:
    with wired(database_url, tmp_path) as container:
        ids = _played(container)
        app = create_app(container)
        with TestClient(app, base_url="http://localhost:8080", follow_redirects=False) as client:
            yield Scene(container, client, ids)


def _played(container: Container) -> dict[str, str]:
    """Ids of everything that the second street's case has; the first street cooperates, the third has no part in it."""
    desk = container.disposal.desk
    desk.put_unit(OPERATOR, Unit(S3, UnitKind.STREET, "示例三街道", "Example Street Three"))
    posts = {
        "officer2": (S2, Capacity.OFFICER), "lead2": (S2, Capacity.LEAD), "officer3": (S3, Capacity.OFFICER),
        "head": ("hr", Capacity.LEAD), "tax": ("tax", Capacity.OFFICER),
    }  # fmt: skip
    for account, (unit, capacity) in posts.items():
        desk.give_post(OPERATOR, account, unit, capacity, JAN)
    district = District(container)
    district.register(1, 2)
    district.bankrupt(1, date(2026, 10, 10))
    district.month(202610)
    warning = district.sign(1)
    case = district.case(warning, BUREAU)
    cases, made = container.disposal.cases, case.case_id
    cases.step(OWNER, made, Action.SIGN_IN)
    answers = [
        {"name": n, "value": "no", "counter": 1, "at": NOW} for n in ("premises", "operating", "wages_paid")
    ]
    sha256 = hashlib.sha256(JPEG).hexdigest()
    container.disposal.field.sync(OWNER, made, DEVICE, answers, [{"sha256": sha256, "captured_at": NOW}])
    container.disposal.field.put_photo(OWNER, made, sha256, JPEG)
    cases.step(OWNER, made, Action.VERIFY, {"finding": "confirmed"})
    task = container.disposal.tasks.open(OWNER, made, "tax", f"核对{NAME}的税务", date(2026, 11, 20))
    cases.step(OWNER, made, Action.ACT, {"note": f"约谈{NAME}"})
    notice = container.disposal.papers.issue(OWNER, made, "warning", "请核对").id
    statement = container.disposal.voices.take(
        OWNER, made, "appeal", f"{NAME}不认可", [Given("照片.jpg", JPEG)]
    )
    attachment = container.disposal.voices.of_case(OWNER, made)[0].files[0].id
    entry = container.disposal.statutory.enter(OWNER, made, "filing", date(2026, 11, 4))
    inspection = container.disposal.measures.plan(OWNER, case.enterprise, Reason.COMPLAINT)
    duty = desk.put_duty(
        staff("lead2"), S2, "officer2", "13800000009", NOW - timedelta(hours=1), NOW + timedelta(hours=9)
    )
    judgement = container.risk.warnings.judge(
        ANALYST, case.enterprise, "snooze", None, "已约谈", date(2026, 11, 20)
    )
    post = next(post.post_id for post in desk.coming_posts() if post.account_id == "officer2")
    district.clue(2, date(2026, 10, 1), 1)
    with container.uow.read() as session:
        newest = select(ExchangeBatchRow.id).where(ExchangeBatchRow.dataset == "arrears_clue")
        batch = session.scalars(newest).one()
    return {
        "batch_id": batch, "row_id": DELIVERED, "case_id": made, "task_id": task, "notice_id": notice,
        "statement_id": statement, "sha256": sha256, "attachment_id": attachment, "entry_id": entry,
        "inspection_id": inspection, "duty_id": duty, "post_id": post, "warning_id": warning.id,
        "episode_id": warning.episode_id, "point": "JY03", "enterprise": str(case.enterprise), "uscc": code(1),
        "judgement_id": judgement.id, "month": "202611", "dataset": "court_event", "code": S1, "number": "1",
        "name": "x.csv", "account_id": "data", "owner": "*", "action": "pause",
    }  # fmt: skip


def text_of(answer: Any) -> str:
    """What can be read in an answer, also inside a spreadsheet or on paper."""
    kind = answer.headers.get("content-type", "")
    if "spreadsheet" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return "".join(book.read(one).decode() for one in book.namelist())
    if "pdf" in kind:
        return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))
    return str(answer.text)


def test_every_route_says_what_it_is_to_another_street() -> None:
    """A new route stands here before it is merged."""
    app = FastAPI(openapi_url=None)
    for router in (disposal_router, exchange_router, risk_router):
        app.include_router(router.api, prefix="/api/v1")
        app.include_router(router.pages)
    assert set(walk(app.routes)) == set(TABLE)


def test_another_streets_officer_gets_nothing_from_any_route(scene: Scene) -> None:
    wrong: dict[str, str] = {}
    names = (NAME, code(1), "13800000009")
    words = (*names, scene.ids["case_id"], scene.ids["warning_id"])
    for name, route in TABLE.items():
        answer = scene.ask(name, route, FOREIGN)
        expected = {To.STREET: {404}, To.REFUSED: {403}, To.LIST: {200}}[route.to]
        said = text_of(answer)
        if answer.status_code not in expected:
            wrong[name] = f"{answer.status_code} {said[60:140]}"
        elif leaked := [word for word in (words if route.to is To.LIST else names) if word in said]:
            wrong[name] = f"tells {leaked}"
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())


def test_the_same_requests_find_it_for_those_whose_it_is(scene: Scene) -> None:
    """Or the officer's 404 would say nothing: ids and bodies are good ones."""
    people = {"analyst": ANALYST, "officer2": OWNER}
    missed: dict[str, str] = {}
    for name, route in TABLE.items():
        if route.to is To.STREET:
            answer = scene.ask(name, route, people.get(route.control) or staff(route.control))
            if answer.status_code in (400, 401, 403, 404, 422) or answer.status_code >= 500:
                missed[name] = f"{answer.status_code} {answer.text[:160]}"
    assert not missed, "\n".join(f"{name}: {what}" for name, what in missed.items())
