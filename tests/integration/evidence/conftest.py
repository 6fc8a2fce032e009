"""The slice over stand-ins of its neighbours, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from api.evidence.service import EvidenceService
from api.evidence.service.disclosure import Disclosures
from api.evidence.service.figures import Figures
from api.evidence.service.packages import Packages
from api.evidence.service.paper import PaperCopies
from api.evidence.service.printing import Printer
from api.evidence.service.verification import Verification
from api.infra.audit import AuditRow
from api.infra.auth import Principal
from api.infra.db import Base, Database, UnitOfWork
from api.kernel.clock import FixedClock
from signing.rendering import FontBook
from tests.factories.disclosed import FigureForge
from tests.factories.evidence import Forge, World, at
from tests.integration.evidence.parts import (
    ForgedAuthorities,
    ForgedContracts,
    ForgedCounters,
    ForgedLog,
    ForgedRound,
    Notebook,
)
from tests.support.evidence_world import world
from tests.support.fonts import node_fonts

__all__ = ["world"]


@dataclass
class Desk:
    """Everything a test looks at."""

    service: EvidenceService
    forge: Forge
    log: ForgedLog
    contracts: ForgedContracts
    notebook: Notebook
    uow: UnitOfWork
    rounds: ForgedRound
    counters: ForgedCounters

    def audited(self) -> list[AuditRow]:
        with self.uow() as session:
            rows = session.query(AuditRow).order_by(AuditRow.no).all()
            session.expunge_all()
            return rows


@pytest.fixture(scope="session")
def forge(world: World) -> Forge:
    return Forge(world)


@pytest.fixture
def desk(database: Database, forge: Forge) -> Desk:
    Base.metadata.create_all(database.engine)
    uow, clock = UnitOfWork(database), FixedClock(at(1000))
    log, contracts, notebook = ForgedLog(forge), ForgedContracts(forge), Notebook()
    rounds, counters = ForgedRound(forge), ForgedCounters(FigureForge(forge.world))
    packages = Packages(
        uow,
        clock,
        lambda: notebook,
        contracts,
        rounds,
        ForgedAuthorities(forge),
        log,
        lambda: forge.root,
        "0.1.0",
    )
    printer = Printer(lambda: FontBook.load(node_fonts()).typst_fonts)
    service = EvidenceService(
        packages,
        PaperCopies(uow, clock, packages, printer, "https://concord.example", True),
        Verification(lambda: forge.root, tuple),
        printer,
        lambda: forge.root,
        clock,
        disclosures=Disclosures(uow, clock, lambda: notebook, contracts, packages),
        figures=Figures(uow, clock, counters, log, lambda: forge.root, "0.1.0"),
    )
    return Desk(service, forge, log, contracts, notebook, uow, rounds, counters)


@pytest.fixture
def who() -> Callable[..., Principal]:
    def make(kind: str, *roles: str, org_id: str | None = None, person_id: str | None = None) -> Principal:
        return Principal(
            kind=kind,
            account_id=None if person_id else f"acc-{kind}",
            roles=frozenset(roles),
            org_id=org_id,
            person_id=person_id,
        )

    return make
