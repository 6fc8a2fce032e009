"""The AccountGate contract from a member's side: permissions, proposals, approvals.

Every act is a transaction of the member's operator. A refused one is told before it is sent (the call is simulated),
because the engine drops a transaction that it does not take without a word.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chain.abi import ACCOUNT_GATE, Artifact, load
from chain.errors import CallReverted
from chain.gateway import ChainGateway
from chain.gateway_network import GATE, TRANSACT
from chain.transactions import Sender, checksum_address
from node.errors import NodeError
from node.network.member import Member

ADDRESS = GATE
GAS = 2_000_000
"""Limit of one act; the dearest, adding a member, uses about 400,000."""
RESEND = 5.0
"""Seconds after which an act that is in no block yet is handed over again."""


class Action(IntEnum):
    """What members vote on, in the contract's order."""

    ADD_MEMBER = 0
    REMOVE_MEMBER = 1
    REPLACE_KEY = 2
    SET_PERMISSIONS = 3
    SET_PARAMETER = 4
    SCHEDULE_UPGRADE = 5
    CANCEL_UPGRADE = 6


class ActRefused(NodeError):
    """The contract refused, or the transaction was not mined in time."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision; fields that the action does not use stay empty."""

    action: Action
    account: str = "0x" + "00" * 20
    key: bytes = bytes(32)
    value: int = 0
    label: str = ""

    def as_tuple(self) -> tuple[int, str, bytes, int, bytes]:
        """The fields as the contract takes them."""
        return (
            int(self.action),
            self.account,
            self.key,
            self.value,
            self.label.encode("ascii").ljust(32, b"\0"),
        )

    @classmethod
    def add(cls, member: Member) -> Proposal:
        """To take a member in."""
        node = int(member.node, 16)
        return cls(Action.ADD_MEMBER, member.operator, bytes.fromhex(member.consensus_key), node, member.name)

    @classmethod
    def remove(cls, operator: str) -> Proposal:
        """To exclude a member."""
        return cls(Action.REMOVE_MEMBER, operator)

    @classmethod
    def upgrade(cls, name: str, height: int, checksum: bytes = bytes(32)) -> Proposal:
        """To change the program at a height; `checksum` is the SHA-256 of the new one."""
        return cls(Action.SCHEDULE_UPGRADE, key=checksum, value=height, label=name)


