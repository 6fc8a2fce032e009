"""What the commands of `concord network` share: the application, options, output and the way to nodes and contract."""

from __future__ import annotations

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


def network_of(data: Path) -> Any:
    from node.network.local import LocalNetwork
    from node.network.program import find

    return LocalNetwork(data, find())


def chosen(network: Any, names: list[str] | None) -> list[Any]:
    return [network.node(name) for name in names] if names else network.nodes()


@contextmanager
def gate_of(network: Any) -> Iterator[Any]:
    """The contract through the first node of this folder that runs."""
    from chain.gateway_rpc import RpcGateway
    from node.network.gate import Gate
    from node.network.local import NetworkFailed

    node = next((n for n in network.nodes() if network.pid(n) is not None), None)
    if node is None:
        raise NetworkFailed("no node of this folder runs: start one")
    with RpcGateway(node.evm_url, timeout=60.0) as gateway:
        yield Gate(gateway)


def keys_of(network: Any, operators: list[Path] | None) -> list[bytes]:
    from node.network.member import operator_key

    homes = operators or [node.home for node in network.nodes() if (node.home / "operator.key").exists()]
    return [operator_key(home) for home in homes]
