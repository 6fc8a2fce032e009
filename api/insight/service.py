"""Questions of the regulator, answered from chain state; each answer is read in one session with its
position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.insight.model import (
    AsOf,
    ContractFilter,
    ContractHistory,
    Figures,
    Listing,
    OrganisationView,
    Overview,
    Proven,
)
from api.insight.ports import ChainIndex, ContractTexts, OrganisationNames, Regions
from api.insight.proven import ProvenFigures
from api.insight.rules import EXPORT_LIMIT, GROUPS, NAME_ROLES, TEXT_ROLES, csv_text, region_label
from api.kernel.clock import utc_text
from api.kernel.errors import forbidden, invalid, not_found
from api.kernel.ids import is_hex32

_EXPORT_PAGE = 200
_TOP = 20
CONTRACT_HEAD = (
    "contract_id",
    "version",
    "state",
    "month",
    "attested_at",
    "org_id",
    "organisation",
    "region_code",
    "region",
    "level",
    "commitment",
    "prev",
    "employer_wallet",
    "worker_key_hash",
    "subject",
    "issuer",
    "block_number",
    "transaction",
)


class Supervision:
    """The regulator's, court's and auditor's view."""

    def __init__(
        self,
        uow: UnitOfWork,
        index: ChainIndex,
        names: OrganisationNames,
        regions: Regions,
        texts: ContractTexts,
        proven: ProvenFigures,
    ) -> None:
        self._uow = uow
        self._proven = proven
        self._index = index
        self._names = names
        self._regions = regions
        self._texts = texts

    # -- answers with their position

    def _as_of(self, session: Session, query: ContractFilter) -> AsOf:
        position = self._index.position(session)
        return AsOf(
            position.block_number,
            position.block_hash,
            position.digest,
            position.log_size,
            query.described(),
        )

    def _resolve(self, who: Principal, org_ids: Iterable[str]) -> Mapping[str, str]:
        wanted = sorted(set(org_ids))
        return self._names.names(wanted) if wanted and who.has(*NAME_ROLES) else {}

    def overview(self, who: Principal, query: ContractFilter) -> Overview:
        """Totals and all tables of counts under one filter, all as of the same block."""
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            total = self._index.total(session, query)
            counted = {by: self._index.counts(session, by, query) for by in GROUPS}
        figures = [self._figures(who, by, rows, as_of) for by, rows in counted.items()]
        return Overview(total, len(counted["organisation"]), figures, as_of)

    def proven(self, query: ContractFilter) -> Proven:
        """What the registry's own counters hold, as far as they count what the filter asks for."""
        return self._proven.of(query)

    def counts(self, who: Principal, by: str, query: ContractFilter) -> Figures:
        """One table of counts. Raises DomainError invalid for an unknown grouping."""
        if by not in GROUPS:
            raise invalid("insight.group_unknown", pointer="/by", known=", ".join(GROUPS))
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            rows = self._index.counts(session, by, query)
        return self._figures(who, by, rows, as_of, top=None)

    def _figures(
        self, who: Principal, by: str, rows: Sequence[Any], as_of: AsOf, top: int | None = _TOP
    ) -> Figures:
        ordered = sorted(rows, key=lambda r: r.key, reverse=by == "month")
        if by == "organisation":
            ordered = sorted(rows, key=lambda r: (-r.contracts, r.key))[:top]
        labels: Mapping[str, str] = {}
        if by == "organisation":
            labels = self._resolve(who, [row.key for row in ordered])
        elif by == "region":
            known = self._regions.region_names()
            labels = {row.key: region_label(row.key, known) for row in ordered}
        return Figures(by, [(row.key, labels.get(row.key, ""), row.contracts) for row in ordered], as_of)

    def contracts(self, who: Principal, query: ContractFilter) -> Listing:
        """A page of contract versions, newest first."""
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            page = self._index.contracts(session, query)
        names = self._resolve(who, [row.org_id for row in page.rows])
        return Listing(page.rows, page.next, names, self._region_labels(page.rows), as_of)

    def _region_labels(self, rows: Sequence[Any]) -> dict[str, str]:
        known = self._regions.region_names()
        return {row.region_code: region_label(row.region_code, known) for row in rows}

    def contract(self, who: Principal, contract_id: str) -> ContractHistory:
        """One contract's whole history on chain and who acted.

        Raises not_found when the chain has no such contract.
        """
        if not is_hex32(contract_id):
            raise not_found()
        query = ContractFilter(contract_id=contract_id)
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            versions = self._index.history(session, contract_id)
            if not versions:
                raise not_found("insight.contract_not_on_chain")
            org_id = versions[-1].org_id
            actors = self._index.actors(session, org_id)
            events = self._index.role_history(session, org_id)
        names = self._resolve(who, [row.org_id for row in versions])
        return ContractHistory(
            contract_id, versions, actors, events, names, self._region_labels(versions), as_of
        )

    def organisations(
        self, who: Principal, *, region: str | None, after: str | None, limit: int = 50
    ) -> Listing:
        """A page of registered organisations."""
        query = ContractFilter(region_prefix=region)
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            page = self._index.organisations(session, region, None, after, limit)
        names = self._resolve(who, [row.org_id for row in page.rows])
        return Listing(page.rows, page.next, names, self._region_labels(page.rows), as_of)

    def organisation(self, who: Principal, org_id: str) -> OrganisationView:
        """One organisation: registration, wallets with their time, registry events, contracts by month."""
        if not is_hex32(org_id):
            raise not_found()
        query = ContractFilter(org_id=org_id)
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            found = self._index.organisations(session, None, org_id, None, 1).rows
            if not found:
                raise not_found("insight.organisation_not_on_chain")
            actors = self._index.actors(session, org_id)
            events = self._index.role_history(session, org_id)
            months = self._index.counts(session, "month", query)
        return OrganisationView(
            found[0],
            actors,
            events,
            self._figures(who, "month", months, as_of),
            self._resolve(who, [org_id]),
            self._region_labels(found),
            as_of,
        )

    def find_organisations(self, who: Principal, text: str) -> list[tuple[str, str]]:
        """Organisations by part of their name or USCC: (id, name); audited, entitled roles only."""
        if not who.has(*NAME_ROLES):
            raise forbidden("role_required")
        text = text.strip()
        if len(text) < 2:
            return []
        ids = list(self._names.find(text))[:50]
        with self._uow() as session:
            audit.record(
                session, who, "insight.organisations_searched", "organisation", "search", found=len(ids)
            )
        names = self._names.names(ids)
        return sorted(((org_id, names.get(org_id, "")) for org_id in ids), key=lambda pair: pair[1])

    # -- export

    def export(self, who: Principal, query: ContractFilter) -> str:
        """All contract versions under the filter as CSV, as of one block; audited. At most 50,000 rows."""
        with self._uow.read() as session:
            as_of = self._as_of(session, query)
            if self._index.total(session, query) > EXPORT_LIMIT:
                raise invalid("insight.export_too_large", limit=EXPORT_LIMIT)
            rows = list(self._all(session, query))
        names = self._resolve(who, {row.org_id for row in rows})
        regions = self._region_labels(rows)
        with self._uow() as session:
            audit.record(
                session, who, "insight.contracts_exported", "contracts", f"block-{as_of.block_number}",
                rows=len(rows), query=dict(as_of.query),
            )  # fmt: skip
        return csv_text(CONTRACT_HEAD, (self._cells(row, names, regions) for row in rows), as_of)

    def _all(self, session: Session, query: ContractFilter) -> Iterator[Any]:
        after: str | None = None
        while True:
            page = self._index.contracts(session, replace(query, after=after, limit=_EXPORT_PAGE))
            yield from page.rows
            if page.next is None:
                return
            after = page.next

    @staticmethod
    def _cells(row: Any, names: Mapping[str, str], regions: Mapping[str, str]) -> list[Any]:
        derived = {
            "attested_at": utc_text(row.attested_at),
            "organisation": names.get(row.org_id, ""),
            "region": regions.get(row.region_code, ""),
        }
        return [derived[name] if name in derived else getattr(row, name) for name in CONTRACT_HEAD]

    # -- the text of a contract

    def read_text(self, who: Principal, contract_id: str, case_no: str, purpose: str) -> Any:
        """A contract's text for a case. The reading is audited and told to the worker, never to the employer.

        Raises forbidden for other roles, invalid without case number and purpose, not_found.
        """
        if not who.has(*TEXT_ROLES):
            raise forbidden("role_required")
        case_no, purpose = case_no.strip(), purpose.strip()
        if not case_no or len(case_no) > 80:
            raise invalid("insight.case_missing", pointer="/case_no")
        if len(purpose) < 4 or len(purpose) > 400:
            raise invalid("insight.purpose_missing", pointer="/purpose")
        if not is_hex32(contract_id):
            raise not_found()
        return self._texts.read(who, contract_id, case_no, purpose)
