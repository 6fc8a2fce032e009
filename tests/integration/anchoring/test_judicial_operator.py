"""What the operator sees of the judicial outbox, and what he may do: send a refused checkpoint again."""

from __future__ import annotations

import pytest

from api.anchoring.service.operator import Operator
from api.infra.db import Database, UnitOfWork
from api.kernel.clock import SystemClock
from api.kernel.errors import DomainError
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import JudicialWorld, cosigned
from tests.support.slice_application import person


def test_a_parked_checkpoint_is_seen_and_sent_again(database: Database) -> None:
    create_tables(database)
    world = JudicialWorld(make_store=lambda world: SqlOutside(database, world))
    uow, operator, who = UnitOfWork(database), Operator(SystemClock()), person("operator")
    world.grow(3)
    world.drain()
    forked, size = bytes([9] * 32), world.grow(4)
    world.store.add_witnessed(size, forked, cosigned(size, forked))
    world.drain()
    with uow.read() as session:
        state = operator.status(session).judicial
    assert state.counts == {"anchored": 1, "parked": 1}
    assert (state.anchored_size, state.waiting_since) == (3, None)
    with uow() as session:
        operator.retry_checkpoint(session, who, size)
    assert world.store.states()[size] == "pending"
    with uow.read() as session:
        assert operator.status(session).judicial.waiting_since is not None
    world.drain()
    assert world.store.states() == {3: "anchored", size: "parked"}, "the court still refuses it"
    with pytest.raises(DomainError) as refused, uow() as session:
        operator.retry_checkpoint(session, who, 3)
    assert refused.value.code == "anchoring.checkpoint_not_parked"
