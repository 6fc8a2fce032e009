"""Pages of the review queue: list, detail, decision, undoing, in both languages."""

from __future__ import annotations

import re

import pytest

from api.exchange.matching.model import Kind
from api.exchange.matching.service import Matching
from api.infra.db import Database
from tests.integration.exchange_matching.test_review_queue import (
    SKY,
    SKY_ROW,
    STAR_ROW,
    Told,
    clock,
    matching,
    only,
    register,
    send,
    site,
    told,
)
from tests.support.slice_application import SliceApplication

__all__ = ["clock", "matching", "register", "site", "told"]
HTML = {"Accept": "text/html"}


def test_a_decision_by_the_page(
    site: SliceApplication, database: Database, matching: Matching, told: Told
) -> None:
    send(database, matching, "b1", SKY_ROW, STAR_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    officer = site.as_("regulator")
    listed = officer.get("/exchange/reviews?kind=ambiguous", headers=HTML)
    assert listed.status_code == 200
    assert review.review_id in listed.text
    assert "星河科技有限公司" not in listed.text
    path = f"/exchange/reviews/{review.review_id}"
    shown = officer.get(path, headers=HTML).text
    assert f'value="{SKY}"' in shown
    assert "西郊路1号" in shown
    form = {"csrf_token": "csrf", "version": "1", "choice": str(SKY), "reason": ""}
    refused = officer.post(f"{path}/decision", data=form, headers=HTML)
    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    done = officer.post(f"{path}/decision", data={**form, "reason": "核实"}, headers=HTML)
    assert done.status_code == 303
    assert [change.after for change in told.changes] == [SKY]
    late = officer.post(f"{path}/decision", data={**form, "version": "2", "reason": "核实"}, headers=HTML)
    assert late.status_code == 409
    back = officer.post(
        f"{path}/undoing", data={"csrf_token": "csrf", "version": "2", "reason": "看错"}, headers=HTML
    )
    assert back.status_code == 303
    history = officer.get(path, headers=HTML).text
    assert "撤销决定" in history
    assert "看错" in history


def test_what_a_page_shows_is_text_and_never_markup(
    site: SliceApplication, database: Database, matching: Matching
) -> None:
    send(database, matching, "b1", ("92500107MA5DEM0206", "<script>alert(1)</script>", None))
    review = only(matching, Kind.UNKNOWN_CODE)
    for path in ("/exchange/reviews", f"/exchange/reviews/{review.review_id}"):
        assert "<script>alert" not in site.as_("operator").get(path, headers=HTML).text


def test_a_reader_sees_no_form(site: SliceApplication, database: Database, matching: Matching) -> None:
    send(database, matching, "b1", STAR_ROW)
    path = f"/exchange/reviews/{only(matching, Kind.PROBABLE).review_id}"
    assert "/decision" not in site.as_("auditor").get(path, headers=HTML).text
    form = {"csrf_token": "csrf", "version": "1", "choice": "no", "reason": "x"}
    assert site.as_("auditor").post(f"{path}/decision", data=form, headers=HTML).status_code == 403
    assert site.as_("regulator").get("/exchange/reviews/nobody", headers=HTML).status_code == 404


@pytest.mark.parametrize("path", ["", "?state=decided", "?state=all"])
def test_english_has_no_chinese_of_ours(
    site: SliceApplication, database: Database, matching: Matching, path: str
) -> None:
    send(database, matching, "b1", ("92500107MA5DEM0206", "Noodles", None))
    found = (
        site.as_("operator").get(f"/exchange/reviews{path}{'&' if path else '?'}lang=en", headers=HTML).text
    )
    main = found[found.index("<main") : found.index("</main>")]
    assert not re.search("[一-鿿]", main)
