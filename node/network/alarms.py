"""Alarms of a validator network: what a person must look at, judged from facts alone.

`judge` takes what nodes say about themselves (`local.LocalNetwork.status`) and asks nobody. Critical means that the
network stands, is about to, or that a node of ours is away; a warning means that its reserve is being used up. The same
rules for a Prometheus server stand in docs/operations/network-alarms.yml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

HALT_SECONDS = 30.0
"""A head older than this means that the network stands: an outage here is a halt, never a fork."""

_TEXTS: dict[str, tuple[str, str]] = {
    "halted": (
        "网络停止出块：最新区块已 {age} 秒；恢复到三分之二以上的成员后自动继续",
        "the network stands: its newest block is {age} s old; it goes on when more than two thirds of the members run",
    ),
    "node_down": ("节点 {member} 未运行或不应答", "the node of {member} does not run, or does not answer"),
    "node_behind": (
        "节点 {member} 落后 {blocks} 个区块",
        "the node of {member} is {blocks} blocks behind the others",
    ),
    "peers_few": (
        "节点 {member} 只连接到 {peers} 个节点，应为 {expected} 个",
        "the node of {member} is connected to {peers} nodes instead of {expected}",
    ),
    "validator_missing": (
        "{missing} 个验证人未签名，至多可缺 {spare} 个",
        "{missing} validators do not sign; {spare} may be missing before the network stands",
    ),
    "no_spare": (
        "{missing} 个验证人未签名，再停一个网络即停止",
        "{missing} validators do not sign: with one more the network stands",
    ),
    "double_signer": (
        "有验证人对同一高度签了两个区块",
        "a validator signed two blocks of one height",
    ),
    "suspended": (
        "成员 {member} 因重复签名被停用，须换钥并表决恢复",
        "{member} is suspended for signing two blocks of one height: it comes back with a new key and a vote",
    ),
    "disk_low": (
        "节点 {member} 磁盘只剩 {free} MB",
        "the disk of {member} has {free} MB left",
    ),
    "disk_full": (
        "节点 {member} 磁盘将满（{free} MB），即将停止",
        "the disk of {member} is all but full ({free} MB): the node is about to stop",
    ),
    "memory_high": (
        "节点 {member} 占用内存 {memory} MB，上限 {limit} MB",
        "the node of {member} uses {memory} MB of memory; {limit} MB are planned",
    ),
    "clock_behind": (
        "节点 {member} 的机器时钟慢 {seconds} 秒，请检查授时",
        "the clock of {member}'s machine is {seconds} s behind the network's: check its time service",
    ),
}
CODES = tuple(f"network.{name}" for name in _TEXTS)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on facts are alarms. Ages in seconds, memory and disk in MB (2^20 bytes), distances in blocks."""

    halt: float = HALT_SECONDS
    behind: int = 20
    disk_low: int = 5_000
    disk_full: int = 500
    memory: int = 400
    clock: float = 2.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should look at."""

    code: str
    critical: bool
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, str]:
        """Chinese and English."""
        chinese, english = _TEXTS[self.code.removeprefix("network.")]
        return chinese.format(**self.facts), english.format(**self.facts)

    def as_facts(self) -> dict[str, Any]:
        """For JSON."""
        chinese, english = self.texts
        return {**asdict(self), "text_zh": chinese, "text_en": english}


def _alarm(name: str, critical: bool, **facts: Any) -> Alarm:
    return Alarm(f"network.{name}", critical, facts)


def spare(members: int) -> int:
    """How many of `members` may be missing: more than two thirds must sign (CometBFT's bound)."""
    return (members - 1) // 3


def judge(
    nodes: Sequence[Mapping[str, Any]],
    members: int,
    *,
    suspended: Sequence[str] = (),
    limits: Limits | None = None,
) -> list[Alarm]:
    """Alarms about these nodes, the critical ones first.

    nodes: `LocalNetwork.status` of each node of this machine, with the name as `member`; a real member has one.
    members: how many the whole network has. suspended: names of members whose key is suspended.
    """
    set_ = limits or Limits()
    found = [alarm for node in nodes for alarm in _about(node, members, set_)]
    found += _together(nodes, members, set_)
    found += [_alarm("suspended", True, member=name) for name in suspended]
    return sorted(found, key=lambda alarm: not alarm.critical)


def _about(node: Mapping[str, Any], members: int, limits: Limits) -> list[Alarm]:
    name, found = node["member"], []
    if node["height"] is None:
        found.append(_alarm("node_down", True, member=name))
    elif node["peers"] is not None and node["peers"] < members - 1:
        found.append(_alarm("peers_few", False, member=name, peers=node["peers"], expected=members - 1))
    free = node["disk_free_mb"]
    if free < limits.disk_full:
        found.append(_alarm("disk_full", True, member=name, free=free))
    elif free < limits.disk_low:
        found.append(_alarm("disk_low", False, member=name, free=free))
    if node["memory_mb"] is not None and node["memory_mb"] > limits.memory:
        found.append(_alarm("memory_high", False, member=name, memory=node["memory_mb"], limit=limits.memory))
    if node["head_age"] is not None and node["head_age"] < -limits.clock:
        found.append(_alarm("clock_behind", False, member=name, seconds=-node["head_age"]))
    return found


def _together(nodes: Sequence[Mapping[str, Any]], members: int, limits: Limits) -> list[Alarm]:
    found: list[Alarm] = []
    answering = [node for node in nodes if node["height"] is not None]
    ages = [node["head_age"] for node in answering if node["head_age"] is not None]
    if not ages or min(ages) > limits.halt:
        found.append(_alarm("halted", True, age=min(ages) if ages else "?"))
    highest = max((node["height"] for node in answering), default=0)
    found += [
        _alarm("node_behind", False, member=node["member"], blocks=highest - node["height"])
        for node in answering
        if highest - node["height"] > limits.behind
    ]
    missing = max((node["missing_validators"] or 0 for node in answering), default=0)
    if missing >= spare(members) > 0:
        found.append(_alarm("no_spare", False, missing=missing))
    elif missing:
        found.append(_alarm("validator_missing", False, missing=missing, spare=spare(members)))
    if any(node["byzantine_validators"] for node in answering):
        found.append(_alarm("double_signer", True))
    return found
