"""A gateway by kind of chain: one node behind one address, or a network behind its validators'. Knows no installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.infra.settings import read_secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from api.infra.settings import ValidatorSetting
    from chain.gateway_network import NetworkGateway
    from chain.gateway_rpc import RpcGateway


def open_gateway(
    prefix: str,
    validators: Sequence[ValidatorSetting],
    single: tuple[str, Path | None],
    *,
    sending: bool,
    timeout: float,
) -> RpcGateway | NetworkGateway:
    """A gateway to the validators, or, where none are named, to the `single` node (address, token's file).

    prefix: of the settings' names, for an error. sending: with the bearer tokens. timeout: seconds one address may take.
    Raises FileNotFoundError when a token's file is missing.
    """

    def token(file: Path | None, setting: str) -> str | None:
        return read_secret(file, f"{prefix}_{setting}") if sending and file is not None else None

    if validators:
        from chain.gateway_network import NetworkGateway

        tokens = [token(item.token_file, "validators") for item in validators]
        return NetworkGateway([item.url for item in validators], tokens=tokens, timeout=timeout)
    from chain.gateway_rpc import RpcGateway

    url, file = single
    return RpcGateway(url, token=token(file, "rpc_token_file"), timeout=timeout)
