"""Light proofs from the settings: whom to ask, what the trust root gets, how a figure is proven."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.anchoring.model import CallState, Conclusion
from api.bootstrap import evidence, figures, light
from api.bootstrap.evidence import AnchoredLog
from api.bootstrap.figures import RegistryCounters
from api.evidence.service.trust import assemble
from api.infra.settings import Settings, ValidatorSetting
from api.kernel.clock import FixedClock
from api.kernel.errors import DomainError
from chain.figures import counter_slot
from chain.light.network import LightNetwork
from chain.light.shape import check_figure
from chain.trust_root import TrustRoot, ValidatorNetwork
from signing.errors import ServiceUnavailable
from tests.factories.light_network import CHAIN, evm_store, sha256
from tests.factories.light_nodes import START, LightNode
from tests.unit.evidence.test_trust import FACTS, NOW

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
CODE = sha256(b"code")
SLOT = counter_slot(None, "2026-11")
STORE = evm_store(ADDRESS, CODE, {SLOT: (12).to_bytes(32, "big")}, crowd=20)
NAMES = ("hr", "court", "union", "notary")
DAY = 86_400
SETTINGS = Settings(
    chain_trusting_days=100,
    chain_validators=tuple(
        ValidatorSetting(name=name, url=f"http://{name}.test", comet=f"http://{name}.test:1")
        for name in NAMES
    ),
)
Nodes = dict[str, LightNode]


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """The validators that the settings name, in this process."""
    made = {name: LightNode(STORE, newest=20) for name in NAMES}

    def network(_settings: Any, *, timeout: float = 0) -> LightNetwork:
        return LightNetwork(made, 4)

    monkeypatch.setattr(light, "light_network", network)
    monkeypatch.setattr(figures, "light_network", network)
    return made


def at(days: float) -> dt.datetime:
    """So many days after the network's start."""
    return dt.datetime.fromtimestamp(START, dt.UTC) + dt.timedelta(days=days)


def published(nodes: Nodes, previous: TrustRoot | None, days: float) -> TrustRoot:
    """What a publication makes of the installation's facts."""
    facts = light.network_facts(SETTINGS, previous, at(days))
    return assemble(dataclasses.replace(FACTS, network=facts), previous, NOW)


def test_only_validators_with_an_address_are_asked() -> None:
    assert light.light_network(Settings()) is None
    plain = Settings(chain_validators=(ValidatorSetting(name="hr", url="http://hr.test"),))
    assert light.light_network(plain) is None
    assert light.network_facts(plain, None, NOW) is None
    found = light.light_network(SETTINGS)
    assert found is not None
    assert list(found._sources) == list(NAMES)
    found.close()


def test_the_first_root_names_a_header_that_all_validators_have(nodes: Nodes) -> None:
    root = published(nodes, None, 1)
    header = {"height": 19, "hash": nodes["hr"].hash(19)}
    assert root.value["network"] == {
        "chain_id": CHAIN, "trusting_period": 100 * DAY, "headers": [header],
    }  # fmt: skip


def test_a_later_publication_changes_nothing_until_the_header_grows_old(nodes: Nodes) -> None:
    first = published(nodes, None, 1)
    for node in nodes.values():
        node.newest = 30
    assert published(nodes, first, 49) is first
    second = published(nodes, first, 51)
    assert [item["height"] for item in second.value["network"]["headers"]] == [19, 29]
    assert (second.version, second.predecessor) == (2, first.fingerprint)
    for node in nodes.values():
        node.down = True
    assert published(nodes, first, 99) is first, "nobody is there to tell"


def test_a_chain_that_is_no_network_keeps_a_root_without_the_member() -> None:
    assert "network" not in assemble(FACTS, None, NOW).value


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda nodes: setattr(nodes["court"], "down", True), "evidence.network_unreachable"),
        (lambda nodes: nodes.update(union=LightNode(STORE, newest=20, chain="x-1")), "evidence.network_headers_differ"),
        (lambda nodes: [nodes.pop(name) for name in NAMES[1:]], "evidence.network_too_few"),
    ],
)  # fmt: skip
def test_a_header_that_is_not_compared_is_not_published(
    nodes: Nodes, spoil: Callable[[Nodes], object], code: str
) -> None:
    spoil(nodes)
    with pytest.raises(DomainError) as caught:
        published(nodes, None, 1)
    assert caught.value.code == code


def test_a_network_of_another_history_is_refused(nodes: Nodes) -> None:
    first = published(nodes, None, 1)
    for name in NAMES:
        nodes[name] = LightNode(evm_store(ADDRESS, CODE, {}, crowd=3), newest=40)
    with pytest.raises(DomainError, match="network_headers_differ"):
        published(nodes, first, 60)
    other = {"chain_id": "another-1", "trusting_period": 5, "headers": []}
    with pytest.raises(DomainError, match="network_headers_differ"):
        assemble(dataclasses.replace(FACTS, network=other), first, NOW)


# -- figures


