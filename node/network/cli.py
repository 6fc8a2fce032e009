"""``concord network``: the validator network from a member's side (Typer; facts as JSON on request).

`init` makes a network whose members all live on this machine, for demonstrations and tests. Real members run `member`,
`found` and `join` instead, each by himself (docs/operations/network.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from node.errors import NodeError

app = typer.Typer(
    name="network", help="验证人网络 / the validator network of several organisations.", no_args_is_help=True
)
_console = Console(stderr=True)
_DEFAULT = Path("var/network")
LOCAL_MEMBERS = ("hr", "court", "union", "notary")

Data = Annotated[Path, typer.Option("--data", help="网络目录 / folder of the network on this machine.")]
Json = Annotated[bool, typer.Option("--json", help="机器可读 / print facts as JSON.")]
Names = Annotated[list[str] | None, typer.Argument(help="成员名，缺省为全部 / members, all when not given.")]
Operators = Annotated[
    list[Path] | None,
    typer.Option("--operator", help="有投票密钥的成员目录 / folder of a member that votes; repeat it."),
]


def _show(facts: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
        return
    rows = facts if isinstance(facts, list) else [facts]
    for row in rows:
        table = Table(show_header=False, box=None)
        for name, value in row.items():
            table.add_row(name, "-" if value is None else str(value))
        Console().print(table)


@contextmanager
def _told() -> Iterator[None]:
    """An error of ours becomes one line and an exit code."""
    from chain.errors import ChainError

    try:
        yield
    except NodeError as error:
        typer.echo(f"concord network: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    except ChainError as error:
        typer.echo(f"concord network: {error}", err=True)
        raise typer.Exit(1) from error


def _network(data: Path) -> Any:
    from node.network.local import LocalNetwork
    from node.network.program import find

    return LocalNetwork(data, find())


def _chosen(network: Any, names: list[str] | None) -> list[Any]:
    return [network.node(name) for name in names] if names else network.nodes()


@contextmanager
def _gate(network: Any) -> Iterator[Any]:
    """The contract through the first node of this folder that runs."""
    from chain.gateway_rpc import RpcGateway
    from node.network.gate import Gate
    from node.network.local import NetworkFailed

    node = next((n for n in network.nodes() if network.pid(n) is not None), None)
    if node is None:
        raise NetworkFailed("no node of this folder runs: start one")
    with RpcGateway(node.evm_url, timeout=60.0) as gateway:
        yield Gate(gateway)


def _keys(network: Any, operators: list[Path] | None) -> list[bytes]:
    from node.network.member import operator_key

    homes = operators or [node.home for node in network.nodes() if (node.home / "operator.key").exists()]
    return [operator_key(home) for home in homes]


@app.command()
def build(as_json: Json = False) -> None:
    """构建引擎 / build the engine from node/engine where it is missing; checksum and version."""
    from node.network import program

    with _told():
        path = program.build(lambda text: _console.print(text, highlight=False))
        _show({"program": str(path), **program.facts(path)}, as_json)


@app.command()
def init(
    org: Annotated[list[str] | None, typer.Option("--org", help="成员 / a member; repeat it.")] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(help="ADDRESS=1|2|3：账户权限 / an account's permissions from the start."),
    ] = None,
    data: Data = _DEFAULT,
    chain: Annotated[str, typer.Option(help="网络名 / name of the network.")] = "concord-local",
    evm_chain_id: Annotated[
        int | None, typer.Option(help="链号，缺省随机 / chain id (EIP-155); random when not given.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="首个端口 / first port; free ones when not given.")] = None,
    block_ms: Annotated[int, typer.Option(help="块间停顿毫秒 / pause after a block, milliseconds.")] = 1_000,
    as_json: Json = False,
) -> None:
    """本机网络：每个成员一个目录 / a network whose members all live on this machine, each in a folder of its own."""
    from node.network.local import LocalNetwork
    from node.network.program import build as build_program

    grants = {}
    for item in grant or []:
        account, _, bits = item.partition("=")
        if bits not in {"1", "2", "3"}:
            raise typer.BadParameter("say ADDRESS=1, ADDRESS=2 or ADDRESS=3")
        grants[account] = int(bits)
    with _told():
        program = build_program(lambda text: _console.print(text, highlight=False))
        names = org or list(LOCAL_MEMBERS)
        network = LocalNetwork.found(
            data, program, names, chain=chain, evm_chain_id=evm_chain_id,
            grants=grants, first_port=port, block_ms=block_ms,
        )  # fmt: skip
        record = network.record()
        _show(
            {k: record[k] for k in ("chain", "evm_chain_id", "genesis_sha256")} | {"members": names}, as_json
        )


@app.command()
def member(
    name: Annotated[str, typer.Option(help="成员名 / the member's name.")],
    p2p: Annotated[str, typer.Option(help="HOST:PORT，供其他成员连接 / where the others reach this node.")],
    home: Annotated[Path, typer.Option(help="本成员目录 / the member's own folder.")],
    as_json: Json = False,
) -> None:
    """本机构自己的密钥与公开信息 / one organisation's own keys; `member.json` is what it hands to the others."""
    from dataclasses import asdict

    from node.network.member import make
    from node.network.program import find

    with _told():
        _show(asdict(make(home, name, p2p, find())), as_json)


