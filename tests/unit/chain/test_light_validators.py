"""Several validators as sources: one that is away is passed over, one that lies is named, a header is compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chain.errors import GatewayUnavailable, ProofInvalid
from chain.light.maker import light_slot
from chain.light.network import LightNetwork, TooFewAsked, is_ahead, period_left, start_below
from chain.light.rpc import CometSource
from chain.trust_root import ValidatorNetwork
from tests.factories.light_network import evm_store, sha256
from tests.factories.light_nodes import START, LightNode

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
CODE, SLOT = sha256(b"code"), sha256(b"slot")
STORE = evm_store(ADDRESS, CODE, {SLOT: sha256(b"value")}, crowd=20)
OTHER = evm_store(ADDRESS, CODE, {SLOT: sha256(b"another")}, crowd=20)
NAMES = ("hr", "court", "union", "notary")


def nodes(**changed: LightNode) -> dict[str, CometSource]:
    return {name: changed.get(name, LightNode(STORE, newest=9)) for name in NAMES}


def proof(source: CometSource) -> dict[str, Any]:
    return light_slot(source, trusted_height=2, address=ADDRESS, code_hash=CODE, slot=SLOT, height=5)


def liar() -> LightNode:
    """A validator whose state is not the one that its headers commit to."""
    node = LightNode(STORE, newest=9)
    node.app_hash = bytes(32)
    return node


def silent() -> LightNode:
    node = LightNode(STORE, newest=9)
    node.down = True
    return node


def test_a_validator_that_is_away_or_behind_is_passed_over_and_asked_last() -> None:
    away, behind = silent(), LightNode(STORE, newest=5)
    network = LightNetwork(nodes(hr=away, court=behind), 4)
    made, wrong = network.first(proof)
    assert (made["state"]["slots"][0]["value"], wrong) == (sha256(b"value").hex(), [])
    asked = len(away.asked) + len(behind.asked)
    network.first(proof)
    assert len(away.asked) + len(behind.asked) == asked


def test_one_that_contradicts_itself_is_named_and_another_makes_the_proof() -> None:
    made, wrong = LightNetwork(nodes(hr=liar(), court=silent()), 4).first(proof)
    assert [item.validator for item in wrong] == ["hr"]
    assert "app_hash" in wrong[0].reason
    assert made["light"]["trail"][-1]["header"]["height"] == 6


def test_all_who_contradict_us_are_a_contradiction_and_silence_is_none() -> None:
    liars = {name: liar() for name in NAMES}
    with pytest.raises(ProofInvalid, match=r"hr:.*notary:"):
        LightNetwork(nodes(**liars), 4).first(proof)
    with pytest.raises(GatewayUnavailable, match="down"):
        LightNetwork(nodes(**(liars | {"union": silent()})), 4).first(proof)
    with pytest.raises(GatewayUnavailable):
        LightNetwork({name: LightNode(STORE, newest=5) for name in NAMES}, 4).first(proof)


@pytest.mark.parametrize(
    "lies",
    [
        {"validators": {"total": "1", "validators": [{"pub_key": {"value": "??"}, "voting_power": "1"}]}},
        {"validators": {"total": "0", "validators": []}},
        {"commit": {"signed_header": {"header": {}, "commit": None}}},
        {"status": {"node_info": {"network": "é"}}},
    ],
)
def test_answers_in_any_other_form_count_as_none(lies: dict[str, Any]) -> None:
    odd = LightNode(STORE, newest=9, **lies)
    made, wrong = LightNetwork(nodes(hr=odd), 4).first(proof)
    assert made["state"]["slots"][0]["value"] == sha256(b"value").hex()
    assert len(wrong) <= 1
    if "validators" not in lies:  # a header is compared without them
        with pytest.raises(GatewayUnavailable):
            LightNetwork(nodes(court=odd), 4).agreed_header()


def test_a_header_for_the_trust_root_is_the_newest_that_all_have_and_name_alike() -> None:
    network = LightNetwork(nodes(court=LightNode(STORE, newest=7)), 4)
    assert network.agreed_header() == ("concord-test-1", {"height": 6, "hash": LightNode(STORE).hash(6)})
    with pytest.raises(ProofInvalid, match=r"different headers at height 8: hr .*court"):
        LightNetwork(nodes(court=LightNode(OTHER, newest=9)), 4).agreed_header()
    with pytest.raises(ProofInvalid, match="other-1"):
        LightNetwork(nodes(union=LightNode(STORE, newest=9, chain="other-1")), 4).agreed_header()
    with pytest.raises(GatewayUnavailable, match="notary: down"):
        LightNetwork(nodes(notary=silent()), 4).agreed_header()


@pytest.mark.parametrize(("asked", "size", "needed"), [(1, 4, 2), (2, 6, 3), (1, 3, 2)])
def test_more_than_a_third_must_name_it(asked: int, size: int, needed: int) -> None:
    some = {name: LightNode(STORE, newest=9) for name in NAMES[:asked]}
    with pytest.raises(TooFewAsked) as caught:
        LightNetwork(some, size).agreed_header()
    assert (caught.value.named, caught.value.needed) == (asked, needed)
    enough = {str(number): LightNode(STORE, newest=9) for number in range(needed)}
    assert LightNetwork(enough, size).agreed_header()[1]["height"] == 8
    with pytest.raises(ValueError, match="address"):
        LightNetwork({}, 4)


def test_a_proof_starts_from_the_newest_trusted_header_below_it() -> None:
    trusted = ValidatorNetwork("c", 100, {5: "a", 9: "b", 40: "c"})
    assert [start_below(trusted, height) for height in (4, 5, 8, 9, 39, 40, 99)] == [None, 5, 5, 9, 9, 40, 40]


def test_time_of_a_trail() -> None:
    light = proof(LightNode(STORE))["light"]
    first = dt.datetime.fromtimestamp(START + 2, dt.UTC) + dt.timedelta(microseconds=123_456)
    assert period_left(light, 100, first) == pytest.approx(100, abs=1e-3)
    assert period_left(light, 100, first + dt.timedelta(seconds=101)) < 0
    last = dt.datetime.fromtimestamp(START + 6, dt.UTC)
    assert [is_ahead(light, last - dt.timedelta(seconds=lag)) for lag in (0, 59, 60, 61)] == [
        False, False, True, True,
    ]  # fmt: skip