class Authorities:
    """A stamp of the moment; `down` raises as a client without an answer does."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock, self.down = clock, False

    def stamp(self, imprint: bytes) -> Any:
        if self.down:
            raise ServiceUnavailable("timestamp.none_available")
        return SimpleNamespace(der=b"token" + imprint, gen_time=self.clock.now())


@pytest.fixture
def counters(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> RegistryCounters:
    clock = FixedClock(at(1))
    made = RegistryCounters(SimpleNamespace(settings=SETTINGS, clock=clock))  # type: ignore[arg-type]
    registry = SimpleNamespace(address=ADDRESS, code_hash=CODE.hex())
    made.__dict__ |= {"_registry": registry, "_address": ADDRESS, "_authorities": Authorities(clock)}
    trust(monkeypatch, nodes)
    return made


def trust(monkeypatch: pytest.MonkeyPatch, nodes: Nodes, period: int = 100 * DAY) -> None:
    known = ValidatorNetwork(CHAIN, period, {3: nodes["hr"].hash(3), 12: nodes["hr"].hash(12)})
    monkeypatch.setattr(figures, "trusted_network", lambda _settings: known)


def test_a_figure_is_proven_at_the_newest_block_that_another_one_follows(
    counters: RegistryCounters, nodes: Nodes
) -> None:
    block, proof, value = counters.prove(SLOT)
    assert (block, value) == (19, 12)
    check_figure(proof)
    trail = [item["header"]["height"] for item in proof["light"]["trail"]]
    assert trail == [12, 20]
    assert proof["light"]["token"] is not None
    nodes["hr"].down = True
    assert counters.prove(counter_slot(5, None))[2] == 0


def test_a_figure_that_could_not_pass_is_not_made(
    counters: RegistryCounters, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def code() -> str:
        with pytest.raises(DomainError) as caught:
            counters.prove(SLOT)
        return caught.value.code

    counters._authorities.down = True  # type: ignore[attr-defined]
    assert code() == "evidence.no_timestamp"
    counters._authorities.down = False  # type: ignore[attr-defined]
    trust(monkeypatch, nodes, period=DAY // 2)
    assert code() == "evidence.no_trusted_header"
    monkeypatch.setattr(figures, "trusted_network", lambda _settings: None)
    assert code() == "evidence.no_trusted_header"
    other = ValidatorNetwork(CHAIN, 100 * DAY, {12: "ab" * 32})
    monkeypatch.setattr(figures, "trusted_network", lambda _settings: other)
    assert code() == "evidence.chain_unreachable"
    trust(monkeypatch, nodes)
    for node in nodes.values():
        node.app_hash = bytes(32)
    assert code() == "evidence.chain_unreachable"
    for node in nodes.values():
        node.down = True
    assert code() == "evidence.chain_unreachable"


def test_a_block_whose_clock_is_ahead_makes_no_figure(counters: RegistryCounters) -> None:
    counters._authorities.clock.advance(dt.timedelta(days=-1))  # type: ignore[attr-defined]
    assert counters.prove(SLOT)[0] == 19
    counters._authorities.clock.advance(dt.timedelta(seconds=-60))  # type: ignore[attr-defined]
    with pytest.raises(DomainError, match="chain_unreachable"):
        counters.prove(SLOT)


# -- packages


def _log(conclusion: Conclusion | None, clock: FixedClock, settings: Settings = SETTINGS) -> AnchoredLog:
    proofs = SimpleNamespace(
        append_receipt=lambda _session, _index: None, conclusion=lambda _session, _id: conclusion
    )
    return AnchoredLog(
        SimpleNamespace(anchoring=SimpleNamespace(proofs=proofs), clock=clock, settings=settings)  # type: ignore[arg-type]
    )


def test_a_package_waits_for_a_young_record_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ValidatorNetwork(CHAIN, 5, {1: "ab" * 32})
    monkeypatch.setattr(evidence, "trusted_network", lambda _settings: known)
    clock = FixedClock(NOW)
    call = CallState("c", "conclude", "anchored", "o", "ab" * 32, 1, NOW)
    young = Conclusion(call, None, NOW - dt.timedelta(seconds=59))
    with pytest.raises(DomainError, match="no_chain_record_yet"):
        _log(young, clock).receipts(None, "ab" * 32, 5)
    clock.advance(dt.timedelta(seconds=1))
    assert _log(young, clock).receipts(None, "ab" * 32, 5) == []
    clock = FixedClock(NOW)
    record = {"v": 1, "type": "cometbft-ics23"}
    assert _log(Conclusion(call, record, NOW), clock).receipts(None, "ab" * 32, 5) == [record]
    assert _log(Conclusion(call, None), clock).receipts(None, "ab" * 32, 5) == []
    assert _log(None, clock).receipts(None, "ab" * 32, 5) == []
    plain = Settings(chain_validators=(ValidatorSetting(name="hr", url="http://hr.test"),))
    assert _log(young, clock, plain).receipts(None, "ab" * 32, 5) == []
    monkeypatch.setattr(evidence, "trusted_network", lambda _settings: None)
    assert _log(young, clock).receipts(None, "ab" * 32, 5) == []


def test_the_published_root_says_where_trust_starts(tmp_path: Path, nodes: Nodes) -> None:
    assert light.trusted_network(Settings()) is None
    path = tmp_path / "trust-root.json"
    assert light.trusted_network(Settings(trust_root_file=path)) is None
    root = published(nodes, None, 1)
    path.write_bytes(root.canonical())
    assert light.trusted_network(Settings(trust_root_file=path)) == root.network
