"""Menus by role: headings where they are long, none where they are short; one place marked as the present one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.infra.auth import Principal
from api.infra.web import Visitor, WebConfig, install_web
from api.infra.web.navigation import EMPLOYER, FLAT, MENU, STAFF, Link, Section, links, sections

ROOT = Path(__file__).parents[3]
LONG = ["operator", "review_officer", "regulator", "auditor", "court", "risk_analyst", "risk_director"]
SHORT = ["representative", "agent", "street_officer", "worker"]


def somebody(*roles: str) -> Principal:
    return Principal(kind="staff", account_id="a", roles=frozenset(roles), session_id="s", csrf_token="token")


def menu_of(
    *roles: str, path: str = "/help", served: Callable[[str], bool] = lambda _path: True
) -> list[Section]:
    return sections(links(MENU, served, somebody(*roles), path))


@pytest.mark.parametrize("role", LONG)
def test_a_long_menu_stands_under_headings(role: str) -> None:
    menu = menu_of(role)
    headings = [section.heading for section in menu]
    assert all(headings)
    assert len(set(headings)) == len(headings) >= 3, "a heading stands once"
    assert headings[-1] == "个人"
    assert sum(len(section.links) for section in menu) > FLAT


@pytest.mark.parametrize("role", SHORT)
def test_a_short_menu_stays_as_simple_as_it_is(role: str) -> None:
    (only,) = menu_of(role)
    assert only.heading == ""
    assert only.links


def test_nothing_served_is_no_menu() -> None:
    assert menu_of("operator", served=lambda _path: False) == []


def test_headings_without_a_served_entry_do_not_show() -> None:
    menu = menu_of("risk_director", served=lambda path: not path.startswith("/exchange"))
    assert "部门数据" not in [section.heading for section in menu]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/risk", "/risk"),
        ("/risk/enterprises/135", "/risk"),
        ("/risk/map/towns/500107001", "/risk/map"),
        ("/riskier", ""),
        ("/risk/trend", "/risk/board"),
        ("/risk/shadows/abc", "/risk/backtests"),
        ("/risk/corrections", "/risk/runs"),
        ("/exchange/quarantine", "/exchange/quarantine"),
    ],
)
def test_the_longest_leading_entry_is_the_present_place(path: str, current: str) -> None:
    menu = menu_of("risk_analyst", path=path)
    assert [link.href for section in menu for link in section.links if link.current] == (
        [current] if current else []
    )
    assert [section.current for section in menu].count(True) == bool(current)


def test_every_entry_stands_once_and_names_known_roles() -> None:
    entries = [entry for _, of in MENU for entry in of]
    assert len({entry.path for entry in entries}) == len(entries)
    assert len({entry.label for entry in entries}) == len(entries), (
        "two links with one name lead to two places"
    )
    assert frozenset().union(*(entry.roles for entry in entries)) <= STAFF | EMPLOYER | {"worker"}
    assert not {heading for heading, _ in MENU} & {entry.label for entry in entries}


def test_the_threshold_is_the_last_flat_length() -> None:
    def made(count: int) -> list[Link]:
        return [
            Link(f"/{n}", str(n), current=False, exact=False, heading="a" if n % 7 < 3 else "b")
            for n in range(count)
        ]

    assert [s.heading for s in sections(made(FLAT))] == [""]
    assert len(sections(made(FLAT + 1))) > 1


@pytest.mark.skipif(
    not (ROOT / "node_modules" / "htmx.org").is_dir(), reason="node_modules is not installed (npm ci)"
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_names_its_lists_and_marks_one_link(lang: str) -> None:
    app = FastAPI()
    served = [entry.path for _, of in MENU for entry in of]
    for path in served:
        if path not in ("/help", "/verify"):
            app.get(path)(lambda: None)
    who = somebody("risk_director")
    install_web(app, WebConfig("http://localhost", test=True, visitor=lambda _request: Visitor(who, "token")))
    client = TestClient(app, base_url="http://localhost")
    text = client.get(f"/help?lang={lang}").text
    nav = text[text.index("<nav") : text.index("</nav>")]
    named = re.findall(r'<ul aria-labelledby="(menu-\d+)"', nav)
    assert named == re.findall(r'class="side-heading" id="(menu-\d+)"', nav)
    assert len(named) == 4
    assert nav.count('aria-current="page"') == 1
    assert '<details class="side-switch"><summary>' in nav
    assert not re.search(r"<h\d", nav), "the outline of a page is its own"
    if lang == "en":
        assert not re.search(r"[\u4e00-\u9fff]", nav.replace("中文", ""))
    below = client.get("/help/errors").text
    assert '<a href="/help" aria-current="true">' in below, "the link leads to another page of the same place"
