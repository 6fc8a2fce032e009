"""`concord court check FILE|NUMBER --rpc URL --address A`: what the court's own chain says; nobody else is asked.
`concord court deploy`: the court puts the contract on its chain, the first one or its successor after a change of witnesses.

Exit codes: 0 confirmed or deployed, 1 contradicted, 2 not accepted (yet), 3 input that can't be used or no answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, help="司法链查询 / ask the court's own chain")

Rpc = Annotated[
    list[str],
    typer.Option(
        "--rpc",
        help="司法链 RPC 地址；验证人网络可多次给出 / RPC address of the court's chain; repeat it for a network's validators",
    ),
]

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
    rpc: Rpc,
    address: Annotated[
        str, typer.Option("--address", help="JudicialAnchor 合约地址 / address of the contract")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """向司法链查询证据包或存证编号 / look a package or an evidence number up on the court's chain."""
    from chain.errors import ChainError
    from chain.judicial_check import check_number, check_package
    from chain.judicial_rpc import AnchorReader, open_court
    from chain.package import MAX_BYTES
    from chain.transactions import address_bytes, checksum_address

    try:
        spelled = checksum_address(address_bytes(address))
        with open_court(rpc) as gateway:
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


@app.command()
def deploy(
    rpc: Rpc,
    key_file: Annotated[
        Path, typer.Option("--key-file", help="一次性部署密钥（十六进制）/ one-time deployment key (hex)")
    ],
    log_origin: Annotated[str, typer.Option("--log-origin", help="日志来源名称 / origin of the log")],
    witness: Annotated[
        list[str],
        typer.Option("--witness", help="见证人的司法链地址，可多次 / a witness's address, repeatable"),
    ],
    threshold: Annotated[int, typer.Option("--threshold", help="联署人数 / witnesses that must cosign")],
    record: Annotated[Path, typer.Option("--record", help="部署记录 / the deployment's record")],
    domain_out: Annotated[
        Path, typer.Option("--domain-out", help="见证人的 --bridge 文件 / the witnesses' --bridge file")
    ],
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="节点的访问令牌 / bearer token of the node")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="TEST 安装 / a TEST installation")] = False,
) -> None:
    """部署 JudicialAnchor 合约，或核对已有的部署 / deploy JudicialAnchor, or check the deployment of the record."""
    from chain.cosignature import bridge_domain
    from chain.durable_file import replace_file
    from chain.errors import ChainError
    from chain.judicial_deployer import JudicialConfig, deploy_judicial_anchor
    from chain.judicial_rpc import open_court

    try:
        config = JudicialConfig(log_origin, test, tuple(witness), threshold)
        key = bytes.fromhex(key_file.read_text("ascii").strip().removeprefix("0x"))
        token = None if token_file is None else token_file.read_text("ascii").strip()
        with open_court(rpc, token=token) as gateway:
            made = deploy_judicial_anchor(gateway, key, config, record)
        domain = bridge_domain(made.chain_id, made.address, log_origin, test=test)
        replace_file(domain_out, json.dumps(domain.typed()).encode() + b"\n")
    except ChainError as error:
        _unusable(str(error))
    except ValueError as error:
        _unusable(f"参数不能使用 / these can't be used: {error}")
    except OSError as error:
        _unusable(f"{error.filename}: {error.strerror}")
    typer.echo(json.dumps(made.trust_facts(None) | {"threshold": made.threshold}, indent=1))


def _unusable(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(UNUSABLE)
