"""Commands that keep a node: backup, restore, rebuilding."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.network.cli.common import (
    DEFAULT,
    Data,
    Json,
    app,
    network_of,
    show,
    told,
)


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
    from node.network.archive import ArchiveRefused
    from node.network.archive import backup as write_backup

    with told():
        network = network_of(data)
        node = network.node(name)
        if network.pid(node) is not None:
            raise ArchiveRefused(f"{name} runs: stop it first, the others go on without it")
        show({"bytes": write_backup(node.home, out, with_keys=with_keys)}, as_json)


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="成员名 / the member.")],
    file: Annotated[Path, typer.Option(help="备份文件 / the backup.")],
    sign_above: Annotated[
        int, typer.Option(help="只签此高度以上 / sign above this height: the network's plus ten.")
    ],
    data: Data = DEFAULT,
) -> None:
    """恢复一个节点，绝不重签旧块 / restore a node so that it never signs an old height again."""
    from node.network.archive import restore as read_backup

    with told():
        read_backup(file, network_of(data).node(name).home, sign_above)


@app.command("rebuild")
def rebuild_data(
    name: Annotated[str, typer.Argument(help="成员名 / the member whose stopped node is damaged.")],
    sign_above: Annotated[
        int | None,
        typer.Option(help="签名记忆损坏时必填 / needed when the memory of what was signed is damaged."),
    ] = None,
    data: Data = DEFAULT,
) -> None:
    """移开损坏的数据，从其他成员重建 / move damaged data away; the node fills itself from the others when started."""
    from node.network.archive import ArchiveRefused, rebuild

    with told():
        network = network_of(data)
        node = network.node(name)
        if network.pid(node) is not None:
            raise ArchiveRefused(f"{name} runs: stop it first")
        typer.echo(str(rebuild(node.home, sign_above)))
