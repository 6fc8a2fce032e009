"""The review queue on both databases: keeping, deciding, remembering, undoing, withdrawing; and its API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import event, select, text

from api.exchange.matching import repository, router
from api.exchange.matching.model import Batch, Kind, LinkChanged, Outcome, State
from api.exchange.matching.service import Matching
from api.exchange.matching.tables import ReviewBatchRow, ReviewRow
from api.exchange.matching.texts import TEXTS
from api.infra.audit import AuditRow
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from tests.support.slice_application import SliceApplication, person, slice_application

SKY, SKY_TOO, STAR = 3, 4, 1
SUBJECTS = {
    STAR: ("91500116559000837H", "重庆星河科技有限公司", "科园一路12号"),
    SKY: ("91500107MA5TEXT2X2", "蓝天物流有限公司", "西郊路1号"),
    SKY_TOO: ("91500107MA5TEXT382", "蓝天物流有限公司", "陈家坪2号"),
}
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


class Register:
    """Subjects in a table of the test's own database: what the exchange's own tables give the platform."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as session:
            session.execute(
                text("CREATE TABLE test_subject (no BIGINT PRIMARY KEY, uscc TEXT, name TEXT, address TEXT)")
            )
        for number in SUBJECTS:
            self.add(number, *SUBJECTS[number])

    def add(self, number: int, uscc: str, name: str, address: str) -> None:
        with self._database.transaction() as session:
            session.execute(
                text("INSERT INTO test_subject VALUES (:no, :uscc, :name, :address)"),
                {"no": number, "uscc": uscc, "name": name, "address": address},
            )

    def _rows(self) -> list[Any]:
        with self._database.read() as session:
            return [tuple(row) for row in session.execute(text("SELECT * FROM test_subject ORDER BY no"))]

    def subjects(self) -> pl.DataFrame:
        schema = {"enterprise": pl.Int64, "uscc": pl.String, "name": pl.String, "address": pl.String}
        return pl.DataFrame(self._rows(), schema=schema, orient="row")

    def names(self, enterprises: list[int]) -> dict[int, tuple[str, str, str]]:
        return {row[0]: row[1:] for row in self._rows() if row[0] in enterprises}


class Told:
    """Remembers the changes; refuses when it should."""

    def __init__(self) -> None:
        self.changes: list[LinkChanged] = []
        self.refuse = False

    def __call__(self, session: Any, change: LinkChanged) -> None:
        if self.refuse:
            raise RuntimeError("not now")
        self.changes.append(change)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def register(database: Database) -> Register:
    return Register(database)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def matching(database: Database, register: Register, told: Told, clock: FixedClock) -> Matching:
    return Matching(UnitOfWork(database), clock, register, told)


@pytest.fixture
def site(database: Database, matching: Matching) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, exchange_matching=matching) as made:
        yield made


OFFICER = person("regulator")


def rows(*given: tuple[str | None, str, str | None]) -> pl.DataFrame:
    schema = {"uscc": pl.String, "name": pl.String, "address": pl.String}
    return pl.DataFrame(list(given), schema=schema, orient="row")


SKY_ROW = (None, "蓝天物流有限公司", None)
STAR_ROW = (None, "星河科技有限公司", None)
UNKNOWN_ROW = ("92500107MA5DEM0206", "新来面馆", None)


def send(
    database: Database, matching: Matching, batch: str, *given: Any, dataset: str = "tax_month"
) -> pl.DataFrame:
    found, doubts = matching.match(rows(*given))
    with database.transaction() as session:
        matching.keep(session, dataset, batch, doubts)
    return found


def only(matching: Matching, kind: Kind) -> Any:
    [found] = matching.listing(kind=kind).rows
    return found


def test_a_batch_fills_the_queue_once_however_often_it_is_kept(
    database: Database, matching: Matching
) -> None:
    for _ in range(2):
        found = send(database, matching, "b1", SKY_ROW, SKY_ROW, STAR_ROW, UNKNOWN_ROW)
    assert found.get_column("method").to_list() == ["ambiguous", "ambiguous", "name", "unknown_code"]
    assert matching.counts() == {"ambiguous": 1, "probable": 1, "unknown_code": 1}
    sky = only(matching, Kind.AMBIGUOUS)
    assert (sky.rows, [c.enterprise for c in sky.candidates], sky.proposed) == (2, [SKY, SKY_TOO], None)
    assert only(matching, Kind.PROBABLE).proposed == STAR
    send(database, matching, "b2", SKY_ROW)
    assert only(matching, Kind.AMBIGUOUS).rows == 3


