"""A share from request to revocation on both databases, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, text

from api.exchange.sharing import router
from api.exchange.sharing.model import ColumnKind, Mask, SharedColumn, SharedDataset
from api.exchange.sharing.service import Sharing
from api.exchange.sharing.texts import TEXTS
from api.infra.audit import AuditRow
from api.infra.auth import Principal
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import invalid
from tests.support.slice_application import SliceApplication, person, slice_application

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
DATASET = SharedDataset(
    "bank_payroll", "代发工资", "payroll", 3,
    (
        SharedColumn("uscc", ColumnKind.USCC, Mask.NONE, "代码", "USCC"),
        SharedColumn("name", ColumnKind.NAME, Mask.PARTIAL, "名称", "name"),
        SharedColumn("paid_amount", ColumnKind.MONEY, Mask.NONE, "实发", "paid"),
        SharedColumn("account", ColumnKind.TEXT, Mask.HIDE, "账号", "account"),
    ),
)  # fmt: skip


class Accepted:
    """Accepted rows in a table of the test's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.hook: Any = None
        with database.transaction() as session:
            session.execute(
                text(
                    "CREATE TABLE test_row (no BIGINT, uscc TEXT, name TEXT, paid_amount BIGINT, account TEXT)"
                )
            )
            for number in range(1, 8):
                session.execute(
                    text("INSERT INTO test_row VALUES (:n, :u, :m, :p, :a)"),
                    {
                        "n": number,
                        "u": f"9150010700000000{number}X",
                        "m": "=星河公司",
                        "p": 12_345,
                        "a": "62220000",
                    },
                )

    def datasets(self) -> Mapping[str, SharedDataset]:
        return {DATASET.code: DATASET}

    def rows(self, dataset: str, fields: Sequence[str], after: str, limit: int) -> tuple[pl.DataFrame, str]:
        if after and not after.isdigit():
            raise invalid("exchange.share_cursor_malformed", pointer="/after")
        if self.hook is not None:
            self.hook()
        query = text("SELECT * FROM test_row WHERE no > :after ORDER BY no LIMIT :limit")
        with self._database.read() as session:
            found = session.execute(query, {"after": int(after or 0), "limit": limit + 1}).mappings().all()
        types: dict[str, Any] = {"paid_amount": pl.Int64}
        frame = pl.DataFrame(
            [[row[name] for name in fields] for row in found[:limit]],
            schema={name: types.get(name, pl.String) for name in fields},
            orient="row",
        )
        return frame, str(found[limit - 1]["no"]) if len(found) > limit else ""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def accepted(database: Database) -> Accepted:
    return Accepted(database)


@pytest.fixture
def sharing(database: Database, clock: FixedClock, accepted: Accepted) -> Sharing:
    return Sharing(UnitOfWork(database), clock, accepted)


@pytest.fixture
def site(database: Database, sharing: Sharing) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, exchange_sharing=sharing) as made:
        yield made


ASKER = person("court")
APPROVER = person("regulator")
BODY = {
    "dataset": "bank_payroll", "fields": ["uscc", "name", "paid_amount", "account"], "clearance": 3,
    "purpose": "核对欠薪案件的执行情况", "basis": "条例第三十八条", "recipient": "区法院执行局", "days": 30,
}  # fmt: skip
ROOT = "/api/v1/exchange/shares"
_keys = iter(range(10**6))


def post(site: SliceApplication, who: Principal, path: str, body: dict[str, Any]) -> Any:
    return site.as_(who).post(ROOT + path, json=body, headers={"Idempotency-Key": f"k{next(_keys)}"})


def asked(site: SliceApplication, **change: Any) -> Any:
    made = post(site, ASKER, "", {**BODY, **change})
    assert made.status_code == 201, made.text
    return made.json()


def approved(site: SliceApplication, **change: Any) -> str:
    share = asked(site, **change)
    done = post(
        site, APPROVER, f"/{share['share_id']}/decision", {"version": 1, "approve": True, "reason": "同意"}
    )
    assert done.status_code == 200, done.text
    return str(share["share_id"])


def lines(database: Database) -> list[AuditRow]:
    with database.read() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.no)))