@app.command()
def found(
    members: Annotated[list[Path], typer.Argument(help="各成员的 member.json / the members' files.")],
    out: Annotated[Path, typer.Option(help="创世文件 / the genesis file to write.")],
    chain: Annotated[str, typer.Option(help="网络名 / name of the network.")],
    evm_chain_id: Annotated[int, typer.Option(help="链号 / chain id (EIP-155), agreed on by all.")],
    genesis_time: Annotated[int, typer.Option(help="创世时间 / seconds since 1970, agreed on by all.")],
    as_json: Json = False,
) -> None:
    """创世文件：各方各自生成并比对摘要 / the genesis; every member builds it by himself and compares the SHA-256."""
    from node.network import founding
    from node.network.member import Member
    from node.network.program import find

    with _told():
        parties = sorted((Member.read(path) for path in members), key=lambda m: m.name)
        description = founding.describe(
            parties, chain=chain, grants={}, evm_chain_id=evm_chain_id, genesis_time=genesis_time
        )
        _show({"genesis_sha256": founding.build(description, out, find())}, as_json)


@app.command()
def join(
    home: Annotated[Path, typer.Option(help="本成员目录 / the member's own folder.")],
    genesis: Annotated[Path, typer.Option(help="创世文件 / the genesis file.")],
    sha256: Annotated[str, typer.Option(help="各方约定的摘要 / the SHA-256 that the members agreed on.")],
    peer: Annotated[
        list[Path], typer.Option(help="其他成员的 member.json / another member's file; repeat it.")
    ],
    listen: Annotated[
        str, typer.Option(help="节点监听地址 / address on which the node listens.")
    ] = "0.0.0.0",  # noqa: S104
    port: Annotated[int, typer.Option(help="首个端口 / first of five ports.")] = 27_000,
    snapshot_from: Annotated[
        list[str] | None,
        typer.Option(
            help="http://HOST:PORT，成员的 RPC / members' RPC to check a snapshot against; repeat it."
        ),
    ] = None,
    trust_height: Annotated[int, typer.Option(help="可信区块高度 / height of a block that you trust.")] = 0,
    trust_hash: Annotated[
        str, typer.Option(help="该区块的哈希 / that block's hash, told on another way.")
    ] = "",
) -> None:
    """写入本节点配置 / write this node's configuration, for a genesis with exactly that SHA-256.

    With --snapshot-from the first start takes a snapshot of the others instead of replaying all blocks.
    """
    from node.network import configuration
    from node.network.local import NetworkFailed
    from node.network.member import Member

    with _told():
        data = genesis.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256.lower():
            raise NetworkFailed(
                f"{genesis.name} is another genesis: SHA-256 {hashlib.sha256(data).hexdigest()}"
            )
        others = [Member.read(path) for path in peer]
        sync = (
            configuration.StateSync(tuple(snapshot_from), trust_height, trust_hash) if snapshot_from else None
        )
        chain_id = json.loads((genesis.parent / "description.json").read_bytes())["evm_chain_id"]
        configuration.write(
            home, Member.read(home / "member.json"), others, configuration.Ports.block(port), chain_id, data,
            listen=listen, local=False, state_sync=sync,
        )  # fmt: skip
        typer.echo(str(home / "config"))


