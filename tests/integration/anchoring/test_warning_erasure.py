"""Erasing a warning: afterwards nothing in the platform's tables leads from the warning to what stands on chain."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect, text

from api.infra.db import Base, Database
from api.kernel.errors import DomainError
from api.kernel.events import EventDraft
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.slice_application import person
from tests.support.warning_scene import (
    CONTRACTS,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    Decided,
    Desk,
    address,
)

WARNING = "01WARNINGOFANENTERPRISE0001"


@pytest.fixture
def desk(database: Database) -> Desk:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN), chain_id=CHAIN_ID)
    registrars = frozenset({address(REGISTRAR)})
    made = Desk(Slice(database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN, registrars=registrars))
    made.appoint(OFFICER, REVIEWER)
    made.take(Decided(WARNING, "issue", 2))
    with made.slice.service.uow() as session:
        draft = EventDraft(f"warning/{WARNING}", "risk.W01/1", "officer-1", "regulator", {"grade": 2})
        made.slice.service.recorder.record(session, draft)
    return made


def erase(desk: Desk, *, replay: bool = False) -> int:
    with desk.slice.service.uow() as session:
        return desk.slice.service.erasure.destroy(session, f"warning/{WARNING}", replay=replay)


def rows_with(desk: Desk, *values: Any) -> list[str]:
    """Tables of which some row holds one of the values, as text or as bytes."""
    found = []
    wanted = {str(value) for value in values} | {bytes.fromhex(value) for value in values if _hex(value)}
    with desk.slice.db.read() as session:
        for name in Base.metadata.tables:
            if name not in inspect(session.connection()).get_table_names():
                continue
            for row in session.execute(text(f'SELECT * FROM "{name}"')):
                cells = {bytes(cell) if isinstance(cell, memoryview) else cell for cell in row}
                if wanted & {cell for cell in cells if isinstance(cell, (str, bytes))}:
                    found.append(name)
                    break
    return found


def _hex(value: str) -> bool:
    return len(value) == 64 and not set(value) - set("0123456789abcdef")


def test_what_is_not_anchored_yet_is_not_erased(desk: Desk) -> None:
    settle(desk.slice)
    with pytest.raises(DomainError, match=r"anchoring\.not_anchored_yet"):
        erase(desk)
    desk.sign(WARNING, 1, OFFICER)
    with pytest.raises(DomainError, match=r"anchoring\.not_anchored_yet"):
        erase(desk)
    settle(desk.slice, 10)
    assert erase(desk) == 1


def test_no_row_links_an_erased_warning_to_the_chain(desk: Desk) -> None:
    desk.sign(WARNING, 1, OFFICER)
    settle(desk.slice, 10)
    state = desk.state(WARNING)
    chain_id, digest = state.chain_id, state.steps[0].digest
    with desk.slice.db.read() as session:
        salt = bytes(session.execute(text("SELECT salt FROM anchoring_warning")).scalar_one()).hex()
    assert set(rows_with(desk, salt)) == {"anchoring_warning"}
    erase(desk)
    assert rows_with(desk, salt) == []
    on_chain = set(rows_with(desk, chain_id, digest))
    assert on_chain == {"anchoring_call", "anchoring_index_warning_step"}  # what everybody can read on chain
    assert set(rows_with(desk, WARNING)) == {"anchoring_warning", "infra_audit"}
    assert not on_chain & set(rows_with(desk, WARNING))
    with pytest.raises(DomainError, match=r"anchoring\.warning_erased"):
        desk.state(WARNING)
    service = desk.slice.service
    with pytest.raises(DomainError, match=r"anchoring\.warning_erased"), service.uow() as session:
        service.proof.make(session, person("court"), WARNING, "x", "")
    with pytest.raises(DomainError, match=r"anchoring\.warning_erased"):
        desk.take(Decided(WARNING, "close", 2))
    with pytest.raises(DomainError, match=r"anchoring\.warning_erased"):
        desk.sign(WARNING, 1, OFFICER)
    assert erase(desk) == 0


def test_a_restored_installation_repeats_the_erasure(desk: Desk) -> None:
    """The backup was older than the signature: what was to be forgotten is forgotten, signed or not."""
    assert erase(desk, replay=True) == 1
    with pytest.raises(DomainError, match=r"anchoring\.warning_erased"):
        desk.state(WARNING)


def test_other_streams_are_as_they_were(desk: Desk) -> None:
    desk.sign(WARNING, 1, OFFICER)
    desk.take(Decided("w2", "issue", 1))
    settle(desk.slice, 10)
    erase(desk)
    assert desk.states("w2") == ["awaiting_statement"]
