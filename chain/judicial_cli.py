"""`concord court check FILE|NUMBER --rpc URL --address A`: what the court's own chain says; nobody else is asked.

Exit codes: 0 confirmed, 1 contradicted, 2 not accepted (yet), 3 input that can't be used or no answer from the chain.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, help="司法链查询 / ask the court's own chain")

ANSWERS = {
    "confirmed": ("司法链已确认", "confirmed by the court's chain", 0),
    "not_accepted": ("司法链尚未接受该检查点", "the court's chain has not accepted this checkpoint (yet)", 2),
    "differs": ("与司法链记录不符", "the court's chain holds another root at this size", 1),
    "not_included": ("司法链否认其中的记录", "the court's chain denies some of these records", 1),
    "other_log": ("属于另一套日志", "of another log than the court's contract accepts", 1),
}
UNUSABLE = 3


@app.callback()
def group() -> None:
    """司法链查询 / ask the court's own chain."""


@app.command()
def check(
    target: Annotated[
        str, typer.Argument(metavar="FILE|NUMBER", help="证据包或存证编号 / package or number")
    ],
    rpc: Annotated[str, typer.Option("--rpc", help="司法链 RPC 地址 / RPC address of the court's chain")],
    address: Annotated[
        str, typer.Option("--address", help="JudicialAnchor 合约地址 / address of the contract")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """向司法链查询证据包或存证编号 / look a package or an evidence number up on the court's chain."""
    from chain.errors import ChainError
    from chain.gateway_rpc import RpcGateway
    from chain.judicial_check import check_number, check_package
    from chain.judicial_rpc import AnchorReader
    from chain.package import MAX_BYTES
    from chain.transactions import address_bytes, checksum_address

    try:
        spelled = checksum_address(address_bytes(address))
        with RpcGateway(rpc) as gateway:
            reader = AnchorReader(gateway, spelled)
            if not reader.is_anchor():
                _unusable(f"{spelled}: 不是本版本的 JudicialAnchor / no JudicialAnchor of this release")
            path = Path(target)
            if path.is_file():
                with path.open("rb") as file:
                    found = check_package(reader, spelled, file.read(MAX_BYTES + 1))
            else:
                found = check_number(reader, spelled, target)
    except ChainError as error:
        _unusable(str(error))
    except OSError as error:
        _unusable(f"{target}: {error.strerror}")
    chinese, english, code = ANSWERS[found.answer]
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{chinese} / {english}")
        typer.echo(f"链 chain {found.chain_id}  合约 contract {found.address}  日志 log {found.origin}")
        typer.echo(f"检查点 checkpoint {found.size}: {found.accepted_root or '–'}")
        for event in found.events:
            mark = "✓" if event.included else "✗"
            typer.echo(f"{mark} {event.index:>8}  {event.type}  {event.entry}")
    raise typer.Exit(code)


def _unusable(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(UNUSABLE)