def test_spellings_of_one_identity_are_one_entry(database: Database, matching: Matching) -> None:
    send(database, matching, "b1", SKY_ROW, ("/", "蓝天物流（有限责任公司）", ""))
    assert only(matching, Kind.AMBIGUOUS).rows == 2


def test_a_decision_is_remembered_told_and_audited(
    database: Database, matching: Matching, told: Told
) -> None:
    send(database, matching, "b1", SKY_ROW)
    send(database, matching, "b2", SKY_ROW, dataset="water")
    review = only(matching, Kind.AMBIGUOUS)
    done = matching.decide(OFFICER, review.review_id, review.version, Outcome.LINK, SKY_TOO, "电话核实")
    assert (done.state, done.enterprise) == (State.DECIDED, SKY_TOO)
    assert told.changes == [
        LinkChanged(
            review.review_id, None, SKY_TOO, False, False, (Batch("tax_month", "b1"), Batch("water", "b2"))
        )
    ]
    later = send(database, matching, "b3", SKY_ROW)
    assert later.row(0) == (SKY_TOO, "decided", 10_000, False)
    assert matching.listing().rows == []
    with database.read() as session:
        [line] = session.scalars(select(AuditRow))
    assert (line.action, line.object_id) == ("exchange.review_decided", review.review_id)
    assert "蓝天" not in str(line.facts)


def test_refusing_a_probable_link_takes_it_away(database: Database, matching: Matching, told: Told) -> None:
    send(database, matching, "b1", STAR_ROW)
    review = only(matching, Kind.PROBABLE)
    matching.decide(OFFICER, review.review_id, review.version, Outcome.NO, None, "另有其人")
    assert (told.changes[0].before, told.changes[0].after, told.changes[0].probable_before) == (
        STAR,
        None,
        True,
    )
    assert send(database, matching, "b2", STAR_ROW).row(0) == (None, "refused", 0, False)


def test_undo_gives_back_what_was_and_can_be_decided_again(
    database: Database, matching: Matching, told: Told
) -> None:
    send(database, matching, "b1", STAR_ROW)
    first = only(matching, Kind.PROBABLE)
    matching.decide(OFFICER, first.review_id, first.version, Outcome.NO, None, "另有其人")
    back = matching.undo(OFFICER, first.review_id, first.version + 1, "看错了")
    assert (back.state, back.outcome, back.proposed) == (State.OPEN, None, STAR)
    assert (told.changes[1].before, told.changes[1].after, told.changes[1].probable_after) == (
        None,
        STAR,
        True,
    )
    assert send(database, matching, "b2", STAR_ROW).row(0) == (STAR, "name", 7_700, True)
    matching.decide(OFFICER, first.review_id, back.version, Outcome.LINK, STAR, "核实")
    _, history, named = matching.review(first.review_id)
    assert [(s.action, s.reason) for s in history] == [
        ("no", "另有其人"),
        ("undone", "看错了"),
        ("link", "核实"),
    ]
    assert named[STAR][1] == "重庆星河科技有限公司"


def test_undoing_finds_batches_that_came_after_the_decision_or_were_matched_again(
    database: Database, matching: Matching, told: Told
) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    matching.decide(OFFICER, review.review_id, 1, Outcome.LINK, SKY, "核实")
    send(database, matching, "b1", SKY_ROW)
    send(database, matching, "b2", SKY_ROW, SKY_ROW)
    decided = matching.review(review.review_id)[0]
    assert (decided.state, decided.kind, decided.rows) == (State.DECIDED, Kind.AMBIGUOUS, 3)
    matching.undo(OFFICER, review.review_id, 2, "看错了")
    assert [batch.batch for batch in told.changes[1].batches] == ["b1", "b2"]


def test_new_and_unknown(database: Database, matching: Matching, register: Register, told: Told) -> None:
    send(database, matching, "b1", UNKNOWN_ROW)
    review = only(matching, Kind.UNKNOWN_CODE)
    matching.decide(OFFICER, review.review_id, 1, Outcome.NEW, None, "尚未入库")
    assert send(database, matching, "b2", UNKNOWN_ROW).row(0)[1] == "new"
    register.add(8, "92500107MA5DEM0206", "新来面馆", "")
    assert send(database, matching, "b3", UNKNOWN_ROW).row(0) == (8, "uscc", 10_000, False)