@app.command()
def start(names: Names = None, data: Data = _DEFAULT, as_json: Json = False) -> None:
    """启动节点 / start nodes in the background and wait for their first block."""
    with _told():
        network = _network(data)
        nodes = _chosen(network, names)
        for node in nodes:
            network.start(node)
        if len(nodes) * 3 > len(network.nodes()) * 2:  # fewer than that make no block
            for node in nodes:
                network.wait(node, 1)
        _show(
            [{"member": node.member.name, "evm": node.evm_url, "pid": network.pid(node)} for node in nodes],
            as_json,
        )


@app.command()
def stop(names: Names = None, data: Data = _DEFAULT) -> None:
    """停止节点 / stop nodes."""
    with _told():
        network = _network(data)
        for node in _chosen(network, names):
            network.stop(node)


@app.command()
def status(
    data: Data = _DEFAULT,
    strict: Annotated[bool, typer.Option("--strict", help="警告也算失败 / warnings fail as well.")] = False,
    as_json: Json = False,
) -> None:
    """高度、块龄、邻居、内存、成员、提案、程序摘要与告警 / what the nodes say, the members, and the alarms in two languages.

    Exit code 1 when there is a critical alarm (with --strict: any alarm), so that a timer or a cron job can call it.
    """
    from node.network.alarms import judge
    from node.network.program import facts

    with _told():
        network = _network(data)
        nodes = [{"member": node.member.name, **network.status(node)} for node in network.nodes()]
        told: dict[str, Any] = {"program": facts(network.program), "nodes": nodes}
        count, suspended = len(nodes), []
        if any(node["height"] is not None for node in nodes):
            with _gate(network) as gate:
                members = [m | {"suspended": gate.suspended(m["consensus_key"])} for m in gate.members()]
                told |= {
                    "members": members,
                    "quorum": gate.quorum(),
                    "upgrade": gate.upgrade(),
                    "proposals": [p for p in gate.proposals() if not p["executed"]],
                }
            count = len(members)
            suspended = [str(m["name"]) for m in members if m["suspended"]]
        alarms = judge(nodes, count, suspended=suspended)
        told["halted"] = any(alarm.code == "network.halted" for alarm in alarms)
        told["alarms"] = [alarm.as_facts() for alarm in alarms]
        _show(told if as_json else nodes + [{k: v for k, v in told.items() if k not in _APART}], as_json)
    for alarm in alarms:
        chinese, english = alarm.texts
        typer.echo(f"{'!!' if alarm.critical else '! '} {alarm.code}: {chinese} / {english}", err=True)
    if any(alarm.critical or strict for alarm in alarms):
        raise typer.Exit(1)


_APART = ("nodes", "alarms")


