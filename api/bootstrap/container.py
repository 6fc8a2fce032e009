"""The container: settings, database, clock, bus, and every slice's service, built on first use and kept.

`api/bootstrap/<slice>.py` builds a slice's service from here; `subscribe(container)` of the same module, where it exists,
connects it to the bus; `start(container)` does what must come before the process serves or works. Nothing else in the
platform knows which class stands behind a port.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from api.bootstrap.street import StreetAuthenticator
from api.infra import problems
from api.infra.auth import Authenticator
from api.infra.db import Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.infra.settings import Settings
from api.kernel.clock import Clock, SystemClock
from api.kernel.events import Bus, EventRecorder

if TYPE_CHECKING:
    from api.evidence.service.court import CourtDesk

SLICES = (
    "parameters",
    "notification",
    "anchoring",
    "identity",
    "employers",
    "signing_round",
    "econtract",
    "evidence",
    "insight",
    "rights",
    "governance",
    "risk",
    "exchange",
    "disposal",
)
"""Every slice of the installation, in the order in which their tables depend on nothing but infra."""


class Container:
    """One per process. Attributes named like slices are their services."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.bus = Bus()
        self._wired = False

    @cached_property
    def field_key(self) -> FieldKey:
        """Key of the sealed columns."""
        return FieldKey.from_file(self.settings.field_key_file)

    @cached_property
    def db(self) -> Database:
        """The installation's database."""
        return Database(self.settings.effective_database_url, self.field_key)

    @cached_property
    def uow(self) -> UnitOfWork:
        """Unit of work over `db`."""
        return UnitOfWork(self.db)

    def _build(self, slice_name: str) -> Any:
        return import_module(f"api.bootstrap.{slice_name}").build(self)

    @cached_property
    def parameters(self) -> Any:
        """Dated local figures and calendars."""
        return self._build("parameters")

    @cached_property
    def notification(self) -> Any:
        """Messages with receipts and retry."""
        return self._build("notification")

    @cached_property
    def anchoring(self) -> Any:
        """Event streams, outbox, relay, index of the chain."""
        return self._build("anchoring")

    @cached_property
    def identity(self) -> Any:
        """Accounts, sessions, persons."""
        return self._build("identity")

    @cached_property
    def employers(self) -> Any:
        """Organisations, agents, wallets, seals."""
        return self._build("employers")

    @cached_property
    def signing_round(self) -> Any:
        """One document and its signatories."""
        return self._build("signing_round")

    @cached_property
    def econtract(self) -> Any:
        """Electronic labour contracts."""
        return self._build("econtract")

    @cached_property
    def evidence(self) -> Any:
        """Evidence packages and verification."""
        return self._build("evidence")

    @cached_property
    def court(self) -> CourtDesk:
        """The court user's desk: made from settings, without database."""
        from api.bootstrap import court

        return court.build(self.settings)

    @cached_property
    def insight(self) -> Any:
        """Supervision from chain state, operator's status."""
        return self._build("insight")

    @cached_property
    def rights(self) -> Any:
        """Erasure when retention ends."""
        return self._build("rights")

    @cached_property
    def governance(self) -> Any:
        """Who governs the chain, and what was decided."""
        return self._build("governance")

    @cached_property
    def risk(self) -> Any:
        """Risk early warning: runs, standings, warnings."""
        return self._build("risk")

    @property
    def risk_rulesets(self) -> Any:
        """Versions of the rule set (the risk slice)."""
        return self.risk.versions

    @cached_property
    def exchange(self) -> Any:
        """Departments' files and accepted rows."""
        return self._build("exchange")

    @property
    def exchange_matching(self) -> Any:
        """Review of doubtful links (the exchange slice)."""
        return self.exchange.matching

    @property
    def exchange_freshness(self) -> Any:
        """How far each dataset reaches (the exchange slice)."""
        return self.exchange.freshness

    @property
    def exchange_sharing(self) -> Any:
        """Approved sharing out (the exchange slice)."""
        return self.exchange.sharing

    @cached_property
    def disposal(self) -> Any:
        """From an issued warning to a closed case."""
        return self._build("disposal")

    @property
    def recorder(self) -> EventRecorder:
        """Recorder of evidence events (the anchoring slice)."""
        recorder: EventRecorder = self.anchoring.recorder
        return recorder

    @property
    def authenticator(self) -> Authenticator:
        """Resolver of sessions and credentials (the identity slice), with a street officer's streets (disposal)."""
        return StreetAuthenticator(self.identity.sessions, lambda account: self.disposal.desk.towns(account))

    def wire(self) -> Container:
        """Register error texts and bus subscriptions of all slices and let them start, once; returns itself."""
        if not self._wired:
            self._wired = True
            for name in SLICES:
                problems.register(import_module(f"api.{name}.texts").TEXTS)
                subscribe = getattr(import_module(f"api.bootstrap.{name}"), "subscribe", None)
                if subscribe is not None:
                    subscribe(self)
            for name in SLICES:
                start = getattr(import_module(f"api.bootstrap.{name}"), "start", None)
                if start is not None:
                    start(self)
        return self

    def close(self) -> None:
        """Release connections."""
        if "db" in self.__dict__:
            self.db.close()
