"""Commands by which members decide: who belongs, who may send, which program, which key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.network.cli.application import (
    DEFAULT,
    Data,
    Json,
    Node,
    Operators,
    app,
    gate_of,
    keys_of,
    network_of,
    show,
    told,
)

if TYPE_CHECKING:
    from node.network.gate import Gate
    from node.network.local import LocalNetwork, LocalNode


@contextmanager
def _voting(
    data: Path, operators: list[Path] | None, node_url: str | None
) -> Iterator[tuple[LocalNetwork, Gate, list[bytes]]]:
    """The network of the folder, its contract, and the keys of those who vote here."""
    with told():
        network = network_of(data)
        keys = keys_of(network, operators)
        with gate_of(network, node_url) as gate:
            yield network, gate, keys


@app.command("add-validator")
def add_validator(
    name: Annotated[str | None, typer.Argument(help="本机新成员 / a new member on this machine.")] = None,
    file: Annotated[Path | None, typer.Option("--member", help="新成员的 member.json / its file.")] = None,
    state_sync: Annotated[
        bool, typer.Option("--state-sync", help="本机新成员取快照 / it takes a snapshot, not all blocks.")
    ] = False,
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """表决接纳成员 / vote a member in; with all operators' folders at hand it takes effect at once."""
    from node.network.gate import Proposal
    from node.network.member import Member

    if (name is None) == (file is None):
        raise typer.BadParameter(
            "请给出本机新成员名或 --member FILE / name a new member of this machine, or give --member FILE"
        )
    with _voting(data, operator, node_url) as (network, gate, keys):
        if file is not None:
            newcomer = Member.read(file)
        else:
            node = network.join(str(name), network.trusted() if state_sync else None)
            newcomer = node.member
        decision = gate.decide(keys, Proposal.add(newcomer))
        if name is not None:
            network.start(node)
        show(decision, as_json)


@app.command("remove-validator")
def remove_validator(
    name: Annotated[str, typer.Argument(help="成员名 / the member's name on the chain.")],
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """表决除名 / vote a member out; its node of this machine is stopped when the vote has passed."""
    from node.network.gate import Proposal
    from node.network.local import RECORD, NetworkFailed

    with _voting(data, operator, node_url) as (network, gate, keys):
        found_ = next((m for m in gate.members() if m["name"] == name), None)
        if found_ is None:
            raise NetworkFailed(f"链上没有成员 {name!r} / no member {name!r} on the chain")
        decision = gate.decide(keys, Proposal.remove(found_["operator"]))
        show(decision, as_json)
        here = network.nodes() if (data / RECORD).exists() else []
        if decision["executed"] and any(node.member.name == name for node in here):
            network.leave(name)


@app.command()
def upgrade(
    name: Annotated[str, typer.Argument(help="升级名 / name of the upgrade, as the new program knows it.")],
    height: Annotated[int, typer.Option(help="首个新块 / height of the first block by the new program.")],
    program: Annotated[Path | None, typer.Option(help="新程序 / the new program, for its checksum.")] = None,
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """表决在某高度升级 / vote to change the program at a height; all nodes stop there until the new one is started."""
    from node.network.gate import Proposal
    from node.network.program import facts

    with _voting(data, operator, node_url) as (_, gate, keys):
        checksum = bytes.fromhex(facts(program)["sha256"]) if program else bytes(32)
        show(gate.decide(keys, Proposal.upgrade(name, height, checksum)), as_json)


@app.command()
def approve(
    number: Annotated[int, typer.Argument(help="提案号 / number of the proposal.")],
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """赞成提案 / approve a proposal with the operators given."""
    with _voting(data, operator, node_url) as (_, gate, keys):
        for key in keys:
            if not gate.proposal(number)["executed"]:
                gate.approve(key, number)
        show(gate.proposal(number), as_json)


@app.command()
def grant(
    account: Annotated[list[str], typer.Argument(help="账户 / accounts.")],
    permissions: Annotated[
        int, typer.Option(min=0, max=3, help="1 发送 2 部署 3 两者 0 收回 / send, deploy, both, none.")
    ],
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
) -> None:
    """给账户权限 / give accounts permissions, by the first operator; only it (or a vote) takes them back."""
    with _voting(data, operator, node_url) as (_, gate, keys):
        gate.grant(keys[0], account, permissions)


@app.command("replace-key")
def replace_key(
    seat: Annotated[str, typer.Argument(help="席位的投票账户 / the operator's account of the seat.")],
    key: Annotated[str, typer.Argument(help="新共识公钥 / the new consensus key, as rotate-key tells it.")],
    operator: Operators = None,
    node_url: Node = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """在投票密钥所在机器上提议换钥 / propose a new consensus key where the operator's key lies."""
    with _voting(data, operator, node_url) as (_, gate, keys):
        show(gate.replace_key(keys, seat, key), as_json)


@app.command("rotate-key")
def rotate_key(
    name: Annotated[str, typer.Argument(help="本机成员 / a member of this machine.")],
    operator: Operators = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """更换共识密钥 / a new consensus key: made here, voted in, taken up. Run it again when the vote has passed.

    A node that systemd runs is stopped and started by systemctl: the command says how.
    """
    from node.network import processes, rotation

    with told():
        network = network_of(data)
        node = network.node(name)
        processes.require_owner(node.home)
        key = rotation.prepare(node.home, network.program)
        if rotation.voted(node.home) and network.running(node) is None:
            network.require_stopped(node)
            _take_up(network, node)
            show({"consensus_key": key, "taken_up": True}, as_json)
            return
        with gate_of(network) as gate:
            held = operator or (node.home / "operator.key").exists() or len(network.nodes()) > 1
            keys = keys_of(network, operator) if held else []
            decision = gate.replace_key(keys, node.member.operator, key)
        show(decision, as_json)
        if not decision["executed"]:
            return
        running = network.running(node)
        if running is not None and not running.ours:
            rotation.note_vote(node.home)
            raise rotation.stop_first(name, data, running)
        network.stop(node)
        _take_up(network, node)
        network.start(node)


def _take_up(network: LocalNetwork, node: LocalNode) -> None:
    from node.network import rotation

    rotation.take_up(node.home)
    network.refresh(node)
