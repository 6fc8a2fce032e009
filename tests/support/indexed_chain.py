"""Supervision over the real index tables, filled as the indexer fills them; names and texts from simple stand-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from api.anchoring.tables import IndexContractRow, IndexMarkRow, IndexOrganisationRow, IndexRoleEventRow
from api.infra.db import Database
from api.insight.model import MessageBacklog, NodeFacts
from api.kernel.clock import FixedClock
from api.kernel.errors import not_found, unavailable

ORGS = ["a1" * 32, "b2" * 32]
NAMES = {ORGS[0]: "=示例一公司", ORGS[1]: "示例二公司"}
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
AGENT = "0x1563915e194D8CfBA1943570603F7606A3115508"
NOW = FixedClock(datetime(2026, 11, 22, 4, tzinfo=UTC))


def contract_id(number: int) -> str:
    """64 hex characters of a number."""
    return f"{number:064x}"


class Names:
    """The employers' names."""

    def names(self, org_ids: Sequence[str]) -> Mapping[str, str]:
        return {org_id: NAMES[org_id] for org_id in org_ids if org_id in NAMES}

    def find(self, text: str) -> Sequence[str]:
        return [org_id for org_id, name in NAMES.items() if text in name]


@dataclass
class CountersInMemory:
    """The registry's counters; `down`: the node does not answer."""

    values: dict[tuple[int | None, str | None], int] = field(
        default_factory=lambda: {(None, None): 131, (None, "2026-11"): 45, (500107001, None): 66}
    )
    down: bool = False

    def read(self, which: Sequence[tuple[int | None, str | None]]) -> tuple[int, Sequence[int]]:
        if self.down:
            raise unavailable("evidence.chain_unreachable", reason="gateway.unavailable")
        return 43, [self.values.get(item, 0) for item in which]


class Regions:
    """Names of regions."""

    def region_names(self) -> Mapping[str, str]:
        return {"500107": "某区"}


@dataclass
class Texts:
    """Remembers every reading."""

    readings: list[tuple[str, str, str, str]] = field(default_factory=list)

    def read(self, who: Any, contract: str, case_no: str, purpose: str) -> Any:
        if contract != contract_id(1):
            raise not_found()
        self.readings.append((who.actor, contract, case_no, purpose))
        data = {
            "title": "劳动合同书",
            "parties": [{"label": "甲方", "rows": [["名称", "示例一公司"]]}],
            "clauses": [{"title": "合同期限", "text": "一年\n<script>x</script>"}],
        }
        return SimpleNamespace(contract_id=contract, version=1, state="EFFECTIVE", data=data)


@dataclass
class Node:
    """A node whose answer a test sets."""

    facts: NodeFacts | None = field(default_factory=lambda: NodeFacts(True, 42, 0, 12.5, False, 0, None))

    def read(self) -> NodeFacts | None:
        return self.facts


class Quiet:
    """Messages and calendar without trouble."""

    def backlog(self) -> MessageBacklog:
        return MessageBacklog({"delivered": 3}, None)

    def calendar_known(self, year: int) -> bool:
        return True


def fill(database: Database, count: int) -> None:
    """`count` contracts in three months, two streets and two organisations; contract 0 has two versions."""
    with database.transaction() as session:
        for number, org in enumerate(ORGS):
            session.add(
                IndexOrganisationRow(
                    org_id=org,
                    region_code=f"50010700{number + 1}",
                    representative=WALLET,
                    seal_key_hash="00" * 32,
                    registrar=AGENT,
                    nonce=1,
                    registered_block=number + 1,
                )
            )
            session.add(
                IndexRoleEventRow(
                    block_number=number + 1,
                    log_index=0,
                    org_id=org,
                    name="OrganisationRegistered",
                    fields={"representative": WALLET},
                    transaction="11" * 32,
                )
            )
            session.add(
                IndexRoleEventRow(
                    block_number=number + 3,
                    log_index=0,
                    org_id=org,
                    name="AgentGranted",
                    fields={"agent": AGENT, "scope": 6, "validUntil": 1_900_000_000},
                    transaction="22" * 32,
                )
            )
        for number in range(count):
            versions = 2 if number == 0 else 1
            for version in range(1, versions + 1):
                session.add(
                    IndexContractRow(
                        contract_id=contract_id(number),
                        version=version,
                        commitment=f"{number:032x}{version:032x}",
                        prev="00" * 32,
                        org_id=ORGS[number % 2],
                        region_code=f"50010700{number % 2 + 1}",
                        current=version == versions,
                        level=2 + number % 2,
                        attested_at=datetime(2026, 9 + number % 3, 1, tzinfo=UTC),
                        month=f"2026-{9 + number % 3:02d}",
                        employer_wallet=AGENT,
                        worker_key_hash="33" * 32,
                        subject="44" * 32,
                        check_digest="55" * 32,
                        issuer=WALLET,
                        block_number=10 + number,
                        log_index=version,
                        transaction="66" * 32,
                    )
                )
        session.add(IndexMarkRow(number=42, hash=b"\x77" * 32, digest=b"\x88" * 32))
