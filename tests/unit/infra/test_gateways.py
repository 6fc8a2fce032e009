"""Which gateway the settings give, to the installation's chain and to the court's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap.chain_access import chain_gateway
from api.bootstrap.court_access import court_gateway, has_court
from api.infra.settings import Settings, ValidatorSetting
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway

URLS = ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def _validators(token: Path | None = None) -> tuple[ValidatorSetting, ...]:
    return tuple(ValidatorSetting(name=f"v{n}", url=url, token_file=token) for n, url in enumerate(URLS))


@pytest.mark.parametrize(("prefix", "opened"), [("chain", chain_gateway), ("judicial", court_gateway)])
def test_validators_come_before_the_single_address(prefix: str, opened: Callable[..., Any]) -> None:
    single = Settings(**{f"{prefix}_rpc_url": "http://127.0.0.1:3"})  # type: ignore[arg-type]
    with opened(single) as gateway:
        assert isinstance(gateway, RpcGateway)
    several = Settings(**{f"{prefix}_rpc_url": "http://127.0.0.1:3", f"{prefix}_validators": _validators()})  # type: ignore[arg-type]
    with opened(several) as gateway:
        assert isinstance(gateway, NetworkGateway)
        assert gateway.url == URLS[0]


@pytest.mark.parametrize(("prefix", "opened"), [("chain", chain_gateway), ("judicial", court_gateway)])
def test_tokens_are_read_for_sending_only(prefix: str, opened: Callable[..., Any], tmp_path: Path) -> None:
    missing = Settings(**{f"{prefix}_validators": _validators(tmp_path / "absent")})  # type: ignore[arg-type]
    opened(missing).close()
    with pytest.raises(FileNotFoundError):
        opened(missing, sending=True)


def test_a_court_is_set_up_by_either_setting() -> None:
    assert not has_court(Settings())
    assert has_court(Settings(judicial_rpc_url="http://127.0.0.1:3"))
    assert has_court(Settings(judicial_validators=_validators()))
