"""Supervision and operation over real index tables."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from api.anchoring.service.index import ChainIndex
from api.anchoring.service.operator import Operator
from api.infra.db import Base, Database, UnitOfWork
from api.insight import router
from api.insight.operations import Operations
from api.insight.proven import ProvenFigures
from api.insight.service import Supervision
from api.insight.texts import TEXTS
from tests.support.indexed_chain import NOW, CountersInMemory, Names, Node, Quiet, Regions, Texts, fill
from tests.support.slice_application import SliceApplication, slice_application


@pytest.fixture
def filled(database: Database) -> Database:
    Base.metadata.create_all(database.engine)
    fill(database, 130)
    return database


@pytest.fixture
def texts() -> Texts:
    return Texts()


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def counters() -> CountersInMemory:
    return CountersInMemory()


@pytest.fixture
def site(
    filled: Database, texts: Texts, node: Node, counters: CountersInMemory
) -> Iterator[SliceApplication]:
    uow = UnitOfWork(filled)
    insight = SimpleNamespace(
        supervision=Supervision(
            uow,
            ChainIndex(),
            Names(),
            Regions(),
            texts,
            ProvenFigures(uow, ChainIndex(), counters, Regions(), NOW.now),
        ),
        operations=Operations(uow, NOW, Operator(NOW), node, Quiet(), Quiet()),
    )
    with slice_application(filled, router, TEXTS, insight=insight) as made:
        yield made
