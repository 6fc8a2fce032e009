"""Which chain the settings choose, and who may send to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.bootstrap.chain_access import chain_gateway, node_addresses
from api.infra.settings import Settings, ValidatorSetting, environment
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway


def tokens(gateway: RpcGateway | NetworkGateway) -> list[str | None]:
    nodes = gateway._nodes if isinstance(gateway, NetworkGateway) else [gateway]
    return [node._headers.get("Authorization") for node in nodes]


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("secret\n")
    return path


def test_without_validators_it_is_the_embedded_chain(token: Path) -> None:
    settings = Settings(chain_rpc_url="http://node.test", chain_rpc_token_file=token)
    with chain_gateway(settings) as reading, chain_gateway(settings, sending=True) as sending:
        assert isinstance(reading, RpcGateway)
        assert (tokens(reading), tokens(sending)) == ([None], ["Bearer secret"])
    assert node_addresses(settings) == ["http://node.test"]


def test_with_validators_it_is_the_network_behind_all_of_them(token: Path) -> None:
    settings = Settings(
        chain_validators=(
            ValidatorSetting(name="hr", url="http://hr.test", token_file=token),
            ValidatorSetting(name="court", url="http://court.test"),
        )
    )
    with chain_gateway(settings) as reading, chain_gateway(settings, sending=True) as sending:
        assert isinstance(reading, NetworkGateway)
        assert reading.url == "http://hr.test"
        assert (tokens(reading), tokens(sending)) == ([None, None], ["Bearer secret", None])
    assert node_addresses(settings) == ["http://hr.test", "http://court.test"]


def test_the_setting_travels_as_json(monkeypatch: pytest.MonkeyPatch, token: Path) -> None:
    listed = [{"name": "hr", "url": "http://hr.test", "token_file": str(token)}]
    for name, value in environment({"chain_validators": listed}).items():
        monkeypatch.setenv(name, value)
    assert Settings().chain_validators == (
        ValidatorSetting(name="hr", url="http://hr.test", token_file=token),
    )
    monkeypatch.setenv("CONCORD_CHAIN_VALIDATORS", json.dumps([{**listed[0], "rpc": "x"}]))
    with pytest.raises(ValidationError):
        Settings()