@app.command("add-validator")
def add_validator(
    name: Annotated[str | None, typer.Argument(help="本机新成员 / a new member on this machine.")] = None,
    file: Annotated[Path | None, typer.Option("--member", help="新成员的 member.json / its file.")] = None,
    state_sync: Annotated[
        bool, typer.Option("--state-sync", help="本机新成员取快照 / it takes a snapshot, not all blocks.")
    ] = False,
    operator: Operators = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """表决接纳成员 / vote a member in; with all operators' folders at hand it takes effect at once."""
    from node.network.gate import Proposal
    from node.network.member import Member

    if (name is None) == (file is None):
        raise typer.BadParameter("name a new member of this machine, or give --member FILE")
    with _told():
        network = _network(data)
        keys = _keys(network, operator)
        if file is not None:
            newcomer = Member.read(file)
        else:
            node = network.join(str(name), network.trusted() if state_sync else None)
            newcomer = node.member
        with _gate(network) as gate:
            decision = gate.decide(keys, Proposal.add(newcomer))
        if name is not None:
            network.start(node)
        _show(decision, as_json)


@app.command("remove-validator")
def remove_validator(
    name: Annotated[str, typer.Argument(help="成员名 / the member's name on the chain.")],
    operator: Operators = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """表决除名 / vote a member out; its node of this machine is stopped when the vote has passed."""
    from node.network.gate import Proposal
    from node.network.local import NetworkFailed

    with _told():
        network = _network(data)
        with _gate(network) as gate:
            found_ = next((m for m in gate.members() if m["name"] == name), None)
            if found_ is None:
                raise NetworkFailed(f"no member {name!r} on the chain")
            decision = gate.decide(_keys(network, operator), Proposal.remove(found_["operator"]))
        if decision["executed"] and any(node.member.name == name for node in network.nodes()):
            network.leave(name)
        _show(decision, as_json)


@app.command()
def upgrade(
    name: Annotated[str, typer.Argument(help="升级名 / name of the upgrade, as the new program knows it.")],
    height: Annotated[int, typer.Option(help="首个新块 / height of the first block by the new program.")],
    program: Annotated[Path | None, typer.Option(help="新程序 / the new program, for its checksum.")] = None,
    operator: Operators = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """表决在某高度升级 / vote to change the program at a height; all nodes stop there until the new one is started."""
    from node.network.gate import Proposal
    from node.network.program import facts

    with _told():
        network = _network(data)
        checksum = bytes.fromhex(facts(program)["sha256"]) if program else bytes(32)
        with _gate(network) as gate:
            _show(gate.decide(_keys(network, operator), Proposal.upgrade(name, height, checksum)), as_json)


@app.command()
def approve(
    number: Annotated[int, typer.Argument(help="提案号 / number of the proposal.")],
    operator: Operators = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """赞成提案 / approve a proposal with the operators given."""
    with _told():
        network = _network(data)
        with _gate(network) as gate:
            for key in _keys(network, operator):
                if not gate.proposal(number)["executed"]:
                    gate.approve(key, number)
            _show(gate.proposal(number), as_json)


@app.command()
def grant(
    account: Annotated[list[str], typer.Argument(help="账户 / accounts.")],
    permissions: Annotated[
        int, typer.Option(min=0, max=3, help="1 发送 2 部署 3 两者 0 收回 / send, deploy, both, none.")
    ],
    operator: Operators = None,
    data: Data = _DEFAULT,
) -> None:
    """给账户权限 / give accounts permissions, by the first operator; only it (or a vote) takes them back."""
    with _told():
        network = _network(data)
        with _gate(network) as gate:
            gate.grant(_keys(network, operator)[0], account, permissions)


@app.command()
def backup(
    name: Annotated[str, typer.Argument(help="成员名 / the member whose stopped node is backed up.")],
    out: Annotated[Path, typer.Option(help="备份文件 / file to write; must not exist.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="含密钥 / also the keys: keep it as secret.")
    ] = False,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """备份一个已停止的节点 / back a stopped node up into one file."""
    from node.network.archive import ArchiveRefused
    from node.network.archive import backup as write_backup

    with _told():
        network = _network(data)
        node = network.node(name)
        if network.pid(node) is not None:
            raise ArchiveRefused(f"{name} runs: stop it first, the others go on without it")
        _show({"bytes": write_backup(node.home, out, with_keys=with_keys)}, as_json)


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="成员名 / the member.")],
    file: Annotated[Path, typer.Option(help="备份文件 / the backup.")],
    sign_above: Annotated[
        int, typer.Option(help="只签此高度以上 / sign above this height: the network's plus ten.")
    ],
    data: Data = _DEFAULT,
) -> None:
    """恢复一个节点，绝不重签旧块 / restore a node so that it never signs an old height again."""
    from node.network.archive import restore as read_backup

    with _told():
        read_backup(file, _network(data).node(name).home, sign_above)


@app.command()
def header(
    height: Annotated[int, typer.Option(help="区块高度 / height of the block.")],
    rpc: Annotated[list[str] | None, typer.Option(help="CometBFT RPC 地址 / address; repeat it.")] = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """可列入信任根的区块头 / a header for the trust root's member `network`: compare it among the members first."""
    from chain.light.maker import trusted_header
    from node.network import proof_cli

    with _told(), proof_cli.source(None if rpc else _network(data), rpc or []) as opened:
        chain = opened.ask("status")["node_info"]["network"]
        _show({"chain_id": chain, **trusted_header(opened, height)}, as_json)


@app.command()
def proof(
    contract: Annotated[str, typer.Option(help="合约地址 / the contract's address.")],
    slot: Annotated[str, typer.Option(help="存储位置，64 位十六进制 / the storage slot, 64 hex characters.")],
    out: Annotated[Path, typer.Option(help="写入的文件 / the file to write.")],
    height: Annotated[int | None, typer.Option(help="状态高度，缺省为最新 / height of the state.")] = None,
    trusted: Annotated[int, typer.Option(help="信任根所列高度 / height that the trust root names.")] = 1,
    tsa: Annotated[str | None, typer.Option(help="时间戳机构 / address of a TSA (RFC 3161).")] = None,
    tsa_cert: Annotated[
        list[Path] | None, typer.Option(help="其证书 DER / its certificates; repeat it.")
    ] = None,
    rpc: Annotated[list[str] | None, typer.Option(help="CometBFT RPC 地址 / address; repeat it.")] = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """某一存储位置的轻证明 / a light proof of one storage slot, in the form of figure/proof.json."""
    from chain.light.encoding import trail_imprint
    from chain.transactions import address_bytes, checksum_address
    from node.network import proof_cli
    from signing import jcs

    if len(slot) != 64 or not set(slot) <= set("0123456789abcdef"):
        raise typer.BadParameter("64 位小写十六进制 / 64 lower-case hex characters", param_hint="--slot")
    stamp = None if tsa is None else proof_cli.stamper(tsa, tsa_cert or [])
    with _told(), proof_cli.source(None if rpc else _network(data), rpc or []) as opened:
        address = checksum_address(address_bytes(contract))
        made = proof_cli.slot_proof(opened, address, bytes.fromhex(slot), height, trusted, stamp)
    out.write_bytes(jcs.canonical(made))
    light, item = made["light"], made["state"]["slots"][0]
    facts = {"value": item["value"], "height": light["trail"][-1]["header"]["height"] - 1}
    facts |= {
        "blocks": len(light["trail"]),
        "bytes": out.stat().st_size,
        "imprint": trail_imprint(light).hex(),
    }
    _show(facts | {"stamped": light["token"] is not None}, as_json)


@app.command("rebuild")
def rebuild_data(
    name: Annotated[str, typer.Argument(help="成员名 / the member whose stopped node is damaged.")],
    sign_above: Annotated[
        int | None,
        typer.Option(help="签名记忆损坏时必填 / needed when the memory of what was signed is damaged."),
    ] = None,
    data: Data = _DEFAULT,
) -> None:
    """移开损坏的数据，从其他成员重建 / move damaged data away; the node fills itself from the others when started."""
    from node.network.archive import ArchiveRefused, rebuild

    with _told():
        network = _network(data)
        node = network.node(name)
        if network.pid(node) is not None:
            raise ArchiveRefused(f"{name} runs: stop it first")
        typer.echo(str(rebuild(node.home, sign_above)))


@app.command("rotate-key")
def rotate_key(
    name: Annotated[str, typer.Argument(help="本机成员 / a member of this machine.")],
    operator: Operators = None,
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """更换共识密钥 / a new consensus key: made here, voted in, taken up. Run it again when the vote has passed."""
    from node.network import rotation

    with _told():
        network = _network(data)
        node = network.node(name)
        key = rotation.prepare(node.home, network.program)
        with _gate(network) as gate:
            decision = gate.replace_key(_keys(network, operator), node.member.operator, key)
        if decision["executed"]:
            network.stop(node)
            rotation.take_up(node.home)
            network.refresh(node)
            network.start(node)
        _show(decision, as_json)
