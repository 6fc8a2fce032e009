"""The index of the chain as others see it: answers from chain events only, never from business tables."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.anchoring.model import (
    ActorRow,
    AppendRow,
    ChainStep,
    ContractQuery,
    ContractRow,
    Count,
    IndexPosition,
    OrganisationRow,
    Page,
    RoleEvent,
)
from api.anchoring.repository import index_queries, index_store, warning_index
from api.anchoring.rules import actors_after
from api.kernel.errors import not_found
from chain.indexer import EMPTY_DIGEST


class ChainIndex:
    """Queries for supervision. Each answer is as of `position`."""

    def position(self, session: Session) -> IndexPosition:
        """Block and digest up to which the index is complete."""
        mark = index_store.newest_mark(session)
        size = index_queries.log_size(session)
        if mark is None:
            return IndexPosition(0, "0" * 64, EMPTY_DIGEST.hex(), 0)
        return IndexPosition(mark.number, mark.hash.hex(), mark.digest.hex(), size)

    def contracts(self, session: Session, query: ContractQuery) -> Page[ContractRow]:
        """Contract versions, newest first."""
        return index_queries.contracts(session, query)

    def counts(self, session: Session, by: str, query: ContractQuery | None = None) -> list[Count]:
        """Figures by month, region, organisation, state or level."""
        return index_queries.counts(session, by, query or ContractQuery())

    def total(self, session: Session, query: ContractQuery | None = None) -> int:
        """Number of contract versions."""
        return index_queries.total(session, query or ContractQuery())

    def history(self, session: Session, contract_id: str) -> list[ContractRow]:
        """All versions of a contract, oldest first."""
        return index_queries.history(session, contract_id)

    def contract(self, session: Session, contract_id: str) -> ContractRow | None:
        """The newest version of a contract."""
        versions = self.history(session, contract_id)
        return versions[-1] if versions else None

    def warning_digests(self, session: Session, chain_id: str) -> dict[int, str]:
        """Digest of each step of a warning (its salted id) as the chain states it, by sequence."""
        return index_queries.warning_digests(session, chain_id)

    def warning_steps(
        self, session: Session, town: str = "", kind: str = "", grade: int | None = None,
        after: tuple[int, int] | None = None, limit: int = 50,
    ) -> tuple[list[ChainStep], tuple[int, int] | None]:  # fmt: skip
        """Decisions about warnings, newest first, and the place to go on from."""
        return warning_index.steps(session, town, kind, grade, after, limit)

    def warning_history(self, session: Session, chain_id: str) -> tuple[str, list[ChainStep]]:
        """Where a warning (its salted id) stands on chain, and its steps; not_found `anchoring.warning_unknown`."""
        found = warning_index.history(session, chain_id)
        if not found:
            raise not_found("anchoring.warning_unknown")
        return warning_index.status(found), found

    def warning_tallies(self, session: Session, town: str = "") -> dict[str, dict[int, int]]:
        """Number of decisions by kind and grade."""
        return warning_index.tallies(session, town)

    def organisations(
        self,
        session: Session,
        region_prefix: str | None = None,
        org_id: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[OrganisationRow]:
        """Organisations by id."""
        return index_queries.organisations(session, region_prefix, org_id, after, limit)

    def actors(self, session: Session, org_id: str) -> list[ActorRow]:
        """Wallets that may or could act for an organisation."""
        return actors_after(index_store.role_events(session, org_id))

    def role_history(self, session: Session, org_id: str) -> list[RoleEvent]:
        """An organisation's registry events in chain order."""
        return index_store.role_events(session, org_id)

    def appends(self, session: Session, after_index: int | None = None, limit: int = 50) -> list[AppendRow]:
        """Batches of the log."""
        return index_queries.appends(session, after_index, limit)
