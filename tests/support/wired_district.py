"""A container with real slices in which enterprises are registered and get warnings the way they do in an installation.

Files go through the intake, a monthly run scores them, a person signs: nothing stands in for another slice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from api.bootstrap.container import Container
from api.disposal.model import CaseView
from api.exchange.model import Channel, Mode, Request
from api.exchange.rules.catalogue import dataset_of
from api.exchange.rules.uscc import check_character
from api.infra.auth import Principal
from api.infra.settings import Settings
from api.kernel.clock import FixedClock, shanghai_day
from api.risk.tables import EpisodeRow, WarningRow
from chain.deployer import DeployedContract
from tests.support.disposal_world import OPERATOR, S1, UNITS, staff
from tests.support.employers_world import deployment

NOW = datetime(2026, 11, 5, 2, tzinfo=UTC)
"""A Thursday morning in China; the delivered local figures were known by then."""
ROOT = Path(__file__).resolve().parents[2]
ANALYST = staff("analyst", "risk_analyst")


def code(number: int) -> str:
    """An invented social credit code with the right check character."""
    stem = f"91500107MA5T{number:05d}"
    return stem + check_character(stem)


@contextmanager
def wired(database_url: str, folder: Path, now: datetime = NOW) -> Iterator[Container]:
    """The container of an empty installation with the units of the example district; its contracts are deployed on paper,
    and no worker runs that would send anything there."""
    key = folder / "field.key"
    key.write_text("00" * 32)
    key.chmod(0o600)
    settings = Settings(
        data_dir=folder, database_url=database_url, field_key_file=key, node_modules=ROOT / "node_modules"
    )
    made = Container(settings, FixedClock(now)).wire()
    record = made.settings.effective_deployment_file
    record.parent.mkdir(parents=True)
    names = ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry", "WarningDecisionRegistry")
    contracts = {
        name: DeployedContract("0x" + f"{n}{n}" * 20, "00" * 32, "00" * 32, n)
        for n, name in enumerate(names, 1)
    }
    record.write_text(json.dumps(deployment(contracts=contracts).to_json()), "utf-8")
    try:
        for unit in UNITS:
            made.disposal.desk.put_unit(OPERATOR, unit)
        yield made
    finally:
        made.close()


class District:
    """What departments send and what follows from it."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.sender = Principal(kind="staff", account_id="data", roles=frozenset({"regulator"}))
        container.exchange.grant(OPERATOR, "data", "*")

    def send(self, dataset: str, rows: Sequence[Mapping[str, object]]) -> None:
        """One file of one department, every row of which is accepted."""
        names = dataset_of(dataset).names
        lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
        today = shanghai_day(self.container.clock.now())
        first = today.replace(year=today.year - 1)
        asked = Request(dataset, Mode.APPEND, False, Channel.UPLOAD, f"{dataset}.csv", first, today)
        batch = self.container.exchange.receive(self.sender, asked, ["\n".join([*lines, ""]).encode()])
        assert (batch.state, batch.quarantined) == ("committed", 0), batch

    def register(self, *numbers: int, **changes: object) -> None:
        """Enterprises of the market register."""
        self.send(
            "market_registry",
            [
                {
                    "uscc": code(number), "name": f"试样企业{number}有限公司", "legal_form": "有限责任公司",
                    "status": "存续", "established_on": "2015-03-02", "industry": "C13", "town": S1,
                    "address": "示例一街道 1 号", "operating_address": "示例二街道 8 号", **changes,
                }
                for number in numbers
            ],
        )  # fmt: skip

    def bankrupt(self, number: int, filed: date) -> None:
        """A court tells that an enterprise is bankrupt: red by itself."""
        self.send("court_event", [{
            "uscc": code(number), "name": f"试样企业{number}有限公司", "case_no": f"示例破{number}号",
            "filed_on": filed.isoformat(), "kind": "bankruptcy", "persons": 0,
        }])  # fmt: skip

    def clue(self, number: int, received: date, persons: int, name: str = "1") -> None:
        """A verified clue of wage arrears: yellow from two persons on, orange from five, red from ten."""
        self.send("arrears_clue", [{
            "uscc": code(number), "name": f"试样企业{number}有限公司", "clue_no": f"X-{number}-{name}",
            "received_on": received.isoformat(), "channel": "12333", "persons": persons, "verified": 1,
        }])  # fmt: skip

    def enterprise(self, number: int) -> int:
        """Its number in the register."""
        found = self.container.exchange.subjects.by_code(code(number))
        assert found is not None
        return int(found)

    def month(self, month: int) -> None:
        """The monthly run, as of today."""
        runs = self.container.risk.runs
        runs.complete(runs.start_monthly(month, shanghai_day(self.container.clock.now())).id)

    def day(self) -> None:
        """The daily run."""
        runs = self.container.risk.runs
        runs.complete(runs.start_daily(shanghai_day(self.container.clock.now())).id)

    def sign(self, number: int) -> WarningRow:
        """A person signs what waits about an enterprise; disposal has its case then."""
        warning = self.warning(number)
        done: WarningRow = self.container.risk.warnings.sign(ANALYST, warning.id, warning.pending)
        return done

    def warning(self, number: int) -> WarningRow:
        """The newest warning about an enterprise."""
        wanted = (
            select(WarningRow)
            .where(WarningRow.enterprise == self.enterprise(number))
            .order_by(WarningRow.created_at.desc())
        )
        with self.container.uow.read() as session:
            found = session.scalars(wanted).first()
        assert found is not None
        return found

    def episode(self, warning: WarningRow) -> EpisodeRow:
        """The episode of a warning as it stands."""
        with self.container.uow.read() as session:
            return session.get_one(EpisodeRow, warning.episode_id)

    def case(self, warning: WarningRow, who: Principal) -> CaseView:
        """The case that a warning opened."""
        found: list[Any] = [
            case
            for case, _ in self.container.disposal.cases.listing(who).rows
            if case.warning_id == warning.id
        ]
        assert len(found) == 1, found
        only: CaseView = found[0]
        return only
