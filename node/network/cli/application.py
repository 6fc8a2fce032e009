"""What the commands of `concord network` share: the application, options, output and the way to nodes and contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from node.errors import NodeError

if TYPE_CHECKING:
    from node.network.gate import Gate
    from node.network.local import LocalNetwork, LocalNode

app = typer.Typer(
    name="network", help="验证人网络 / the validator network of several organisations.", no_args_is_help=True
)
console = Console(stderr=True)
DEFAULT = Path("var/network")
LOCAL_MEMBERS = ("hr", "court", "union", "notary")

Data = Annotated[Path, typer.Option("--data", help="网络目录 / folder of the network on this machine.")]
Json = Annotated[bool, typer.Option("--json", help="机器可读 / print facts as JSON.")]
Names = Annotated[list[str] | None, typer.Argument(help="成员名，缺省为全部 / members, all when not given.")]
Operators = Annotated[
    list[Path] | None,
    typer.Option("--operator", help="有投票密钥的成员目录 / folder of a member that votes; repeat it."),
]
Program = Annotated[
    Path | None,
    typer.Option(
        "--program", help="引擎程序，缺省为本源码所构建 / the engine; that of these sources if not given."
    ),
]
Node = Annotated[
    str | None,
    typer.Option(
        "--node", help="节点的 JSON-RPC，缺省为本机 / a node's JSON-RPC, this machine's if not given."
    ),
]


def show(facts: Any, as_json: bool) -> None:
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
def told() -> Iterator[None]:
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


def network_of(data: Path) -> LocalNetwork:
    from node.network.local import LocalNetwork

    return LocalNetwork(data)


def chosen(network: LocalNetwork, names: list[str] | None) -> list[LocalNode]:
    return [network.node(name) for name in names] if names else network.nodes()


@contextmanager
def gate_of(network: LocalNetwork, url: str | None = None) -> Iterator[Gate]:
    """The contract through a node that was named, or else the first one of this folder that answers."""
    from chain.gateway_rpc import RpcGateway
    from node.network.gate import Gate
    from node.network.local import NetworkFailed

    if url is None:
        answering = (n for n in network.nodes() if network.status(n)["height"] is not None)
        node = next(answering, None)
        if node is None:
            raise NetworkFailed("本目录没有运行中的节点 / no node of this folder runs: start one")
        url = node.evm_url
    with RpcGateway(url, timeout=60.0) as gateway:
        yield Gate(gateway)


def keys_of(network: LocalNetwork, operators: list[Path] | None) -> list[bytes]:
    from node.network.local import NetworkFailed
    from node.network.member import operator_key

    homes = operators or [node.home for node in network.nodes() if (node.home / "operator.key").exists()]
    if not homes:
        raise NetworkFailed(
            "本机没有投票密钥：请以 --operator DIR 指明 / no operator's key on this machine: say --operator DIR"
        )
    return [operator_key(home) for home in homes]
