"""Wires the exchange: its folder, entity matching, who is told of changed rows, freshness, sharing out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from api.bootstrap.reports import exporter
from api.exchange.freshness.model import Kind, Promise
from api.exchange.freshness.service import Freshness
from api.exchange.matching.model import LinkChanged
from api.exchange.matching.names import NameRules, rules_of
from api.exchange.matching.service import Matching
from api.exchange.model import Dataset
from api.exchange.ports import Matcher
from api.exchange.rules.catalogue import delivered
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.desk import Exchange
from api.exchange.service.intake import Intake
from api.exchange.service.late import LateRegister
from api.exchange.service.store import Store
from api.exchange.service.subjects import REGISTER, RegisterMatcher, Subjects
from api.exchange.sharing.model import ColumnKind, Mask, SharedColumn, SharedDataset
from api.exchange.sharing.service import Sharing
from api.kernel.clock import shanghai_day
from api.kernel.errors import invalid
from api.kernel.events import Bus, RowsChanged

if TYPE_CHECKING:
    from api.bootstrap.container import Container

NAME_REGIONS, DISTRICT = "exchange.name_regions", "500107"
"""Which regions stand in front of names and addresses, and where that is asked."""


class Announcer:
    """`ChangeListener` that publishes changed enterprise-months in the committing transaction."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def rows_changed(self, session: Any, dataset: str, batch_id: str, pairs: pl.DataFrame) -> None:
        """Tell everybody, in the order of subscription."""
        self._bus.publish(session, RowsChanged(dataset, pairs.select("enterprise", "month").rows()))


class RegisterSource:
    """`SubjectSource` of matching over the register."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def subjects(self) -> pl.DataFrame:
        """Numbers, codes, names and addresses."""
        return self._subjects.addresses()

    def names(self, enterprises: list[int]) -> dict[int, tuple[str, str, str]]:
        """Code, name and address by number."""
        found = self._subjects.details(enterprises)
        return {row["enterprise"]: (row["uscc"], row["name"], row["address"] or "") for row in found}


class CataloguePromises:
    """`Promises` of the delivered catalogue."""

    def promises(self) -> Sequence[Promise]:
        """One for each dataset."""
        return [
            Promise(
                what.code, what.zh, what.en, what.owner.zh, what.owner.en, Kind(what.kind.value),
                what.interval_days, what.grace_days,
            )
            for what in delivered().values()
        ]  # fmt: skip


class AcceptedCoverage:
    """`Coverage` of the accepted batches."""

    def __init__(self, accepted: AcceptedRows) -> None:
        self._accepted = accepted

    def covered(self, known_at: datetime | None = None) -> Mapping[str, date]:
        """Last covered day by dataset."""
        return self._accepted.covered_by_dataset(known_at)


class RulePoints:
    """`Dependents` by the rule set in force: the risk slice says which control points read a dataset."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def points_of(self) -> Mapping[str, Sequence[str]]:
        """Ids of control points by dataset."""
        found: Mapping[str, Sequence[str]] = self._c.risk.points_of_datasets()
        return found


class SharedRows:
    """`ShareSource` over the catalogue and the accepted rows; the cursor is a place in the order of keys."""

    def __init__(self, accepted: AcceptedRows) -> None:
        self._accepted = accepted

    def datasets(self) -> Mapping[str, SharedDataset]:
        """What can be asked for."""
        return {
            what.code: SharedDataset(
                what.code, what.zh, what.en, what.sensitivity,
                tuple(
                    SharedColumn(column.name, ColumnKind(column.type.value), Mask(column.mask), column.zh, column.en)
                    for column in what.columns
                ),
            )
            for what in delivered().values()
        }  # fmt: skip

    def rows(self, dataset: str, fields: Sequence[str], after: str, limit: int) -> tuple[pl.DataFrame, str]:
        """A page of the newest accepted rows. Raises invalid for a strange cursor."""
        if after and not (after.isascii() and after.isdecimal() and len(after) <= 12):
            raise invalid("malformed", pointer="/after")
        first = int(after or 0)
        page = (
            self._accepted.scan(dataset).sort("_key", "_row").slice(first, limit + 1).select(fields).collect()
        )
        return page.head(limit), str(first + limit) if page.height > limit else ""


class WholeExchange(Exchange):
    """The intake's desk with the services of its three neighbours in the slice."""

    matching: Matching
    freshness: Freshness
    sharing: Sharing


def build(c: Container) -> WholeExchange:
    """The slice's services."""
    settings = c.settings
    store = Store(
        settings.data_dir / "exchange", settings.max_delivery_bytes, settings.delivery_reserve_bytes
    )
    accepted, subjects = AcceptedRows(c.uow, store), Subjects(c.uow)
    register = RegisterMatcher(subjects)

    def link_changed(session: Any, change: LinkChanged) -> None:
        intake.rematch(session, [batch.batch for batch in change.batches])

    def name_rules() -> NameRules:
        found = c.parameters.figure(NAME_REGIONS, DISTRICT, shanghai_day(c.clock.now()))
        return rules_of(None if found is None else found.value)

    matching = Matching(c.uow, c.clock, RegisterSource(subjects), link_changed, name_rules)

    def matcher(dataset: Dataset) -> Matcher:
        return register if dataset.code == REGISTER else matching

    intake = Intake(c.uow, c.clock, store, accepted, matcher, Announcer(c.bus), settings.delivery_quota_bytes)
    late = LateRegister(c.uow, accepted, matcher, intake)

    def people() -> dict[str, str]:
        staff = [one for one in c.identity.accounts.staff() if one.state == "active"]
        named = sorted(staff, key=lambda one: (one.display_name, one.login))
        return {one.account_id: f"{one.display_name}（{one.login}）" for one in named}

    made = WholeExchange(
        c.uow,
        c.clock,
        store,
        intake,
        accepted,
        subjects,
        late,
        exporter(c),
        people,
        settings.delivery_queue_bytes,
    )
    made.matching = matching
    made.freshness = Freshness(
        c.clock, CataloguePromises(), AcceptedCoverage(accepted), RulePoints(c), exporter(c)
    )
    made.sharing = Sharing(c.uow, c.clock, SharedRows(accepted))
    return made