def test_a_new_candidate_opens_a_refused_identity_again(
    database: Database, matching: Matching, register: Register
) -> None:
    send(database, matching, "b1", STAR_ROW)
    review = only(matching, Kind.PROBABLE)
    matching.decide(OFFICER, review.review_id, 1, Outcome.NO, None, "另有其人")
    register.add(9, "91500107MA5TEXT11A", "星河科技有限公司", "")
    assert send(database, matching, "b2", STAR_ROW).row(0) == (9, "name", 8_000, True)
    again = only(matching, Kind.PROBABLE)
    assert (again.review_id, again.proposed, [c.enterprise for c in again.candidates]) == (
        review.review_id,
        9,
        [9],
    )
    assert [s.action for s in matching.review(review.review_id)[1]] == ["no", "reopened"]
    assert send(database, matching, "b3", STAR_ROW).row(0)[0] == 9


def test_what_cannot_be_decided(database: Database, matching: Matching, told: Told) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    wrong: list[tuple[int, Outcome, int | None, str, str]] = [
        (1, Outcome.LINK, None, "x", "exchange.review_enterprise_missing"),
        (1, Outcome.LINK, 99, "x", "exchange.review_enterprise_unknown"),
        (1, Outcome.NO, SKY, "x", "exchange.review_enterprise_not_wanted"),
        (2, Outcome.NO, None, "x", "exchange.review_changed"),
        (1, Outcome.NO, None, "  ", "exchange.review_reason_missing"),
    ]
    for version, outcome, enterprise, reason, code in wrong:
        with pytest.raises(DomainError) as refused:
            matching.decide(OFFICER, review.review_id, version, outcome, enterprise, reason)
        assert refused.value.code == code
    with pytest.raises(DomainError) as nothing:
        matching.undo(OFFICER, review.review_id, 1, "x")
    assert nothing.value.code == "exchange.review_open"
    assert told.changes == []


def test_a_listener_that_fails_leaves_nothing_decided(
    database: Database, matching: Matching, told: Told
) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    told.refuse = True
    with pytest.raises(RuntimeError):
        matching.decide(OFFICER, review.review_id, 1, Outcome.LINK, SKY, "核实")
    assert only(matching, Kind.AMBIGUOUS).version == 1
    with database.read() as session:
        assert list(session.scalars(select(AuditRow))) == []


