"""The simulated registry of warning decisions and the compiled one: every step from every state, the same answer.

Each case is a transaction with real signatures on one deployed contract; the simulated one gets the same call data. Compared:
the events' topics and data, or the revert's data, to the byte.
"""

from __future__ import annotations

import itertools
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chain import warning_calls
from chain.abi import load
from chain.calls import Call, Contracts
from chain.deployer import DeploymentConfig, deploy
from chain.deployer_extension import extend
from chain.errors import CallReverted
from chain.gateway_rpc import RpcGateway
from chain.memory_answers import MemoryRevert
from chain.memory_warnings import MemoryWarnings
from chain.transactions import Sender
from chain.warning_calls import Signed
from chain.warning_rules import StepKind
from signing import eip712, wallets
from signing.warning_statements import AppointOfficer, DismissOfficer, WarningStep
from tests.support.warning_scene import (
    OFFICER,
    REGISTRAR,
    REVIEWER,
    RULE_RUN,
    STRANGER,
    address,
    digest32,
    step,
)

ROOT = Path(__file__).resolve().parents[3]
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
CHAIN_ID = 7_341_009_554
DEPLOYER, SENDER, FORMER = bytes([11] * 32), bytes([12] * 32), bytes([34] * 32)
Answer = tuple[str, object]


def _words(answer: Answer) -> str:
    what, data = answer
    return str(load(warning_calls.CONTRACT).decode_error(data) if isinstance(data, bytes) else what)


@dataclass
class Pair:
    """The compiled contract on a node, and the simulated one, in the same state."""

    gateway: RpcGateway
    contracts: Contracts
    domain: eip712.Domain
    memory: MemoryWarnings
    sender: Sender
    nonce: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def play(self, made: Call) -> Answer:
        """What both answer to a call; asserts that it is the same."""
        real = self._real(made)
        simulated: Answer
        try:
            simulated = ("events", [(topics, data) for topics, data in self.memory.execute(made.data)])
        except MemoryRevert as refused:
            simulated = ("revert", refused.data)
        assert real == simulated, (_words(real), _words(simulated))
        return real

    def _real(self, made: Call) -> Answer:
        try:
            self.gateway.call(made.to, made.data)
        except CallReverted as refused:
            return ("revert", refused.data)
        signed = self.sender.sign(made.to, made.data, self.nonce, made.gas)
        self.nonce += 1
        self.gateway.send([signed.raw])
        self.gateway.request("evm_mine")
        receipt = self.gateway.receipts([signed.hash])[0]
        assert receipt is not None
        assert receipt.ok
        logs = self.gateway.logs(receipt.block_number, receipt.block_number, [made.to])
        return ("events", [(log.topics, log.data) for log in logs])

    def signed(self, key: bytes, statement: eip712.Statement) -> Signed:
        return Signed(address(key), wallets.sign_digest(key, eip712.digest(self.domain, statement)))

    def call(self, made: WarningStep, by: str) -> Call:
        if by == "two":
            both = (self.signed(OFFICER, made), self.signed(REVIEWER, made))
            return warning_calls.close(self.contracts, made, *both)
        if by == "one twice":
            return warning_calls.close(self.contracts, made, *[self.signed(OFFICER, made)] * 2)
        if by == "with a stranger":
            both = (self.signed(OFFICER, made), self.signed(STRANGER, made))
            return warning_calls.close(self.contracts, made, *both)
        key = {"officer": OFFICER, "rule": RULE_RUN, "stranger": STRANGER, "former": FORMER}[by.split()[-1]]
        build = warning_calls.issue_by_rule if by.startswith(("rule", "issuing")) else warning_calls.decide
        return build(self.contracts, made, self.signed(key, made))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("registry")
    command = [str(ANVIL), "--port", "0", "--hardfork", "prague", "--chain-id", str(CHAIN_ID)]
    command += ["--accounts", "0", "--mixed-mining", "--block-time", "1", "--gas-limit", "1000000000"]
    command += ["--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Listening on" in line)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        with RpcGateway("http://" + line.strip().split("Listening on ")[1]) as gateway:
            signers = tuple(address(bytes([n] * 32)) for n in (21, 22, 23))
            config = DeploymentConfig(
                "log.test/c", True, (address(REGISTRAR),), (address(STRANGER),), signers, 2, 3600
            )
            deploy(gateway, DEPLOYER, config, folder)
            done = extend(gateway, DEPLOYER, folder, [address(RULE_RUN)])
            contracts = Contracts.of({name: item.address for name, item in done.contracts.items()})
            domain = eip712.Domain(
                done.domain_name, CHAIN_ID, done.address(warning_calls.CONTRACT), "log.test/c"
            )
            memory = MemoryWarnings(domain, [address(RULE_RUN)])
            made = Pair(gateway, contracts, domain, memory, Sender(SENDER, CHAIN_ID))
            for key in (OFFICER, REVIEWER, FORMER):
                statement = AppointOfficer(address(key))
                signed = made.signed(REGISTRAR, statement)
                made.play(warning_calls.appoint_officer(contracts, address(key), signed))
            leaving = made.signed(REGISTRAR, DismissOfficer(address(FORMER)))
            made.play(warning_calls.dismiss_officer(contracts, address(FORMER), leaving))
            yield made
    finally:
        process.kill()
        process.wait()


