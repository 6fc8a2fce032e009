"""Pages of sharing: ask, approve, read, export, revoke."""

from __future__ import annotations

import re

from api.exchange.sharing.service import Sharing
from tests.integration.exchange_sharing.test_sharing import (
    APPROVER,
    ASKER,
    BODY,
    accepted,
    asked,
    clock,
    sharing,
    site,
)
from tests.support.slice_application import SliceApplication

__all__ = ["accepted", "clock", "sharing", "site"]
HTML = {"Accept": "text/html"}
CSRF = {"csrf_token": "csrf"}


def test_a_share_by_the_pages(site: SliceApplication, sharing: Sharing) -> None:
    asker, approver = site.as_(ASKER), site.as_(APPROVER)
    assert "paid_amount" in asker.get("/exchange/shares/new?dataset=bank_payroll", headers=HTML).text
    short = asker.post("/exchange/shares", data={**CSRF, **BODY, "purpose": "x"}, headers=HTML)
    assert short.status_code == 422
    assert "请填写用途" in short.text
    assert 'value="account" checked' in short.text
    made = asker.post("/exchange/shares", data={**CSRF, **BODY}, headers=HTML)
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    assert "/decision" not in asker.get(path, headers=HTML).text
    seen = approver.get(path, headers=HTML).text
    assert "部分遮盖" in seen
    assert "/decision" in seen
    form = {**CSRF, "version": "1", "approve": "yes", "reason": "同意"}
    assert approver.post(f"{path}/decision", data=form, headers=HTML).status_code == 303
    assert approver.post(f"{path}/decision", data=form, headers=HTML).status_code == 409
    rows = asker.get(f"{path}/rows", headers=HTML).text
    assert "123.45" in rows
    assert "62220000" not in rows
    assert "exchange.share_read" in asker.get(path, headers=HTML).text
    gone = asker.post(f"{path}/revocation", data={**CSRF, "version": "2", "reason": "不再需要"}, headers=HTML)
    assert gone.status_code == 303
    assert asker.get(f"{path}/rows", headers=HTML).status_code == 403
    assert "已撤销" in approver.get("/exchange/shares", headers=HTML).text


def test_pages_in_english(site: SliceApplication) -> None:
    share = asked(site, purpose="checking enforcement", basis="article 38", recipient="the court")
    for path in (
        "/exchange/shares",
        "/exchange/shares/new?dataset=bank_payroll",
        f"/exchange/shares/{share['share_id']}",
    ):
        text = site.as_(APPROVER).get(f"{path}{'&' if '?' in path else '?'}lang=en", headers=HTML).text
        main = text[text.index("<main") : text.index("</main>")]
        assert not re.search("[一-鿿]", main), path
