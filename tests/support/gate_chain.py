"""A validator network in memory: the gateway with an AccountGate that four members vote on, and one without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode

from chain.abi import ACCOUNT_GATE, load
from chain.deployer import DeployedContract, Deployment
from chain.gateway_memory import MemoryGateway
from chain.gateway_network import GATE
from chain.memory_contracts import Emitted, MemoryRevert, UnknownCall, emit
from chain.transactions import Sender, address_bytes

CHAIN_ID = 20_261
NAMES = ("hr", "court", "union", "notary")
KEYS = [bytes([40 + place] * 32) for place in range(len(NAMES))]
MEMBERS = [Sender(key, CHAIN_ID) for key in KEYS]
EMPTY = "0x" + "00" * 20
RELAY = Sender(bytes([50] * 32), CHAIN_ID).address
ACCOUNT = "0x" + "5A" * 20
ZERO = bytes(32)
ADD, REMOVE, REPLACE_KEY, SET_PERMISSIONS, SET_PARAMETER, UPGRADE, CANCEL = range(7)


def word(text: str) -> bytes:
    """A label as the contract keeps it."""
    return text.encode("ascii").ljust(32, b"\0")


class MemoryAccountGate:
    """`AccountGate` without its checks: what it stores, counts and emits. `acting` is the sender of the next call."""

    CODE = load(ACCOUNT_GATE).deployed_bytecode

    def __init__(self, members: Sequence[Sender] = MEMBERS, names: Sequence[str] = NAMES) -> None:
        self.acting = ""
        self.now = 0
        self.voting_time = 30 * 86_400
        self.suspended: dict[bytes, int] = {}
        self._seats = {
            member.address.lower(): [bytes([60 + place] * 32), word(name), [bytes([80 + place] * 20)]]
            for place, (member, name) in enumerate(zip(members, names, strict=True))
        }
        self._grants = dict.fromkeys(self._seats, (15, GATE))
        self._parameters: dict[bytes, int] = {}
        self._upgrade: tuple[bytes, int, bytes] = (ZERO, 0, ZERO)
        self._ballots: list[dict[str, Any]] = []
        self._revision = 0

    # -- acting

    def execute(self, data: bytes) -> list[Emitted]:
        for name, act in (("propose", self._propose), ("approve", self._approve), ("grant", self._grant)):
            function = load(ACCOUNT_GATE).function(name)
            if data[:4] == function.selector:
                return act(*function.decode_call(data))
        raise UnknownCall

    def _propose(self, proposal: tuple[Any, ...]) -> list[Emitted]:
        ballot = {"proposal": proposal, "expires": self.now + self.voting_time, "by": [], "done": False}
        self._ballots.append(ballot)
        number = len(self._ballots)
        proposed = emit(
            ACCOUNT_GATE, "Proposed", id=number, by=self.acting, proposal=proposal, expires=ballot["expires"]
        )
        return [proposed, *self._approve(number)]

    def _approve(self, number: int) -> list[Emitted]:
        ballot = self._ballots[number - 1]
        if ballot["done"] or self.now >= ballot["expires"]:
            raise MemoryRevert("NotOpen(uint256)", number)
        ballot["by"].append(self.acting.lower())
        count = self._count(ballot)
        emitted = [emit(ACCOUNT_GATE, "Approved", id=number, by=self.acting, approvals=count)]
        if count >= self._quorum():
            ballot["done"] = True
            self._revision += 1
            emitted += [*self._apply(ballot["proposal"]), emit(ACCOUNT_GATE, "Executed", id=number)]
        return emitted

    def _apply(self, proposal: tuple[Any, ...]) -> list[Emitted]:
        action, account, key, value, label = proposal
        account = account.lower()
        if action == ADD:
            self._seats[account] = [key, label, [value.to_bytes(20, "big")]]
            return [self._node(account, value.to_bytes(20, "big"), True), *self._set(account, 15, GATE)]
        if action == REMOVE:
            nodes = self._seats.pop(account)[2]
            return [*(self._node(account, n, False) for n in nodes), *self._set(account, 0, GATE)]
        if action == REPLACE_KEY:
            self._seats[account][0] = key
        elif action == SET_PERMISSIONS:
            return self._set(account, value, GATE)
        elif action == SET_PARAMETER:
            self._parameters[label] = value
        elif action == UPGRADE:
            self._upgrade = (label, value, key)
        else:
            self._upgrade = (ZERO, 0, ZERO)
        return []

    def _grant(self, accounts: Sequence[str], permissions: int) -> list[Emitted]:
        return [e for account in accounts for e in self._set(account.lower(), permissions, self.acting)]

    def _set(self, account: str, permissions: int, grantor: str) -> list[Emitted]:
        self._grants[account] = (permissions, grantor)
        fields = {"account": account, "permissions": permissions, "grantor": grantor}
        return [emit(ACCOUNT_GATE, "PermissionsSet", **fields)]

    @staticmethod
    def _node(member: str, node: bytes, allowed: bool) -> Emitted:
        return emit(ACCOUNT_GATE, "NodeSet", member=member, node=node, allowed=allowed)

    # -- reading

    def view(self, data: bytes) -> bytes:
        answers = {
            "members": lambda: [[(o, seat[0], seat[1]) for o, seat in self._seats.items()]],
            "nodesOf": lambda operator: [self._seats[operator.lower()][2]],
            "permissionsOf": lambda account: self._grants.get(account.lower(), (0, EMPTY)),
            "quorum": lambda: [self._quorum()],
            "proposalOf": self._proposal,
            "proposalCount": lambda: [len(self._ballots)],
            "upgrade": lambda: [self._upgrade],
            "parameterOf": lambda label: [self._parameters.get(label, 0)],
            "suspendedAt": lambda key: [self.suspended.get(key, 0)],
            "revision": lambda: [self._revision],
        }
        for name, answer in answers.items():
            function = load(ACCOUNT_GATE).function(name)
            if data[:4] == function.selector:
                return encode(function.outputs, answer(*function.decode_call(data)))  # type: ignore[operator]
        raise UnknownCall

    def _proposal(self, number: int) -> list[Any]:
        ballot = self._ballots[number - 1]
        return [ballot["proposal"], self._count(ballot), ballot["expires"], ballot["done"]]

    def _count(self, ballot: dict[str, Any]) -> int:
        return sum(operator in ballot["by"] for operator in self._seats)

    def _quorum(self) -> int:
        return len(self._seats) * 2 // 3 + 1


class MemoryGovernanceAccount:
    """`GovernanceAccount`, to be read only: two of three."""

    CODE = load("GovernanceAccount").deployed_bytecode
    SIGNERS = tuple(address_bytes(member.address) for member in MEMBERS[:3])

    def execute(self, data: bytes) -> list[Emitted]:
        raise UnknownCall

    def view(self, data: bytes) -> bytes:
        contract = load("GovernanceAccount")
        for name, values in (
            ("threshold", [2]),
            ("getSignerCount", [len(self.SIGNERS)]),
            ("getSigners", [self.SIGNERS]),
            ("nonce", [5]),
        ):
            function = contract.function(name)
            if data[:4] == function.selector:
                return encode(function.outputs, values)
        raise UnknownCall


class GateChain:
    """A chain with the gate (or, as the embedded one, without) and the contracts' account."""

    def __init__(self, *, network: bool = True, genesis_time: int = 1_795_000_000) -> None:
        self.gate = MemoryAccountGate()
        contracts: dict[str, Any] = {ACCOUNT: MemoryGovernanceAccount()}
        if network:
            contracts[GATE] = self.gate
        self.gateway = MemoryGateway(lambda: contracts, chain_id=CHAIN_ID, genesis_time=genesis_time)
        self._nonces: dict[str, int] = {}

    def act(self, member: int, name: str, *arguments: Any) -> bytes:
        """A member's call, mined; the transaction's hash."""
        sender = MEMBERS[member]
        nonce = self._nonces.get(sender.address, 0)
        self._nonces[sender.address] = nonce + 1
        data = load(ACCOUNT_GATE).function(name).encode(*arguments)
        signed = sender.sign(GATE, data, nonce, 2_000_000)
        self.gateway.send([signed.raw])
        self.gate.acting = sender.address
        self.gate.now = self.gateway.head().timestamp + 1
        self.gateway.mine()
        receipt = self.gateway.receipts([signed.hash])[0]
        assert receipt is not None
        assert receipt.ok
        return signed.hash

    def propose(
        self,
        member: int,
        action: int,
        account: str = EMPTY,
        key: bytes = ZERO,
        value: int = 0,
        label: str = "",
    ) -> bytes:
        """A member's proposal, mined."""
        return self.act(member, "propose", (action, account, key, value, word(label)))

    def decide(self, *proposal: Any, **fields: Any) -> bytes:
        """A proposal of the first member, approved by the next ones until it is in effect; hash of the deciding vote."""
        last = self.propose(0, *proposal, **fields)
        ballot = self.gate._ballots[-1]
        for member in range(1, len(MEMBERS)):
            if not ballot["done"]:
                last = self.act(member, "approve", len(self.gate._ballots))
        return last

    def deployment(self) -> Deployment:
        """The record of an installation whose account stands here."""
        account = DeployedContract(ACCOUNT, "00" * 32, "00" * 32, 1)
        return Deployment(
            v=1, chain_id=CHAIN_ID, genesis_hash="00" * 32, log_origin="concord.example/log", test=True,
            domain_name="Concord TEST", domain_salt="00" * 32, deployer=RELAY,
            contracts={"GovernanceAccount": account}, registrars=(), issuers=(), governance_signers=(),
            governance_threshold=2, admin_delay=3_600,
        )  # fmt: skip