def test_two_people_at_once_decide_once(database: Database, matching: Matching, told: Told) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    codes: list[str] = []

    def decide(enterprise: int) -> None:
        try:
            matching.decide(OFFICER, review.review_id, 1, Outcome.LINK, enterprise, "核实")
            codes.append("done")
        except DomainError as error:
            codes.append(error.code)

    threads = [threading.Thread(target=decide, args=(number,)) for number in (SKY, SKY_TOO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["done", "exchange.review_changed"]
    assert len(told.changes) == 1


def test_a_withdrawn_batch_leaves_the_queue_but_no_decision_is_lost(
    database: Database, matching: Matching
) -> None:
    send(database, matching, "b1", SKY_ROW, STAR_ROW)
    send(database, matching, "b2", SKY_ROW)
    star = only(matching, Kind.PROBABLE)
    matching.decide(OFFICER, star.review_id, 1, Outcome.LINK, STAR, "核实")
    with database.transaction() as session:
        matching.forget(session, "b1")
    assert only(matching, Kind.AMBIGUOUS).rows == 1
    with database.transaction() as session:
        matching.forget(session, "b2")
    assert matching.listing(state=None).rows == [matching.review(star.review_id)[0]]
    with database.read() as session:
        assert list(session.scalars(select(ReviewBatchRow))) == []
    assert send(database, matching, "b3", STAR_ROW).row(0)[1] == "decided"


def test_an_error_after_keeping_keeps_nothing(database: Database, matching: Matching) -> None:
    def fails() -> None:
        with database.transaction() as session:
            matching.keep(session, "tax_month", "b1", matching.match(rows(SKY_ROW))[1])
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fails()
    with database.read() as session:
        assert list(session.scalars(select(ReviewRow))) == []


def test_many_identities_take_few_statements(database: Database, matching: Matching) -> None:
    many = [(None, f"蓝天物流{'一' * (n % 7)}有限公司", f"西郊路{n}号") for n in range(5)]
    send(database, matching, "b0", *many)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, said, *_rest: asked.append(said))
    unknown = pl.DataFrame({"uscc": ["92500107MA5DEM0206"] * 400, "name": [f"面馆{n}" for n in range(400)]})
    _, doubts = matching.match(unknown)
    with database.transaction() as session:
        matching.keep(session, "water", "b1", doubts)
    assert matching.counts()["unknown_code"] == 400
    assert len(asked) < 20


# -- API


def post(site: SliceApplication, role: str, path: str, body: dict[str, Any], key: str) -> Any:
    return site.as_(role).post(f"/api/v1/exchange/reviews{path}", json=body, headers={"Idempotency-Key": key})


def test_the_queue_is_paged(
    site: SliceApplication, database: Database, matching: Matching, clock: FixedClock
) -> None:
    for number in range(5):
        clock.advance(timedelta(seconds=1))
        send(database, matching, f"b{number}", ("92500107MA5DEM0206", f"面馆{'甲乙丙丁戊'[number]}", None))
    seen: list[str] = []
    after = ""
    while True:
        page = site.as_("auditor").get(f"/api/v1/exchange/reviews?limit=2&after={after}").json()
        seen += [row["name"] for row in page["rows"]]
        assert page["open"] == {"unknown_code": 5}
        after = page["next"]
        if not after:
            break
    assert seen == ["面馆甲", "面馆乙", "面馆丙", "面馆丁", "面馆戊"]
    bad = site.as_("auditor").get("/api/v1/exchange/reviews?after=x")
    assert (bad.status_code, bad.json()["code"]) == (422, "exchange.cursor_malformed")


def test_deciding_over_http(site: SliceApplication, database: Database, matching: Matching) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    detail = site.as_("regulator").get(f"/api/v1/exchange/reviews/{review.review_id}").json()
    assert [c["address"] for c in detail["review"]["candidates"]] == ["西郊路1号", "陈家坪2号"]
    body = {"version": 1, "outcome": "link", "enterprise": SKY, "reason": "核实"}
    assert post(site, "auditor", f"/{review.review_id}/decision", body, "a").status_code == 403
    assert site.anonymous.get("/api/v1/exchange/reviews").status_code == 401
    assert post(site, "regulator", "/nobody/decision", body, "b").status_code == 404
    done = post(site, "regulator", f"/{review.review_id}/decision", body, "c")
    assert (done.status_code, done.json()["enterprise"]) == (200, SKY)
    again = post(site, "operator", f"/{review.review_id}/decision", {**body, "version": 2}, "d")
    assert (again.status_code, again.json()["code"]) == (409, "exchange.review_decided")
    undone = post(site, "operator", f"/{review.review_id}/undoing", {"version": 2, "reason": "看错"}, "e")
    assert (undone.status_code, undone.json()["state"]) == (200, "open")


def test_splink_explains_without_a_network(
    site: SliceApplication, database: Database, matching: Matching, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(database, matching, "b1", (None, "蓝天物流有限公司", "别处1号"))
    review = only(matching, Kind.AMBIGUOUS)
    import socket

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("the explanation went to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    first = matching.explanation(review.review_id)
    assert [e.enterprise for e in first] == [SKY, SKY_TOO]
    assert first[0].parts["name_key"] == {"level": "same", "weight_milli": 11_966}
    assert first[0].parts["code"] == {"level": "absent", "weight_milli": 0}
    assert first[0].parts["address_key"]["level"] == "different"
    assert first == matching.explanation(review.review_id)
    answer = site.as_("regulator").get(f"/api/v1/exchange/reviews/{review.review_id}/explanation")
    assert [row["enterprise"] for row in answer.json()] == [SKY, SKY_TOO]


def test_decisions_in_force_are_read_as_the_cascade_wants_them(
    database: Database, matching: Matching
) -> None:
    send(database, matching, "b1", SKY_ROW)
    review = only(matching, Kind.AMBIGUOUS)
    matching.decide(OFFICER, review.review_id, 1, Outcome.NO, None, "都不是")
    with database.read() as session:
        found = repository.decisions(session).rows()
    assert found == [("", "蓝天物流有限公司", "", SKY, "no"), ("", "蓝天物流有限公司", "", SKY_TOO, "no")]