def test_nothing_is_read_before_a_second_person_approves(site: SliceApplication, database: Database) -> None:
    share = asked(site)
    refused = site.as_(ASKER).get(f"{ROOT}/{share['share_id']}/rows")
    assert (refused.status_code, refused.json()["code"]) == (403, "exchange.share_not_approved")
    both = person("court", roles=frozenset({"court", "regulator"}))
    own = post(
        site, both, f"/{share['share_id']}/decision", {"version": 1, "approve": True, "reason": "同意"}
    )
    assert (own.status_code, own.json()["code"]) == (403, "exchange.share_second_person")
    assert [line.action for line in lines(database)] == [
        "exchange.share_requested",
        "exchange.share_read_refused",
    ]


def test_reading_gives_masked_fields_and_one_line_a_read(site: SliceApplication, database: Database) -> None:
    share_id = approved(site)
    first = site.as_(ASKER).get(f"{ROOT}/{share_id}/rows?limit=5").json()
    assert first["treatments"] == {
        "uscc": "plain",
        "name": "partial",
        "paid_amount": "plain",
        "account": "hidden",
    }
    assert first["rows"][0] == {
        "uscc": "91500107000000001X", "name": "=***", "paid_amount": "123.45", "account": "***",
    }  # fmt: skip
    rest = site.as_(ASKER).get(f"{ROOT}/{share_id}/rows?limit=5&after={first['next']}").json()
    assert (len(first["rows"]), len(rest["rows"]), rest["next"]) == (5, 2, "")
    reads = [line for line in lines(database) if line.action == "exchange.share_read"]
    assert [(line.actor, line.object_id, line.facts["rows"], line.purpose) for line in reads] == [
        (ASKER.actor, share_id, 5, BODY["purpose"]),
        (ASKER.actor, share_id, 2, BODY["purpose"]),
    ]
    assert "星河" not in str([line.facts for line in lines(database)])
    bad = site.as_(ASKER).get(f"{ROOT}/{share_id}/rows?after=x")
    assert (bad.status_code, bad.json()["code"]) == (422, "exchange.share_cursor_malformed")


def test_a_low_clearance_masks_everything(site: SliceApplication) -> None:
    share_id = approved(site, clearance=1, fields=["account", "paid_amount"])
    found = site.as_(ASKER).get(f"{ROOT}/{share_id}/rows").json()
    assert found["rows"] == [{"paid_amount": "1–<10000", "account": "***"}] * 7
    hidden = approved(site, clearance=1, fields=["account"])
    assert site.as_(ASKER).get(f"{ROOT}/{hidden}/rows").json()["rows"] == [{"account": "***"}] * 7


def test_only_the_one_who_asked_reads(site: SliceApplication) -> None:
    share_id = approved(site)
    for who in (APPROVER, person("auditor")):
        assert site.as_(who).get(f"{ROOT}/{share_id}").status_code == 200
        assert site.as_(who).get(f"{ROOT}/{share_id}/rows").status_code == 404
        assert site.as_(who).get(f"{ROOT}/{share_id}/export").status_code == 404
    other = person("review_officer")
    assert site.as_(other).get(f"{ROOT}/{share_id}").status_code == 404
    assert site.as_(other).get(f"{ROOT}/{share_id}/trail").status_code == 404
    assert site.as_(other).get(ROOT).json()["rows"] == []
    assert site.as_("worker").get(ROOT).status_code == 403
    assert site.anonymous.get(ROOT).status_code == 401


def test_expiry_to_the_second(site: SliceApplication, clock: FixedClock, database: Database) -> None:
    share_id = approved(site, days=1)
    clock.advance(timedelta(days=1, seconds=-1))
    assert site.as_(ASKER).get(f"{ROOT}/{share_id}/rows").status_code == 200
    clock.advance(timedelta(seconds=1))
    for path in ("rows", "export"):
        ended = site.as_(ASKER).get(f"{ROOT}/{share_id}/{path}")
        assert (ended.status_code, ended.json()["code"]) == (403, "exchange.share_expired")
    assert site.as_(ASKER).get(f"{ROOT}/{share_id}").json()["share"]["expired"] is True
    assert [line.action for line in lines(database)][-2:] == ["exchange.share_read_refused"] * 2


