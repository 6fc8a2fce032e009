"""A warning's whole life as the product plays it, and every byte that reached the chain searched for what names somebody."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from api.anchoring.tables import FlightRow
from api.bootstrap.disposal import RiskSide
from api.bootstrap.risk import Supporting, subscribe
from api.disposal.model import Action
from api.infra.db import Database, UnitOfWork
from api.kernel.errors import DomainError
from api.kernel.events import WarningIssued, WarningRaised
from api.risk.episodes.force import Row
from api.risk.runs.issuing import Issuing
from api.risk.service.warnings import Warnings
from api.risk.tables import WarningRow
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice
from tests.support.disposal_world import JPEG, World, staff
from tests.support.relay_world import CHAIN_ID
from tests.support.risk_district import START, District
from tests.support.slice_application import person
from tests.support.warning_scene import (
    CONTRACTS,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    RULE_RUN,
    Desk,
    address,
)

FEB = date(2026, 2, 5)
NOTE = "已约谈负责人张三，责令三日内补发工资"
CLUE = Row("GZ04", "clue-2026-0001", 5, "aa")


class Product:
    """Risk, disposal and the registry together on one database and one bus, as the container wires them."""

    def __init__(self, database: Database, folder: Path) -> None:
        gateway = MemoryGateway(
            lambda: installation(CONTRACTS, DOMAIN, [address(RULE_RUN)]), chain_id=CHAIN_ID
        )
        self.district = District(database, folder)
        self.world = World(database, START)
        self.slice = Slice(
            database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN, rule_run_key=RULE_RUN,
            registrars=frozenset({address(REGISTRAR)}), clock=self.district.clock,
        )  # fmt: skip
        district, service = self.district, self.slice.service
        district.issuing = Issuing(district.bus, service.recorder, service.warnings, 500107)
        district.runs = district.process()
        self.warnings = Warnings(UnitOfWork(database), district.clock, district.departments, district.issuing)
        risk = SimpleNamespace(warnings=self.warnings, supporting=Supporting(self.warnings))
        container: Any = SimpleNamespace(bus=district.bus, risk=risk, clock=district.clock)
        subscribe(container)
        side = RiskSide(container)
        self.world.risk.open_rows = side.open_rows  # type: ignore[method-assign]
        self.world.risk.settle = side.settle  # type: ignore[method-assign]
        self.world._announce = district.bus.publish  # type: ignore[method-assign]
        cases = self.world.disposal.cases
        object.__setattr__(cases._c, "announce", district.bus.publish)
        district.bus.subscribe(WarningIssued, self._issued)
        district.bus.subscribe(WarningRaised, lambda session, event: cases.raised(session, event))
        self.desk = Desk(self.slice)
        self.desk.appoint(OFFICER, REVIEWER)

    def _issued(self, session: Any, event: WarningIssued) -> None:
        self.world.disposal.cases.opened(session, event)

    def later(self, **delta: int) -> None:
        self.district.later(**delta)
        self.world.clock.advance(timedelta(**delta))

    def lit(self, text: str = "GZ04 R") -> WarningRow:
        self.district.departments.say(START, 1, text, rows=(CLUE,))
        self.district.month(202601, FEB)
        return self.warning()

    def warning(self) -> WarningRow:
        with self.district.database.read() as session:
            return session.scalars(select(WarningRow)).one()

    def case(self) -> str:
        ((view, _),) = self.world.disposal.cases.listing(staff("bureau")).rows
        return str(view.case_id)

    def steps(self) -> list[str]:
        return [step.kind for step in self.desk.state(self.warning().id).steps]

    def sign_all(self) -> None:
        """Every officer signs what waits for him."""
        warning = self.warning().id
        for step in self.desk.state(warning).steps:
            if step.missing and not step.automatic:
                self.desk.sign(
                    warning, step.sequence, *([OFFICER, REVIEWER] if step.kind == "close" else [OFFICER])
                )


@pytest.fixture
def product(database: Database, tmp_path: Path) -> Product:
    return Product(database, tmp_path)


def bytes_on_chain(product: Product) -> bytes:
    """Every signed transaction, and every event with its topics."""
    gateway: Any = product.slice.gateway
    with product.slice.db.read() as session:
        sent = [bytes(raw) for raw in session.scalars(select(FlightRow.raw))]
    head = gateway.head().number
    logs = gateway.logs(0, head, [target for target in vars(CONTRACTS).values() if target])
    assert len(sent) > 6
    assert len(logs) > 6
    return b"\0".join([*sent, *(b"".join([*map(bytes, log.topics), bytes(log.data)]) for log in logs)])


def spellings(text: str) -> list[bytes]:
    """How a text could stand in bytes."""
    found = [text.encode(code) for code in ("utf-8", "gb18030", "utf-16-le", "utf-16-be")]
    if text.isdecimal():
        found.append(int(text).to_bytes(8, "big").lstrip(b"\0"))
    return found


def close(product: Product, finding: str, outcome: str, **more: Any) -> str:
    case = product.case()
    product.world.visit("officer1", case, finding, JPEG + finding.encode())  # another visit, another photo
    if finding == "confirmed":
        product.world.do("officer1", case, Action.ACT, note=NOTE)
    product.world.do("officer1", case, Action.PROPOSE, outcome=outcome, **more)
    product.world.do("lead1", case, Action.APPROVE, note="同意")
    return case


def test_a_red_that_issued_itself_is_verified_closed_reopened_and_closed_again(product: Product) -> None:
    warning = product.lit()
    product.later(hours=2)
    assert product.warnings.issue_due() == 1
    product.slice.service.rule_signer().run_due()
    until = (FEB + timedelta(days=30)).isoformat()
    case = close(product, "confirmed", "confirmed", reason="已签分期支付协议", until=until)
    assert product.steps() == ["issue", "confirm", "close"]
    assert product.warning().confirmed_by == "officer1"
    product.later(days=3)
    product.world.do("bureau", case, Action.REOPEN, note="又欠薪")
    assert product.steps()[-1] == "reopen"
    assert product.warning().state == "issued"
    close(product, "false_alarm", "false_alarm")
    assert product.steps() == ["issue", "confirm", "close", "reopen", "close"]
    product.sign_all()
    settle(product.slice, 20)
    state = product.desk.state(warning.id)
    assert (state.state, state.status) == ("anchored", "closed")
    events = product.slice.service.proofs
    with product.slice.service.uow.read() as session:
        told = [(event.type, event.actor) for event in events.events(session, f"warning/{warning.id}")]
    assert told == [
        ("risk.W01/1", "risk-run"), ("risk.W03/1", "officer1"), ("risk.W05/1", "lead1"),
        ("risk.W06/1", "bureau"), ("risk.W05/1", "lead1"),
    ]  # fmt: skip
    found = bytes_on_chain(product)
    secrets = [
        "示例企业1号", "示例科技1号有限公司", "示例科技", "9100000000000", "91500107MA5TEXT11A", "13800000001",
        "示例区示例路", "张三", NOTE, "又欠薪", "clue-2026-0001", "GZ04", "officer1", "lead1", "bureau",
        warning.id, warning.episode_id, case,
    ]  # fmt: skip
    leaked = [text for text in secrets for spelled in spellings(text) if spelled in found]
    assert leaked == []
    assert bytes.fromhex(state.chain_id) in found  # the search would find what is there


def test_a_false_alarm_that_nobody_confirmed_is_lifted(product: Product) -> None:
    product.lit()
    product.later(hours=2)
    product.warnings.issue_due()
    product.slice.service.rule_signer().run_due()
    close(product, "false_alarm", "false_alarm")
    assert product.steps() == ["issue", "lift"]
    product.sign_all()
    settle(product.slice, 12)
    assert product.desk.state(product.warning().id).status == "lifted"
    product.later(days=1)
    product.world.do("bureau", product.case(), Action.REOPEN, note="复查发现确有欠薪")
    assert product.steps() == ["issue", "lift", "reopen"]


def test_reopening_is_refused_where_another_warning_has_followed(product: Product) -> None:
    product.lit("GZ04 O")
    product.warnings.sign(person("risk_analyst"), product.warning().id, 2)
    case = close(product, "false_alarm", "false_alarm")
    product.district.departments.say(
        START, 1, "GZ04 O", first=date(2026, 3, 1), rows=(CLUE, Row("GZ04", "clue-2", 5, "bb"))
    )
    product.district.today(date(2026, 3, 1))
    with pytest.raises(DomainError, match=r"risk\.newer_episode"):
        product.world.do("bureau", case, Action.REOPEN, note="又欠薪")
    ((view, _),) = product.world.disposal.cases.listing(staff("bureau")).rows
    assert str(view.stage) == "closed"
