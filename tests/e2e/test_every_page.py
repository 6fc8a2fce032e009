"""Every page that a role can reach by links: answers, stands axe at both widths, needs no sideways scrolling, is pictured.

Starting from the navigation, one page of each kind (ids replaced) is visited by every role; pictures go to
var/screenshots. Axe judges elements, attributes and colours, not wording: a page whose elements and attributes another
role's page of the same kind already showed is not judged again. `SKELETON` says what has to be equal. Status, console
errors, width and links are checked on every visit, also there.
"""

from __future__ import annotations

import re
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
    pytest.mark.timeout(1200),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]
ID = re.compile(
    r"(?<=/)([a-z2-7]{26}|(?:0x)?[0-9a-f]{40,64}|\d{4,}|(?<=enterprises/)\d+|(?<=points/)[A-Z]{2}\d{2}|(?<=datasets/)[a-z_]+)(?=/|$)"
)
NOT_A_PAGE = re.compile(
    r"\.(pdf|zip|csv|xlsx|png|json|vkey|sig)$|^/verify/offline\.html$|^/log/|^/trust-root/|^/(api|static|signing-page)/|/evidence/package|/contracts/[a-z2-7]{26}/evidence$|/(document|export)"
)
MOST = 60
SKELETON = """() => {
  // Tags and attributes in order. Words count by being there or not, digits in ids and addresses don't; equal
  // neighbours (rows, links of a list) count once. The menu is apart: it is the role's, and the same on all its pages.
  const plain = (text) => text.replace(/[0-9a-z]{20,}|[0-9]+/g, "#");
  const told = new Set(["class", "role", "type", "for", "id", "name", "alt", "title", "lang", "scope", "tabindex",
    "disabled", "required", "href", "open", "checked", "selected", "hidden", "data-label", "colspan", "rowspan", "autocomplete"]);
  const of = (node) => {
    const kept = [...node.attributes]
      .filter((a) => told.has(a.name) || a.name.startsWith("aria-"))
      .map((a) => `${a.name}=${a.value.trim() && a.name !== "href" ? plain(a.value) : ""}`)
      .filter((a) => !a.startsWith("aria-current="))
      .sort().join(" ");
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()) ? "t" : "";
    const within = [];
    for (const child of node.children) {
      if (child.matches("nav.side, script")) continue;
      const one = of(child);
      if (one !== within.at(-1)) within.push(one);
    }
    return `${node.localName}[${kept}]${own}(${within.join("")})`;
  };
  const menu = document.querySelector("nav.side");
  return [of(document.documentElement), menu ? of(menu) : ""];
}"""
ROLES = [
    "operator",
    "review_officer",
    "regulator",
    "risk_analyst",
    "risk_director",
    "street_officer",
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
    made = journeys.set_scene(live_platform.installation)
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


@pytest.fixture(scope="module")
def judged() -> set[tuple[str, str]]:
    """What axe has seen in this module: (kind of page, its skeleton) and ("menu", its skeleton)."""
    return set()


def judge(visit: Visit, kind: str, judged: set[tuple[str, str]], path: str, name: str) -> bool:
    """Axe and pictures where the page shows something that axe hasn't seen, else the width alone; whether axe ran."""
    page, menu = visit.page.evaluate(SKELETON)
    if {(kind, page), ("menu", menu)} <= judged:
        visit.fits(name)
        return False
    visit.axe(path)
    visit.shot(name)
    judged |= {(kind, page), ("menu", menu)}
    return True


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("<ul><li><a href=/x/1>an</a></li></ul><label for=f>b</label><input id=f>", False),
        (
            "<ul><li><a href=/y>o</a></li><li><a href=/z>u</a></li></ul><label for=f>c</label><input id=f>",
            False,
        ),
        ("<ul><li><a href=/x></a></li></ul><label for=f>b</label><input id=f>", True),
        ("<ul><li><a>an</a></li></ul><label for=f>b</label><input id=f>", True),
        ("<ul><li><a href=/x>an</a></li></ul><label for=g>b</label><input id=f>", True),
        ("<ul><li><a href=/x class=red>an</a></li></ul><label for=f>b</label><input id=f>", True),
        ("<ul><li><a href=/x>an</a></li><li>no link</li></ul><label for=f>b</label><input id=f>", True),
    ],
)
def test_only_other_words_and_more_rows_are_not_judged_again(
    browser_for: Opener, changed: str, again: bool
) -> None:
    with browser_for(DESKTOP) as visit:
        visit.page.set_content("<ul><li><a href=/x>on</a></li></ul><label for=f>b</label><input id=f>")
        first = visit.page.evaluate(SKELETON)
        visit.page.set_content(changed)
        assert (visit.page.evaluate(SKELETON) != first) is again


@pytest.mark.parametrize("role", ROLES)
def test_pages_of(
    browser_for: Opener,
    scene: Scene,
    role: str,
    judged: set[tuple[str, str]],
    request: pytest.FixtureRequest,
) -> None:
    client = client_of(scene, role)
    with browser_for(DESKTOP) as visit:
        if client is not None:
            cookies = [
                {"name": c.name, "value": c.value or "", "url": scene.origin} for c in client.http.cookies.jar
            ]
            visit.context.add_cookies(cookies)
        start = "/me" if role == "worker" else "/help"
        todo, seen, problems = [start, "/home"] if client and role != "worker" else [start, "/"], set(), []
        axe_runs = 0
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
                axe_runs += judge(visit, kind, judged, path, name)
            except AssertionError as error:
                problems.append(str(error).split("\nassert")[0])
            todo += [found for found in links(visit) if kind_of(found) not in seen]
        request.node.user_properties += [("pages", len(seen)), ("axe_runs", axe_runs)]
        assert not problems, "\n".join(problems)
        assert len(seen) > 3
        left = {kind_of(path) for path in todo} - seen - {"/logout"}
        assert not left, f"more than {MOST} kinds of pages; not visited: {sorted(left)}"
