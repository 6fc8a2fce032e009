"""A real node on a free port, and a caller that speaks JSON-RPC to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from node.launch import RunningNode, start_node
from node.settings import NodeSettings
from tests.support.chain_caller import SENDER, Caller


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    settings = NodeSettings(
        data_dir=tmp_path_factory.mktemp("chain"), senders=(SENDER.address,), block_interval=0.05
    )
    with start_node(settings) as running:
        yield running


@pytest.fixture
def caller(node: RunningNode) -> Iterator[Caller]:
    with Caller(node.rpc_url, node.token, node.chain_id) as found:
        yield found
