"""Decisions about warnings as the container wires them: logins, reminders in the inbox, and names for whom they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from api.anchoring.tables import WarningOfficerRow, WarningRow, WarningStepRow
from api.bootstrap.container import Container
from api.infra.auth import Principal
from api.infra.settings import Settings
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from api.notification.repository import MessageRow
from api.risk.tables import EpisodeRow
from api.risk.tables import WarningRow as RiskWarningRow
from tests.support.slice_application import person

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
OPERATOR = Principal(kind="staff", account_id="operator", roles=frozenset({"operator"}))
HASH = "ab" * 32


class Register:
    """What the exchange's register answers."""

    def details(self, numbers: Sequence[int]) -> list[Mapping[str, Any]]:
        return [{"enterprise": n, "name": f"示例企业{n}号", "uscc": "91500107MA5TEXT11A"} for n in numbers]


@pytest.fixture
def container(database_url: str, tmp_path: Path) -> Iterator[Container]:
    key = tmp_path / "field.key"
    key.write_text("00" * 32)
    key.chmod(0o600)
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, field_key_file=key, test_installation=True
    )
    made = Container(settings, FixedClock(NOW)).wire()
    made.__dict__["exchange"] = SimpleNamespace(subjects=Register())
    yield made
    made.close()


def a_step(container: Container) -> None:
    """A decision that waits since this morning."""
    at = datetime(2026, 3, 1, 20, tzinfo=UTC)
    with container.uow() as session:
        session.add(
            WarningRow(warning="w1", chain_id=HASH, salt=bytes(32), town_code=500107001, created_at=at)
        )
        session.flush()
        session.add(
            WarningStepRow(
                warning="w1", sequence=1, kind=1, grade=2, automatic=False, input_hash=HASH, rule_set_hash=HASH,
                prev="0" * 64, digest=HASH, stated_at=at,
            )
        )  # fmt: skip


def test_logins_that_decide_hold_wallets_and_are_reminded_in_their_inbox(container: Container) -> None:
    accounts = container.identity.accounts
    made = {
        role: accounts.create_staff(f"{role}-1", f"{role} 一号", frozenset({role}), by=OPERATOR)
        for role in ("risk_analyst", "risk_director", "auditor", "review_officer")
    }
    holders = container.anchoring.warnings.officers.holders()
    assert [holder.login for holder in holders] == ["review_officer-1", "risk_analyst-1", "risk_director-1"]
    a_step(container)
    account = next(holder.account for holder in holders if holder.login == "risk_analyst-1")
    assert account == made["risk_analyst"].account_id
    with container.uow() as session:
        session.add(
            WarningOfficerRow(
                wallet="0x" + "1" * 40, registrar="0x" + "2" * 40, appointed_at=NOW, appointment="c",
                account=account,
            )
        )  # fmt: skip
    assert container.anchoring.inbox.run_due() == 1
    with container.uow.read() as session:
        (message,) = session.scalars(select(MessageRow)).all()
    assert message.recipient_id == account
    assert "1 项预警决定" in message.fact_values()["text"]
    accounts.disable(account, OPERATOR)
    assert len(container.anchoring.warnings.officers.holders()) == 2


def test_names_are_for_those_who_see_the_district(container: Container) -> None:
    with container.uow() as session:
        session.add(
            EpisodeRow(
                id="e1", enterprise=7, number=1, opened_on=NOW.date(), grade=2, lift=0, clocks_from=NOW.date(),
                run_id="r", closed_by="", second="",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            RiskWarningRow(
                id="w1", episode_id="e1", enterprise=7, town="500107001", state="issued", grade=2, pending=0,
                auto=False, signed_by="a", input_hash=HASH, ruleset_hash=HASH, run_id="r", created_at=NOW,
            )
        )  # fmt: skip
    subjects = container.anchoring.subjects
    assert subjects.named(person("risk_analyst"), ["w1", "w2"]) == {
        "w1": ("示例企业7号", "/risk/enterprises/7")
    }
    for role in ("review_officer", "court", "operator"):
        assert subjects.named(person(role), ["w1"]) == {}


def test_streets_have_the_names_of_the_table_of_towns(container: Container) -> None:
    names = container.anchoring.places.names()
    assert names["500107001"] == ("示例一街道", "Example Subdistrict 1")
    assert len(names) == 19


def test_without_a_deployment_the_pages_still_list_and_signing_says_why(container: Container) -> None:
    a_step(container)
    with container.uow.read() as session:
        assert len(container.anchoring.inbox.waiting(session, person("risk_analyst"))) == 1
        with pytest.raises(DomainError, match=r"anchoring\.not_deployed"):
            container.anchoring.warnings.typed_data(session, "w1", 1)