def test_revocation_holds_at_once_even_during_a_read(
    site: SliceApplication, sharing: Sharing, accepted: Accepted, database: Database
) -> None:
    share_id = approved(site)

    def revoke_meanwhile() -> None:
        accepted.hook = None
        sharing.revoke(APPROVER, share_id, 2, "用途变了")

    accepted.hook = revoke_meanwhile
    lost = site.as_(ASKER).get(f"{ROOT}/{share_id}/rows")
    assert (lost.status_code, lost.json()["code"]) == (403, "exchange.share_revoked")
    actions = [line.action for line in lines(database)]
    assert actions[-2:] == ["exchange.share_revoked", "exchange.share_read_refused"]
    assert "exchange.share_read" not in actions
    again = post(site, APPROVER, f"/{share_id}/revocation", {"version": 3, "reason": "再撤"})
    assert (again.status_code, again.json()["code"]) == (409, "exchange.share_changed")


def test_exports_are_marked_and_their_number_is_audited(site: SliceApplication, database: Database) -> None:
    share_id = approved(site)
    found = site.as_(ASKER).get(f"{ROOT}/{share_id}/export?kind=csv")
    [line] = [line for line in lines(database) if line.action == "exchange.share_exported"]
    assert (line.facts["rows"], line.facts["kind"]) == (7, "csv")
    head, columns, first, *rest = found.content.decode("utf-8-sig").splitlines()
    assert line.facts["export"] in head
    assert line.facts["export"] in found.headers["content-disposition"]
    assert "区法院执行局" in head
    assert columns.count(",") == 3
    assert first == '"91500107000000001X","\'=***","123.45","***"'
    assert len(rest) == 6
    sheet = site.as_(ASKER).get(f"{ROOT}/{share_id}/export?kind=xlsx")
    assert sheet.content[:2] == b"PK"
    exports = [line.facts["export"] for line in lines(database) if line.action == "exchange.share_exported"]
    assert len(set(exports)) == 2
    assert site.as_(ASKER).get(f"{ROOT}/{share_id}/export?kind=pdf").status_code == 422


def test_deciding_twice_and_refusing(site: SliceApplication) -> None:
    share = asked(site)
    no = {"version": 1, "approve": False, "reason": "用途不明"}
    done = post(site, APPROVER, f"/{share['share_id']}/decision", no)
    assert (done.json()["state"], done.json()["expires_at"]) == ("refused", None)
    again = post(site, APPROVER, f"/{share['share_id']}/decision", {**no, "version": 2, "approve": True})
    assert (again.status_code, again.json()["code"]) == (409, "exchange.share_changed")
    stale = asked(site)
    late = post(site, APPROVER, f"/{stale['share_id']}/decision", {**no, "version": 9})
    assert late.status_code == 409
    assert post(site, ASKER, f"/{stale['share_id']}/decision", no).status_code == 403


def test_malformed_requests(site: SliceApplication) -> None:
    for change in (
        {"dataset": "other"},
        {"fields": []},
        {"clearance": 9},
        {"days": 0},
        {"purpose": "x"},
        {"more": 1},
    ):
        assert post(site, ASKER, "", {**BODY, **change}).status_code == 422, change
    assert site.as_(ASKER).get(ROOT).json()["rows"] == []


def test_requests_are_paged_newest_first(site: SliceApplication) -> None:
    made = [asked(site)["share_id"] for _ in range(5)]
    seen: list[str] = []
    before = ""
    while True:
        found = site.as_(APPROVER).get(f"{ROOT}?limit=2&before={before}").json()
        seen += [row["share_id"] for row in found["rows"]]
        before = found["next"]
        if not before:
            break
    assert seen == made[::-1]
    assert site.as_(APPROVER).get(f"{ROOT}?before=x").status_code == 422
    assert site.as_(APPROVER).get(f"{ROOT}?state=approved").json()["rows"] == []


def test_the_trail_and_the_catalogue(site: SliceApplication) -> None:
    share_id = approved(site)
    site.as_(ASKER).get(f"{ROOT}/{share_id}/rows")
    trail = site.as_("auditor").get(f"{ROOT}/{share_id}/trail").json()
    assert [line["action"].rpartition("_")[2] for line in trail] == ["requested", "approved", "read"]
    [dataset] = site.as_(ASKER).get(f"{ROOT}/datasets").json()
    assert [column["mask"] for column in dataset["columns"]] == ["none", "partial", "none", "hide"]
