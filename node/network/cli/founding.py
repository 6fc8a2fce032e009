"""Commands by which a network and its members come to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.network.cli.application import (
    DEFAULT,
    LOCAL_MEMBERS,
    Data,
    Json,
    Program,
    app,
    console,
    show,
    told,
)


@app.command()
def build(as_json: Json = False) -> None:
    """构建引擎 / build the engine from node/engine where it is missing; checksum and version."""
    from node.network import program

    with told():
        path = program.build(lambda text: console.print(text, highlight=False))
        show({"program": str(path), **program.facts(path)}, as_json)


@app.command()
def init(
    org: Annotated[list[str] | None, typer.Option("--org", help="成员 / a member; repeat it.")] = None,
    grant: Annotated[
        list[str] | None,
        typer.Option(help="ADDRESS=1|2|3：账户权限 / an account's permissions from the start."),
    ] = None,
    data: Data = DEFAULT,
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
    with told():
        program = build_program(lambda text: console.print(text, highlight=False))
        names = org or list(LOCAL_MEMBERS)
        network = LocalNetwork.found(
            data, program, names, chain=chain, evm_chain_id=evm_chain_id,
            grants=grants, first_port=port, block_ms=block_ms,
        )  # fmt: skip
        record = network.record()
        show(
            {k: record[k] for k in ("chain", "evm_chain_id", "genesis_sha256")} | {"members": names}, as_json
        )


@app.command()
def member(
    name: Annotated[str, typer.Option(help="成员名 / the member's name.")],
    p2p: Annotated[str, typer.Option(help="HOST:PORT，供其他成员连接 / where the others reach this node.")],
    home: Annotated[Path, typer.Option(help="本成员目录 / the member's own folder.")],
    program: Program = None,
    as_json: Json = False,
) -> None:
    """本机构自己的密钥与公开信息 / one organisation's own keys; `member.json` is what it hands to the others."""
    from dataclasses import asdict

    from node.network.member import make
    from node.network.program import find

    with told():
        show(asdict(make(home, name, p2p, program or find())), as_json)


@app.command()
def found(
    members: Annotated[list[Path], typer.Argument(help="各成员的 member.json / the members' files.")],
    out: Annotated[Path, typer.Option(help="创世文件 / the genesis file to write.")],
    chain: Annotated[str, typer.Option(help="网络名 / name of the network.")],
    evm_chain_id: Annotated[int, typer.Option(help="链号 / chain id (EIP-155), agreed on by all.")],
    genesis_time: Annotated[int, typer.Option(help="创世时间 / seconds since 1970, agreed on by all.")],
    program: Program = None,
    as_json: Json = False,
) -> None:
    """创世文件：各方各自生成并比对摘要 / the genesis; every member builds it by himself and compares the SHA-256."""
    from node.network import founding
    from node.network.member import Member
    from node.network.program import find

    with told():
        parties = sorted((Member.read(path) for path in members), key=lambda m: m.name)
        description = founding.describe(
            parties, chain=chain, grants={}, evm_chain_id=evm_chain_id, genesis_time=genesis_time
        )
        show({"genesis_sha256": founding.build(description, out, program or find())}, as_json)


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
    shared_address: Annotated[
        bool,
        typer.Option(
            "--shared-address", help="多个成员经同一地址连入 / several members come from one address."
        ),
    ] = False,
    block_ms: Annotated[
        int, typer.Option(help="块间停顿毫秒，各方一致 / pause after a block, the same for all.")
    ] = 1_000,
    snapshot_blocks: Annotated[int, typer.Option(help="快照间隔块数 / blocks between snapshots.")] = 1_000,
    program: Program = None,
) -> None:
    """写入本节点配置 / write this node's configuration, for a genesis with exactly that SHA-256.

    Afterwards all commands work on this folder (--data). With --snapshot-from the first start takes a snapshot of the
    others instead of replaying all blocks.
    """
    from node.network import configuration, joining
    from node.network.member import Member

    with told():
        sync = (
            configuration.StateSync(tuple(snapshot_from), trust_height, trust_hash) if snapshot_from else None
        )
        place = joining.Place(port, listen, shared_address, block_ms, snapshot_blocks, program)
        node = joining.join(home, genesis, sha256, [Member.read(path) for path in peer], place, sync)
        typer.echo(str(node.home / "config"))