class Gate:
    """The contract behind a gateway."""

    def __init__(self, gateway: ChainGateway, mined_within: float = 30.0) -> None:
        self._gateway = gateway
        self._mined_within = mined_within
        self._artifact: Artifact = load(ACCOUNT_GATE)

    # -- reading

    def _ask(self, name: str, *arguments: Any) -> tuple[Any, ...]:
        function = self._artifact.function(name)
        return function.decode(self._gateway.call(ADDRESS, function.encode(*arguments)))

    def members(self) -> list[dict[str, str]]:
        """Operator, consensus key and name of each member."""
        return [
            {
                "operator": checksum_address(bytes.fromhex(operator[2:])),
                "consensus_key": key.hex(),
                "name": name.rstrip(b"\0").decode("ascii"),
            }
            for operator, key, name in self._ask("members")[0]
        ]

    def permissions(self, account: str) -> int:
        """1 transact, 2 deploy, 4 administer, 8 validate, added up."""
        return int(self._ask("permissionsOf", account)[0])

    def quorum(self) -> int:
        """Approvals that a proposal needs now."""
        return int(self._ask("quorum")[0])

    def upgrade(self) -> dict[str, Any]:
        """The planned upgrade; height 0 when none is."""
        name, height, checksum = self._ask("upgrade")[0]
        return {"name": name.rstrip(b"\0").decode("ascii"), "height": height, "sha256": checksum.hex()}

    def parameter(self, name: str) -> int:
        """Value that the members gave a parameter, 0 while it has that of the genesis."""
        return int(self._ask("parameterOf", name.encode("ascii").ljust(32, b"\0"))[0])

    def suspended(self, consensus_key: str) -> int:
        """Height at which a member's key was suspended for signing two blocks of one height; 0: it was not."""
        return int(self._ask("suspendedAt", bytes.fromhex(consensus_key))[0])

    def proposal(self, number: int) -> dict[str, Any]:
        """A proposal with its approvals."""
        (action, account, key, value, label), approvals, expires, executed = self._ask("proposalOf", number)
        if expires == 0:
            raise ActRefused(f"there is no proposal {number}")
        return {
            "id": number,
            "action": Action(action).name.lower(),
            "account": account,
            "key": key.hex(),
            "value": value,
            "label": label.rstrip(b"\0").decode("ascii", "replace"),
            "approvals": approvals,
            "expires": expires,
            "executed": executed,
        }

    def proposals(self) -> list[dict[str, Any]]:
        """All proposals, the newest first."""
        return [self.proposal(n) for n in range(int(self._ask("proposalCount")[0]), 0, -1)]

    # -- acting

    def _act(self, key: bytes, name: str, *arguments: Any) -> None:
        sender = Sender(key, self._gateway.chain_id())
        if not self.permissions(sender.address) & TRANSACT:
            raise ActRefused(f"{sender.address} may not send transactions on this network")
        data = self._artifact.function(name).encode(*arguments)
        self._simulate(sender.address, data)
        signed = sender.sign(ADDRESS, data, self._gateway.transaction_count(sender.address), GAS)
        deadline, sent = time.monotonic() + self._mined_within, float("-inf")
        while True:
            if time.monotonic() - sent > RESEND:  # what the engine took it may still drop, without a word
                result = self._gateway.send([signed.raw])[0]
                sent = time.monotonic()
            # Not the receipt: for a waiting transaction the engine holds that answer back for many seconds.
            found = self._gateway.transactions([signed.hash])[0]
            if found is not None and found.block_number is not None:
                break
            if time.monotonic() > deadline:
                raise ActRefused(
                    f"not mined within {self._mined_within:.0f} s ({result.reason or result.outcome})"
                )
            time.sleep(0.2)
        receipt = self._gateway.receipts([signed.hash])[0]
        if receipt is None or not receipt.ok:
            raise ActRefused(f"{name} was reverted")

    def _simulate(self, sender: str, data: bytes) -> None:
        request = getattr(self._gateway, "request", None)
        if request is None:
            return
        from chain.errors import RpcRefused

        try:
            request(
                "eth_call",
                {"from": sender, "to": ADDRESS, "data": "0x" + data.hex(), "gas": hex(GAS)},
                "latest",
            )
        except RpcRefused as refusal:
            raw = refusal.data if isinstance(refusal.data, str) and refusal.data.startswith("0x") else "0x"
            reason = self._artifact.decode_error(bytes.fromhex(raw[2:]))
            raise ActRefused(str(reason) if reason else refusal.message) from refusal
        except CallReverted as refusal:
            raise ActRefused(str(refusal)) from refusal

    def propose(self, key: bytes, proposal: Proposal) -> int:
        """Put a proposal to the vote with the operator's `key`; its number. Raises `ActRefused`."""
        before = int(self._ask("proposalCount")[0])
        self._act(key, "propose", proposal.as_tuple())
        for number in range(int(self._ask("proposalCount")[0]), before, -1):
            (action, *rest), *_ = self._ask("proposalOf", number)
            if (action, *rest) == (int(proposal.action), proposal.account.lower(), *proposal.as_tuple()[2:]):
                return number
        raise ActRefused("the proposal is mined but cannot be found")

    def approve(self, key: bytes, number: int) -> None:
        """Approve a proposal. Raises `ActRefused`."""
        self._act(key, "approve", number)

    def decide(self, keys: Sequence[bytes], proposal: Proposal) -> dict[str, Any]:
        """Propose with the first key and approve with the others until it takes effect; the proposal as it stands then."""
        return self._approved(keys[1:], self.propose(keys[0], proposal))

    def _approved(self, keys: Sequence[bytes], number: int) -> dict[str, Any]:
        """The proposal after these keys approved it, as far as that was still needed."""
        for key in keys:
            if self.proposal(number)["executed"]:
                break
            self.approve(key, number)
        return self.proposal(number)

    def replace_key(self, keys: Sequence[bytes], operator: str, consensus_key: str) -> dict[str, Any]:
        """Vote a consensus key (hexadecimal) in for a seat; asked again, the vote that is open or done.

        Without keys the vote is only looked up. Raises `ActRefused`.
        """
        wanted = Proposal(Action.REPLACE_KEY, operator, bytes.fromhex(consensus_key))
        for held in self.proposals():
            if (held["action"], held["key"]) == ("replace_key", consensus_key):
                return self._approved(keys, held["id"])
        if not keys:
            line = f"concord network replace-key {operator} {consensus_key} --operator DIR --node URL"
            raise ActRefused(
                f"尚无人提议此密钥：请在投票密钥所在机器上执行 {line} / "
                f"nobody has proposed this key: run `{line}` where the operator's key lies"
            )
        return self.decide(keys, wanted)

    def grant(self, key: bytes, accounts: Sequence[str], permissions: int) -> None:
        """Give accounts permissions (1 transact, 2 deploy, 3 both), or take them back (0). Raises `ActRefused`."""
        self._act(key, "grant", list(accounts), permissions)

    def allow_node(self, key: bytes, node: str) -> None:
        """A further node (40 hexadecimal digits) of the member whose operator has `key`. Raises `ActRefused`."""
        self._act(key, "allowNode", bytes.fromhex(node))
