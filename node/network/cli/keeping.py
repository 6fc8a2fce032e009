"""Commands that keep a node: backup, restore, rebuilding, and what a lost validator may sign again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.network.cli.application import (
    DEFAULT,
    Data,
    Json,
    app,
    gate_of,
    network_of,
    show,
    told,
)

if TYPE_CHECKING:
    from node.network.local import LocalNetwork

_ABOVE = typer.Option(help="只签此处以上，由其他成员的 signed 告知 / as another member's `signed` tells it.")


@app.command()
def backup(
    name: Annotated[str, typer.Argument(help="成员名 / the member whose stopped node is backed up.")],
    out: Annotated[Path, typer.Option(help="备份文件 / file to write; must not exist.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="含密钥 / also the keys: keep it as secret.")
    ] = False,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """备份一个已停止的节点 / back a stopped node up into one file."""
    from node.network import processes
    from node.network.archive import backup as write_backup

    with told():
        network = network_of(data)
        node = network.node(name)
        processes.require_stopped(name, node.home, network.running(node))
        show({"bytes": write_backup(node.home, out, with_keys=with_keys)}, as_json)


@app.command()
def signed(
    name: Annotated[str, typer.Argument(help="丢失数据的成员名 / the member that lost its data.")],
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """告知另一成员的 --sign-above / tell a member that lost its data, from this living node, what to give as --sign-above.

    A network without a new block for half a minute counts as standing: then it is what this node holds of its votes.
    """
    from node.network.local import NetworkFailed
    from node.network.memory import seen

    with told():
        network = network_of(data)
        node = next((n for n in network.nodes() if network.status(n)["height"] is not None), None)
        if node is None:
            raise NetworkFailed("本目录没有运行中的节点 / no node of this folder runs: start one")
        with gate_of(network) as gate:
            key = next((m["consensus_key"] for m in gate.members() if m["name"] == name), None)
        if key is None:
            raise NetworkFailed(f"链上没有成员 {name!r} / no member {name!r} on the chain")
        show({"sign_above": str(seen(f"http://127.0.0.1:{node.ports.rpc}", key))}, as_json)


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="成员名 / the member.")],
    file: Annotated[Path, typer.Option(help="备份文件 / the backup.")],
    sign_above: Annotated[str, _ABOVE],
    data: Data = DEFAULT,
) -> None:
    """恢复一个节点，绝不重签旧块 / restore a node so that it never signs again what it signed.

    A folder with nothing in it becomes the member's own, where the backup is of a node set up by `join`.
    """
    from node.network.archive import missing_keys
    from node.network.archive import restore as read_backup
    from node.network.memory import Signed

    with told():
        network = network_of(data)
        home = _place(network, name, file)
        read_backup(file, home, Signed.read(sign_above))
    absent = ", ".join(missing_keys(home))
    if absent:
        typer.echo(f"启动前须放回密钥 / put the keys back before the start: {absent}", err=True)


def _place(network: LocalNetwork, name: str, file: Path) -> Path:
    """The folder that a backup goes into. On a new machine the backup itself says whose folder it is."""
    from node.network import archive, processes
    from node.network.local import RECORD

    if (network.data / RECORD).exists():
        node = network.node(name)
        network.require_stopped(node)
        return node.home
    held = archive.record(file, RECORD)
    names = [] if held is None else [entry["member"]["name"] for entry in held["nodes"]]
    if names != [name]:
        raise archive.ArchiveRefused(
            f"{network.data} 没有网络，备份也不是 {name} 自己的目录 / "
            f"{network.data} holds no network, and the backup is not of {name}'s own folder"
        )
    processes.require_stopped(name, network.data, processes.find(network.data))
    processes.require_owner(network.data)
    return network.data


@app.command("rebuild")
def rebuild_data(
    name: Annotated[str, typer.Argument(help="成员名 / the member whose stopped node is damaged.")],
    sign_above: Annotated[str | None, _ABOVE] = None,
    data: Data = DEFAULT,
) -> None:
    """移开损坏的数据，从其他成员重建 / move damaged data away; the node fills itself from the others when started."""
    from node.network.archive import rebuild
    from node.network.memory import Signed

    with told():
        network = network_of(data)
        node = network.node(name)
        network.require_stopped(node)
        typer.echo(str(rebuild(node.home, None if sign_above is None else Signed.read(sign_above))))