PASTS: dict[str, list[tuple[StepKind, int, str]]] = {
    "nothing": [],
    "unconfirmed": [(StepKind.ISSUE, 4, "rule")],
    "open": [(StepKind.ISSUE, 2, "officer")],
    "open red": [(StepKind.ISSUE, 4, "rule"), (StepKind.CONFIRM, 4, "officer")],
    "lifted": [(StepKind.ISSUE, 4, "rule"), (StepKind.LIFT, 4, "officer")],
    "closed": [(StepKind.ISSUE, 2, "officer"), (StepKind.CLOSE, 2, "two")],
    "closed red": [(StepKind.ISSUE, 4, "officer"), (StepKind.CLOSE, 4, "two")],
}


def begin(pair: Pair, past: str) -> tuple[bytes, int, bytes]:
    """A fresh warning with this past: its id, the next sequence, the last digest."""
    warning, sequence, prev = digest32(f"{past} {next(pair.numbers)}"), 1, bytes(32)
    for kind, grade, by in PASTS[past]:
        made = step(kind, grade, sequence, prev, warning_id=warning)
        assert pair.play(pair.call(made, by))[0] == "events"
        sequence, prev = sequence + 1, eip712.digest(pair.domain, made)
    return warning, sequence, prev


@pytest.mark.parametrize("past", PASTS)
def test_every_step_from_every_state(pair: Pair, past: str) -> None:
    taken = 0
    warning, sequence, prev = begin(pair, past)
    for kind, grade, by in itertools.product(range(8), range(6), ("officer", "rule", "two")):
        made = step(kind, grade, sequence, prev, warning_id=warning)
        if pair.play(pair.call(made, by))[0] == "events":
            taken += 1
            warning, sequence, prev = begin(pair, past)  # the next case needs the same past
    assert taken == {
        "nothing": 5, "unconfirmed": 2, "open": 3, "open red": 1, "lifted": 1, "closed": 1, "closed red": 1,
    }[past]  # fmt: skip


@pytest.mark.parametrize(
    ("past", "change"),
    [
        ("nothing", {"sequence": 2}),
        ("nothing", {"sequence": 0}),
        ("nothing", {"prev": b"\x01" * 32}),
        ("nothing", {"warning_id": bytes(32)}),
        ("nothing", {"input_hash": bytes(32)}),
        ("nothing", {"rule_set_hash": bytes(32)}),
        ("nothing", {"town_code": 99_999_999}),
        ("nothing", {"town_code": 1_000_000}),
        ("nothing", {"town_code": 500107}),
        ("open", {"prev": bytes(32)}),
        ("open", {"sequence": 1}),
        ("open", {"sequence": 3}),
        ("open", {"town_code": 500107002}),
    ],
)
def test_what_does_not_follow(pair: Pair, past: str, change: dict[str, object]) -> None:
    warning, sequence, prev = begin(pair, past)
    kind, grade = (StepKind.ISSUE, 1) if past == "nothing" else (StepKind.RAISE, 3)
    values = {"kind": int(kind), "grade": grade, "sequence": sequence, "prev": prev, "warning_id": warning}
    made = step(**(values | change))  # type: ignore[arg-type]
    answer = pair.play(pair.call(made, "officer"))
    assert (answer[0] == "events") == (change == {"town_code": 500107})


@pytest.mark.parametrize("by", ["stranger", "former", "issuing officer", "deciding rule"])
def test_who_may_not_issue(pair: Pair, by: str) -> None:
    warning, sequence, prev = begin(pair, "nothing")
    made = step(StepKind.ISSUE, 4, sequence, prev, warning_id=warning)
    assert pair.play(pair.call(made, by))[0] == "revert"


@pytest.mark.parametrize("by", ["one twice", "with a stranger"])
def test_who_may_not_close(pair: Pair, by: str) -> None:
    warning, sequence, prev = begin(pair, "open")
    made = step(StepKind.CLOSE, 2, sequence, prev, warning_id=warning)
    assert pair.play(pair.call(made, by))[0] == "revert"


def test_officers_come_once_and_never_again(pair: Pair) -> None:
    for key in (OFFICER, FORMER, RULE_RUN):
        signed = pair.signed(REGISTRAR, AppointOfficer(address(key)))
        made = warning_calls.appoint_officer(pair.contracts, address(key), signed)
        assert pair.play(made)[0] == "revert"
    for key in (FORMER, STRANGER, RULE_RUN):
        signed = pair.signed(REGISTRAR, DismissOfficer(address(key)))
        made = warning_calls.dismiss_officer(pair.contracts, address(key), signed)
        assert pair.play(made)[0] == "revert"


def test_views_agree(pair: Pair) -> None:
    for past in PASTS:
        warning, _, _ = begin(pair, past)
        asked = load(warning_calls.CONTRACT).function("warning").encode(warning)
        assert pair.gateway.call(warning_calls.registry(pair.contracts), asked) == pair.memory.view(asked)
    for name in ("officerStatus", "ruleKeyStatus"):
        for key in (OFFICER, FORMER, STRANGER, RULE_RUN):
            asked = load(warning_calls.CONTRACT).function(name).encode(address(key))
            assert pair.gateway.call(warning_calls.registry(pair.contracts), asked) == pair.memory.view(asked)
