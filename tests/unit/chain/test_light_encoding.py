"""CometBFT's encodings against its own published vector, strict reading, and the answers of the EVM."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chain.abi import load
from chain.errors import ProofInvalid
from chain.light import encoding
from chain.light.encoding import message, number, octets
from chain.light.reading import read
from chain.light.results import RESPONSE, responses
from chain.light.state import RECORDS_SLOT, commitment_slot
from chain.state_proofs import mapping_slot
from chain.trust_root import TrustRoot, TrustRootError
from node.network import program
from tests.factories import light_golden
from tests.factories.evidence import World
from tests.factories.light_network import evm_result, sha256
from tests.factories.light_proofs import figure_forge

ADDRESS = "0x" + "Ab" * 20
TOPIC = sha256(b"topic")


def test_a_header_hashes_as_the_engines_own_vector_says() -> None:
    """The expected hash is read from the tests that CometBFT publishes with its sources."""
    try:
        listed = [program.find_go(), "list", "-m", "-f", "{{.Dir}}", "github.com/cometbft/cometbft"]
        found = subprocess.run(
            listed, cwd=program.SOURCES, env=program.go_environment() | {"GOPROXY": "off"}, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
    except (program.ProgramMissing, subprocess.CalledProcessError):
        pytest.skip("neither Go nor the engine's modules are here")
    source = (Path(found.stdout.strip()) / "types" / "block_test.go").read_text("utf-8")
    case = source[source.index("func TestHeaderHash") :]
    expected = re.search(r'hexBytesFromString\("([0-9A-F]{64})"\)', case)
    assert expected is not None
    names = ("last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
             "last_results_hash", "evidence_hash")  # fmt: skip
    assert all(f'tmhash.Sum([]byte("{name}"))' in case for name in names)
    header: dict[str, Any] = {name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    header |= {"version": [1, 2], "height": 3, "time": [1_570_983_284, 0]}
    header |= {"last_block": {"hash": "00" * 32, "total": 6, "parts": "00" * 32}}
    header |= {"proposer": hashlib.sha256(b"proposer_address").hexdigest()[:40]}
    assert encoding.header_hash("chainId", header).hex().upper() == expected[1]


def test_the_golden_proofs_are_those_that_the_stories_make() -> None:
    assert light_golden.read() == list(light_golden.cases())


def test_the_commitment_stands_where_the_compiler_put_it() -> None:
    assert load("LaborContractRegistry").storage_layout["_records"] == RECORDS_SLOT
    contract = sha256(b"contract")
    assert commitment_slot(contract, 3) == mapping_slot(RECORDS_SLOT, contract, (3).to_bytes(32, "big"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x80", id="a tag that doesn't end"),
        pytest.param(b"\x02\x00", id="field number 0"),
        pytest.param(b"\x0d\x00\x00\x00\x00", id="wire type 5"),
        pytest.param(b"\x09" + bytes(8), id="wire type 1"),
        pytest.param(number(2, 1) + number(1, 1), id="fields out of order"),
        pytest.param(b"\x0a\x02\x00", id="ends too early"),
        pytest.param(b"\x08\x81\x00", id="a value in a longer form"),
        pytest.param(b"\x8a\x00\x00", id="a tag in a longer form"),
        pytest.param(b"\x0a\x80\x00", id="a length in a longer form"),
        pytest.param(b"\x08" + b"\xff" * 10, id="a value of more than ten octets"),
        pytest.param(b"\x08" + b"\xff" * 9 + b"\x02", id="a value above 64 bits"),
        pytest.param(b"\xf8\xff\xff\xff\x1f\x01", id="a tag above 32 bits"),
        pytest.param(b"\x0a\xff\xff\xff\xff\x0f", id="a length above 31 bits"),
    ],
)
def test_protobuf_in_another_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ProofInvalid):
        read(data)


def test_protobuf_in_its_one_spelling_is_read() -> None:
    assert read(number(1, 2**64 - 1) + octets(3, b"a") + message(3, b"")) == {1: [2**64 - 1], 3: [b"a", b""]}


def test_the_events_of_an_answer_are_read() -> None:
    (answer,) = responses(evm_result(ADDRESS, [TOPIC, TOPIC], b"data"))
    assert (answer.error, answer.hash) == ("", "0x" + "ab" * 32)
    (log,) = answer.logs
    assert (log.address.lower(), log.topics, log.data) == (ADDRESS.lower(), (TOPIC, TOPIC), b"data")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="no answer"),
        pytest.param(evm_result(ADDRESS, [], b"", kind="/other"), id="another module's"),
        pytest.param(evm_result("0x12", [], b""), id="a short address"),
        pytest.param(evm_result(ADDRESS, [TOPIC] * 5, b""), id="five topics"),
        pytest.param(evm_result(ADDRESS, [TOPIC[:31]], b""), id="a short topic"),
        pytest.param(number(2, 7), id="a number for an answer"),
        pytest.param(
            message(2, octets(1, RESPONSE.encode()) + octets(1, RESPONSE.encode())), id="a member twice"
        ),
        pytest.param(message(2, octets(1, b"\xff\xfe")), id="no UTF-8"),
    ],
)
def test_answers_of_another_form_are_refused(data: bytes) -> None:
    with pytest.raises(ProofInvalid):
        responses(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": []},
        {"headers": [{"height": 5, "hash": "00" * 32}, {"height": 5, "hash": "11" * 32}]},
        {"headers": [{"height": 6, "hash": "00" * 32}, {"height": 5, "hash": "11" * 32}]},
        {"headers": [{"height": 0, "hash": "00" * 32}]},
        {"trusting_period": 0},
        {"chain_id": "two words"},
        {"more": 1},
    ],
)
def test_a_trust_root_says_clearly_which_headers_it_means(changes: dict[str, Any]) -> None:
    forge = figure_forge(World(seed="x"), None, None, 1)
    with pytest.raises(TrustRootError):
        forge.root(**changes)
    known = forge.root().network
    assert known is not None
    assert TrustRoot.parse(forge.root().canonical()).network == known
    assert forge.world.trust_root().network is None
