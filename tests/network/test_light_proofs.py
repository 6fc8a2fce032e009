"""Light proofs of a running network: made from its nodes, judged by the verifier as part of whole packages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from typer.testing import CliRunner

from chain.errors import ProofInvalid
from chain.light.maker import code_hash_of, light_figure, light_record, trusted_header
from chain.light.rpc import CometRpc
from chain.light.state import commitment_slot
from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, Report, verify
from node.network.cli import app
from signing import jcs
from tests.factories.disclosed import FigureForge
from tests.factories.evidence import Forge, World
from tests.factories.light_network import sha256
from tests.factories.light_proofs import event_words
from tests.network.conftest import Consortium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
STAND_IN = bytes.fromhex(
    "6020355f355560c0360360c05f3760a035608035606035604035 60c036035fa400".replace(" ", "")
)
"""A registry that believes everything: stores its input's second word at the slot of the first, and logs the rest
under the four words that follow."""
CREATE = bytes.fromhex(f"60{len(STAND_IN):02x}600a5f3960{len(STAND_IN):02x}5ff3")
ORDINARY = 12_000
TRUSTED = 3
HOUR = dt.timedelta(hours=1)


@dataclass
class NetworkWorld(World):
    """An installation whose registry stands on the running network."""

    changes: dict[str, Any] = field(default_factory=dict)

    def trust_root(self, **changes: Any) -> TrustRoot:
        """The trust root with this network; without one as long as nothing is known of it."""
        return super().trust_root(**(self.changes | changes))

    def stamp_now(self, imprint: bytes) -> bytes:
        """The TEST authority's token of this moment."""
        return self.stamp(self.tsa_one, imprint, dt.datetime.now(dt.UTC)).der


@dataclass
class Anchored:
    """A conclusion that a running network has taken, and where."""

    comet: CometRpc
    world: NetworkWorld
    forge: Forge
    height: int
    transaction: bytes

    @property
    def registry(self) -> dict[str, Any]:
        """Address and code hash."""
        return {
            "registry": self.forge.root.address_of("LaborContractRegistry"),
            "code_hash": keccak(STAND_IN),
        }

    def record(self, **changes: Any) -> dict[str, Any]:
        """`chain/record.json`."""
        made: dict[str, Any] = {
            "trusted_height": TRUSTED,
            "contract_id": bytes.fromhex(self.forge.contract_id),
            "version": self.forge.opening["version"],
            "commitment": self.forge.commitment,
            "height": self.height,
            "transaction": self.transaction,
            "stamp": self.world.stamp_now,
            **self.registry,
        }
        return light_record(self.comet, **(made | changes))


@pytest.fixture(scope="module")
def anchored(network: Consortium) -> Iterator[Anchored]:
    """The contract of a whole package, concluded on the network."""
    receipt = network.gateway.receipts([network.send(None, CREATE + STAND_IN)])[0]
    assert receipt is not None
    address = receipt.contract
    assert address is not None
    urls = [f"http://127.0.0.1:{node.ports.rpc}" for node in network.nodes]
    with CometRpc(["http://127.0.0.1:1", *urls], timeout=60.0) as comet:
        world = NetworkWorld()
        contracts = dict(world.trust_root().value["contracts"])
        contracts["LaborContractRegistry"] = {"address": address, "code_hash": keccak(STAND_IN).hex()}
        chain = comet.ask("status")["node_info"]["network"]
        known = {"chain_id": chain, "trusting_period": 10**9, "headers": [trusted_header(comet, TRUSTED)]}
        world.changes = {"contracts": contracts, "network": known}
        forge = Forge(world)
        slot = commitment_slot(bytes.fromhex(forge.contract_id), forge.opening["version"])
        words = event_words(forge.contract_id, forge.opening["version"], forge.commitment)
        sent = network.send(address, slot + forge.commitment + words)
        mined = network.gateway.receipts([sent])[0]
        assert mined is not None
        network.until(lambda: network.height() > mined.block_number)
        yield Anchored(comet, world, forge, mined.block_number, sent)


