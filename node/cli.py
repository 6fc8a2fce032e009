"""``concord chain``: start, stop, status, allow and replay-check of the embedded chain (Typer; facts as JSON on request)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from node.check import check
from node.errors import NodeError
from node.installation import SenderList, is_held
from node.launch import start_node
from node.settings import NodeSettings

app = typer.Typer(
    name="chain", help="The embedded chain: start, stop, status, replay-check.", no_args_is_help=True
)
_console = Console()

Data = Annotated[Path, typer.Option("--data", help="Data folder of the chain.")]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
_DEFAULT = Path("var/chain")


def _show(facts: dict[str, Any], as_json: bool, title: str) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
        return
    table = Table(title=title, show_header=False)
    for name, value in facts.items():
        table.add_row(name, "-" if value is None else str(value))
    _console.print(table)


def _fail(message: str, code: int = 1) -> typer.Exit:
    typer.echo(f"concord chain: {message}", err=True)
    return typer.Exit(code)


def _running(data: Path) -> dict[str, Any]:
    if not is_held(data):
        raise _fail(f"no node is running on {data}")
    try:
        found: dict[str, Any] = json.loads((data / "node.json").read_bytes())
    except (OSError, ValueError) as error:
        raise _fail("the node is starting; try again") from error
    return found


@app.command()
def start(
    data: Data = _DEFAULT,
    port: Annotated[int, typer.Option(help="Port of the RPC gateway; 0 takes a free one.")] = 8545,
    block_interval: Annotated[float, typer.Option(help="Least pause between two blocks, seconds.")] = 1.0,
    sender: Annotated[list[str] | None, typer.Option(help="Address to add to the list of senders.")] = None,
    as_json: Json = False,
) -> None:
    """Start the node in the background and wait until it is ready."""
    settings = NodeSettings(
        data_dir=data, port=port, block_interval=block_interval, senders=tuple(sender or ())
    )
    data.mkdir(parents=True, exist_ok=True)
    try:
        node = start_node(settings, log=data / "node.log", detached=True, timeout=300)
    except NodeError as error:
        raise _fail(f"{error}; see {data / 'node.log'}") from error
    facts = {"rpc": node.rpc_url, "pid": node.pid, "chain_id": node.chain_id, "ready_ms": node.ready_ms}
    _show(facts, as_json, "chain started")


@app.command()
def stop(data: Data = _DEFAULT, as_json: Json = False) -> None:
    """Stop the node cleanly (a snapshot is written when it is worth it)."""
    pid = int(_running(data)["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 120
    while is_held(data):
        if time.monotonic() > deadline:
            raise _fail(f"process {pid} has not ended within two minutes")
        time.sleep(0.05)
    _show({"stopped": pid}, as_json, "chain stopped")


@app.command()
def status(data: Data = _DEFAULT, as_json: Json = False) -> None:
    """Height, milliseconds a block, waiting transactions. Exit code 1 when no node runs or it is not ready."""
    running = _running(data)
    try:
        facts: dict[str, Any] = httpx.get(f"{running['rpc']}/status", timeout=10, trust_env=False).json()
    except httpx.HTTPError as error:
        raise _fail(f"the node at {running['rpc']} does not answer") from error
    _show({"rpc": running["rpc"], **facts}, as_json, "chain")
    if facts["ms_per_block_warn"] and not as_json:
        _console.print(
            "[yellow]A block takes 50 ms or more: plan the move to the validator network "
            "(docs/operations/chain-node.md).[/yellow]"
        )
    if not facts["ready"]:
        raise typer.Exit(1)


@app.command()
def allow(
    address: Annotated[list[str], typer.Argument(help="Addresses that may send transactions.")],
    data: Data = _DEFAULT,
    as_json: Json = False,
) -> None:
    """Add addresses to the list of senders; a running node sees the change at once."""
    senders = SenderList(data)
    try:
        senders.allow(address)
    except ValueError as error:
        raise _fail(str(error), 2) from error
    _show({"senders": sorted(senders.addresses())}, as_json, "senders")


@app.command("replay-check")
def replay_check(data: Data = _DEFAULT, as_json: Json = False) -> None:
    """Rebuild the whole chain from its journal, without snapshots, and compare every block hash and the archive.

    The running node is not disturbed. Exit code 1 on any difference.
    """
    with Progress(console=_console, disable=as_json, transient=True) as progress:
        task = progress.add_task("blocks", total=None)
        try:
            result = asyncio.run(
                check(
                    NodeSettings(data_dir=data),
                    lambda done, total: progress.update(task, completed=done, total=total),
                )
            )
        except NodeError as error:
            if as_json:
                typer.echo(json.dumps({"identical": False, "reason": str(error)}))
            raise _fail(str(error), error.exit_code) from error
    _show(
        {
            "identical": True,
            "blocks": result.blocks,
            "archived": result.archived,
            "seconds": round(result.seconds, 2),
            "head_hash": result.head_hash,
        },
        as_json,
        "journal replayed",
    )
