"""Login, accounts, desk and the worker's own pages in a real browser: both widths, axe, a passkey from enrolment to login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest

from signing import wallets
from tests.e2e.conftest import DESKTOP, PHONE_PASSKEY, WECHAT_OLD, Profile, Visit
from tests.support import identity_world, slice_application
from tests.support.identity_world import OFFICER_KEY, PASSWORD, World
from tests.support.programs import Authorities
from tests.support.served_slice import loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """The slice on a port of its own: (world, origin). The identity service knows this origin for passkeys."""
    with loopback() as (sock, origin), pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity_world, "ORIGIN", origin)
        made = wallets.encrypt_key(OFFICER_KEY, "officer passphrase 1")
        officer = SimpleNamespace(
            state="active", kind="keystore", address=made.address, keystore=made.document
        )
        database = slice_application.make_database(tmp_path_factory.mktemp("database"))
        folder = tmp_path_factory.mktemp("authorities")
        with (
            Authorities(folder, officers=(made.address,), with_pki=False, origin=origin) as authorities,
            identity_world.slice_world(authorities, officer, database, patch) as world,
            serving(world.app, sock),
        ):
            yield world, origin


def look(visit: Visit, name: str) -> None:
    visit.shot(f"identity-{name}")
    visit.axe(name)


def log_in(world: World, origin: str, visit: Visit, login: str, role: str, *, seen: bool = False) -> None:
    account = world.agent(login) if role == "agent" else world.staff(login, role)
    page = visit.page
    page.goto(f"{origin}/login")
    if seen:
        look(visit, "login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/login/second-factor")
    if seen:
        look(visit, "second-factor")
    page.fill("#code", world.totp(account))
    with page.expect_navigation():
        page.click("main form button[type=submit]")


def test_an_operator_logs_in_with_two_factors_and_makes_an_account(
    served: tuple[World, str], browser_for: Open
) -> None:
    world, origin = served
    with browser_for(DESKTOP) as visit:
        visit.expect_error("404")  # the operator's own pages belong to another slice
        log_in(world, origin, visit, "operator1", "operator", seen=True)
        visit.page.goto(f"{origin}/home")
        look(visit, "home")
        visit.page.goto(f"{origin}/operator/accounts")
        visit.page.fill("#login", "court001")
        visit.page.fill("#display_name", "示范法院")
        visit.page.select_option("#role", "court")
        visit.page.click("form[action='/operator/accounts'] button")
        visit.page.wait_for_selector("text=一次性密码")
        look(visit, "accounts")
        visit.page.goto(f"{origin}/operator/accounts?lang=en")
        visit.page.wait_for_selector("text=Staff accounts")
        look(visit, "accounts-en")


def test_an_officer_signs_a_desk_check_with_his_wallet(served: tuple[World, str], browser_for: Open) -> None:
    world, origin = served
    person = world.person(40)
    with browser_for(DESKTOP) as visit:
        visit.expect_error("404")
        log_in(world, origin, visit, "officer01", "review_officer")
        page = visit.page
        page.goto(f"{origin}/people-review")
        look(visit, "people-review")
        for key in ("name", "id_number", "phone"):
            page.fill(f"#{key}", person[key])
        page.click("form[action='/people-review'] button")
        page.wait_for_url("**/people-review/*")
        look(visit, "desk-case")
        page.fill("#passphrase", "officer passphrase 1")
        page.click("main form button[type=submit]")
        page.wait_for_selector("text=窗口核验已签名并登记")
        look(visit, "people-review-done")


def test_an_agent_makes_a_credential_for_his_own_system(served: tuple[World, str], browser_for: Open) -> None:
    world, origin = served
    with browser_for(DESKTOP) as visit:
        visit.expect_error("404")
        log_in(world, origin, visit, "agent001", "agent")
        visit.page.goto(f"{origin}/account/security")
        visit.page.fill("#label", "人事系统")
        visit.page.check("#scope-draft")
        visit.page.click("form[action='/account/security/credentials'] button")
        visit.page.wait_for_selector("text=凭证已生成")
        secret = visit.page.inner_text("p.mono")
        look(visit, "security")
        machine = world.identity.sessions.by_bearer(secret)
        assert machine is not None
        assert machine.scopes == {"read", "draft"}


def fill_in(world: World, origin: str, visit: Visit, number: int, *, seen: bool) -> None:
    page, person = visit.page, world.person(number)
    page.goto(f"{origin}/worker-login")
    assert page.locator("input:visible").count() == 0, "a field stands before the privacy notice"
    if seen:
        look(visit, "worker-notice")
    page.click("form[action='/worker-login/notice'] button")
    page.wait_for_selector("#name")
    if seen:
        look(visit, "worker-fields")
    for key in ("name", "id_number", "phone"):
        page.fill(f"#{key}", person[key])
    page.click("form[action='/worker-login'] button")
    page.wait_for_selector("#otp")
    if seen:
        look(visit, "worker-code")
        page.fill("#otp", "000000")
        page.click("form[action='/worker-login/code'] button")
        page.wait_for_selector("text=未能确认您的身份")
        look(visit, "worker-code-wrong")
    page.fill("#otp", world.authorities.code(person["phone"]))
    with page.expect_navigation(url="**/me"):
        page.click("form[action='/worker-login/code'] button")


def test_a_worker_enrols_a_passkey_and_logs_in_with_it(served: tuple[World, str], browser_for: Open) -> None:
    world, origin = served
    with browser_for(PHONE_PASSKEY) as visit:
        visit.expect_error("404")  # /me itself belongs to the contracts' slice
        visit.expect_error("422")
        fill_in(world, origin, visit, 41, seen=True)
        page = visit.page
        page.goto(f"{origin}/me/passkeys")
        look(visit, "passkeys-none")
        page.click("[data-passkey=enrol] button")
        page.wait_for_selector("table")
        look(visit, "passkeys")
        page.goto(f"{origin}/me/data")
        look(visit, "my-data")
        visit.context.clear_cookies()
        page.goto(f"{origin}/worker-login")
        with page.expect_navigation(url="**/me"):
            page.click("[data-passkey=login] button")
        page.goto(f"{origin}/me/passkeys")
        assert page.locator("text=添加通行密钥前").count() == 1


def test_an_old_in_app_browser_sees_no_passkey_and_logs_in_by_code(
    served: tuple[World, str], browser_for: Open
) -> None:
    world, origin = served
    with browser_for(WECHAT_OLD) as visit:
        visit.expect_error("404")
        visit.page.goto(f"{origin}/worker-login")
        assert not visit.page.locator("[data-passkey]").is_visible()
        fill_in(world, origin, visit, 42, seen=False)
        visit.page.goto(f"{origin}/me/passkeys")
        visit.reload()
        assert not visit.page.locator("[data-passkey]").is_visible()