def _judged(anchored: Anchored, record: Any) -> Report:
    """The package with this record, judged an hour from now."""
    put = {contents.CHAIN_RECORD: jcs.canonical(record)}
    forge = Forge(anchored.world, changes={"files": lambda files, _: files | put})
    assert forge.commitment == anchored.forge.commitment
    return verify(forge.package, forge.root, now=dt.datetime.now(dt.UTC) + HOUR)


def test_the_record_of_a_conclusion_passes_and_is_small(anchored: Anchored) -> None:
    record = anchored.record()
    assert len(jcs.canonical(record)) <= ORDINARY
    step = _judged(anchored, record).step(17)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.PASSED, "")
    facts = step.facts
    assert (facts["events"], facts["height"], facts["power"]) == (["Concluded"], anchored.height, 4)
    assert facts["signed"] >= 3


def test_a_record_of_the_same_network_with_an_altered_value_fails(anchored: Anchored) -> None:
    record = anchored.record()
    record["state"]["slots"][0]["value"] = sha256(b"other").hex()
    step = _judged(anchored, record).step(17)
    assert step is not None
    assert (step.outcome, step.sub_indication) == (Outcome.FAILED, "INCLUSION_INVALID")


def test_nothing_is_made_of_what_the_registry_does_not_hold(anchored: Anchored) -> None:
    with pytest.raises(ProofInvalid):
        anchored.record(commitment=bytes(32))
    with pytest.raises(ProofInvalid):
        anchored.record(code_hash=bytes(32))
    with pytest.raises(ProofInvalid):
        anchored.record(transaction=bytes(32))


def test_a_counter_that_was_never_written_is_proven_to_be_nothing(anchored: Anchored) -> None:
    package = FigureForge(anchored.world)
    made = light_figure(
        anchored.comet, trusted_height=TRUSTED, region=package.region, month=package.month,
        height=anchored.height, stamp=anchored.world.stamp_now, **anchored.registry,
    )  # fmt: skip
    assert made["state"]["slots"][0]["value"] is None
    stated = package.statement | {"value": 0, "block": anchored.height}
    report = verify(
        package.package(statement=stated, proof=made),
        anchored.world.trust_root(),
        now=dt.datetime.now(dt.UTC) + HOUR,
    )
    assert report.verdict is Outcome.PASSED


def test_a_member_writes_a_proof_and_a_header_for_the_trust_root(
    anchored: Anchored, network: Consortium, tmp_path: Path
) -> None:
    rpc = f"http://127.0.0.1:{network.nodes[1].ports.rpc}"
    shown = CliRunner().invoke(app, ["header", "--height", str(TRUSTED), "--rpc", rpc, "--json"])
    assert json.loads(shown.stdout)["hash"] == anchored.world.changes["network"]["headers"][0]["hash"]
    slot = commitment_slot(bytes.fromhex(anchored.forge.contract_id), anchored.forge.opening["version"]).hex()
    address, out = anchored.registry["registry"], tmp_path / "proof.json"
    command = [
        "proof",
        "--contract",
        address,
        "--slot",
        slot,
        "--out",
        str(out),
        "--data",
        str(network.local.data),
    ]
    done = CliRunner().invoke(app, [*command, "--height", str(anchored.height), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["value"] == anchored.forge.commitment.hex()
    assert json.loads(out.read_bytes())["light"]["token"] is None
    assert code_hash_of(anchored.comet, address, anchored.height) == keccak(STAND_IN)


def test_the_first_block_of_the_chain_can_be_the_trusted_one(anchored: Anchored) -> None:
    record = anchored.record(trusted_height=1)
    assert record["light"]["trail"][0]["header"]["last_block"] is None
    known = dict(anchored.world.changes["network"], headers=[trusted_header(anchored.comet, 1)])
    root = anchored.world.trust_root(network=known)
    put = {contents.CHAIN_RECORD: jcs.canonical(record)}
    forge = Forge(anchored.world, changes={"files": lambda files, _: files | put})
    step = verify(forge.package, root, now=dt.datetime.now(dt.UTC) + HOUR).step(17)
    assert step is not None
    assert step.outcome is Outcome.PASSED
