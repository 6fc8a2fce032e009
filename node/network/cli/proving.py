"""Commands for light proofs from a member's side (docs/evidence-spec.md, 3.6 and 4.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node.network.cli.application import (
    DEFAULT,
    Data,
    Json,
    app,
    network_of,
    show,
    told,
)


@app.command()
def header(
    height: Annotated[int, typer.Option(help="区块高度 / height of the block.")],
    rpc: Annotated[list[str] | None, typer.Option(help="CometBFT RPC 地址 / address; repeat it.")] = None,
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """可列入信任根的区块头 / a header for the trust root's member `network`: compare it among the members first."""
    from chain.light.maker import trusted_header
    from node.network.cli import proof_source

    with told(), proof_source.source(None if rpc else network_of(data), rpc or []) as opened:
        chain = opened.ask("status")["node_info"]["network"]
        show({"chain_id": chain, **trusted_header(opened, height)}, as_json)


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
    data: Data = DEFAULT,
    as_json: Json = False,
) -> None:
    """某一存储位置的轻证明 / a light proof of one storage slot, in the form of figure/proof.json."""
    from chain.light.encoding import trail_imprint
    from chain.transactions import address_bytes, checksum_address
    from node.network.cli import proof_source
    from signing import jcs

    if len(slot) != 64 or not set(slot) <= set("0123456789abcdef"):
        raise typer.BadParameter("64 位小写十六进制 / 64 lower-case hex characters", param_hint="--slot")
    stamp = None if tsa is None else proof_source.stamper(tsa, tsa_cert or [])
    with told(), proof_source.source(None if rpc else network_of(data), rpc or []) as opened:
        address = checksum_address(address_bytes(contract))
        made = proof_source.slot_proof(opened, address, bytes.fromhex(slot), height, trusted, stamp)
    out.write_bytes(jcs.canonical(made))
    light, item = made["light"], made["state"]["slots"][0]
    facts = {"value": item["value"], "height": light["trail"][-1]["header"]["height"] - 1}
    facts |= {
        "blocks": len(light["trail"]),
        "bytes": out.stat().st_size,
        "imprint": trail_imprint(light).hex(),
    }
    show(facts | {"stamped": light["token"] is not None}, as_json)
