"""Every page that a role can reach by links: answers, stands axe at both widths, needs no sideways scrolling, is pictured.

Starting from the navigation, one page of each kind (ids replaced) is visited; screenshots go to var/screenshots.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest

from scripts.journey.client import ApiClient
from scripts.journey.contract import ContractPlay
from scripts.up import Platform
from tests.e2e import journeys
from tests.e2e.conftest import DESKTOP, Profile, Visit
from tests.e2e.journeys import Scene

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(900),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]
ID = re.compile(r"(?<=/)([a-z2-7]{26}|(?:0x)?[0-9a-f]{40,64}|\d{4,})(?=/|$)")
NOT_A_PAGE = re.compile(
    r"\.(pdf|zip|csv|png|json|vkey|sig)$|^/verify/offline\.html$|^/log/|^/trust-root/|^/(api|static|signing-page)/|/evidence/package|/contracts/[a-z2-7]{26}/evidence$|/(document|export)"
)
MOST = 40
ROLES = [
    "operator",
    "review_officer",
    "regulator",
    "court",
    "auditor",
    "representative",
    "agent",
    "worker",
    "anyone",
]


@pytest.fixture(scope="module")
def scene(live_platform: Platform) -> Scene:
    """An employer with one contract in effect, so that lists and details have something to show."""
    made = journeys.set_scene(live_platform.installation, 1 + int(time.time()) % 1000)
    play = ContractPlay(lambda: ApiClient(made.origin, patience=30), made.stage.town, made.employer)
    played = play.play(made.person())
    play.effective(played)
    made.clients["worker"] = played.worker
    return made


def kind_of(path: str) -> str:
    """The path with its ids replaced: one page of each kind is enough."""
    return ID.sub("*", path)


def links(visit: Visit) -> list[str]:
    """Links of the page that lead to other pages of the platform."""
    found = visit.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    host = urlsplit(visit.page.url).netloc
    paths = [urlsplit(href).path for href in found if urlsplit(href).netloc == host]
    return [path for path in paths if not NOT_A_PAGE.search(path)]


def client_of(scene: Scene, role: str) -> ApiClient | None:
    """The API session whose cookie the browser borrows."""
    if role == "anyone":
        return None
    if role in scene.clients:
        return scene.clients[role]
    if role == "representative":
        return scene.employer.representative
    if role == "agent":
        return scene.employer.agent
    return scene.stage.staff(role)


@pytest.mark.parametrize("role", ROLES)
def test_pages_of(browser_for: Opener, scene: Scene, role: str) -> None:
    client = client_of(scene, role)
    with browser_for(DESKTOP) as visit:
        if client is not None:
            cookies = [
                {"name": c.name, "value": c.value or "", "url": scene.origin} for c in client.http.cookies.jar
            ]
            visit.context.add_cookies(cookies)
        start = "/me" if role == "worker" else "/help"
        todo, seen, problems = [start, "/home"] if client and role != "worker" else [start, "/"], set(), []
        while todo and len(seen) < MOST:
            path = todo.pop(0)
            kind = kind_of(path)
            if kind in seen or path == "/logout":
                continue
            seen.add(kind)
            answer = visit.page.goto(scene.origin + path)
            status = answer.status if answer else 0
            if status >= 400:
                problems.append(f"{path} answers {status}")
                visit.expect_error(str(status))
                continue
            name = f"{role}{kind.replace('/', '-').replace('*', 'id') or '-home'}".rstrip("-")
            try:
                visit.axe(path)
                visit.shot(name)
            except AssertionError as error:
                problems.append(str(error).split("\nassert")[0])
            todo += [found for found in links(visit) if kind_of(found) not in seen]
        assert not problems, "\n".join(problems)
        assert len(seen) > 3
