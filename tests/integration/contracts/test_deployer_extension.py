"""Contracts that came later, on a real EVM: added once, to a new installation or an old one, resumable, with no new power."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from chain.abi import CONTRACTS, EXTENSIONS, load
from chain.deployer import RECORD, DeploymentConfig, DeploymentError, deploy, load_deployment
from chain.deployer_extension import PLAN, extend, is_extended
from chain.errors import CallReverted, GatewayUnavailable
from signing.wallets import address_of

from .conftest import Evm, key
from .test_deployer import DEPLOYER, Dying

(WARNINGS,) = EXTENSIONS
RULE_KEYS = [address_of(key(0xF1))]


def ask(evm: Evm, target: str, name: str, *arguments: object) -> object:
    function = load(WARNINGS).function(name)
    return function.decode(evm.gateway.call(target, function.encode(*arguments)))[0]


def test_an_installation_of_an_older_release_gets_the_contract_once(
    evm: Evm, config: DeploymentConfig, tmp_path: Path
) -> None:
    old = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    record = json.loads((tmp_path / RECORD).read_bytes())
    del record["rule_keys"]  # as an older release wrote it
    (tmp_path / RECORD).write_text(json.dumps(record))
    loaded = load_deployment(tmp_path)
    assert loaded is not None
    assert not is_extended(loaded)
    other_key = key(0xD7)  # need not be the one that deployed
    done = extend(evm.gateway, other_key, tmp_path, RULE_KEYS)
    assert is_extended(done)
    assert set(done.contracts) == {*CONTRACTS, *EXTENSIONS}
    assert {name: done.contracts[name] for name in CONTRACTS} == old.contracts
    assert done.rule_keys == tuple(RULE_KEYS)
    assert load_deployment(tmp_path) == done
    assert extend(evm.gateway, other_key, tmp_path, RULE_KEYS) == done
    assert extend(evm.gateway, DEPLOYER, tmp_path, []) == done  # what was recorded stays
    assert evm.gateway.transaction_count(address_of(other_key)) == 1
    assert deploy(evm.gateway, DEPLOYER, config, tmp_path) == done
    target = done.address(WARNINGS)
    assert ask(evm, target, "ruleKeyStatus", RULE_KEYS[0]) == 1
    assert ask(evm, target, "ruleKeyStatus", config.registrars[0]) == 0
    assert str(ask(evm, target, "participants")).lower() == done.address("ParticipantRegistry").lower()


def test_nobody_who_deploys_has_any_power_in_it(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    deploy(evm.gateway, DEPLOYER, config, tmp_path)
    done = extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
    for act in ("authoriseRuleKey", "revokeRuleKey"):
        with pytest.raises(CallReverted) as refused:
            evm.gateway.call(done.address(WARNINGS), load(WARNINGS).function(act).encode(RULE_KEYS[0]))
        reason = load(WARNINGS).decode_error(refused.value.data)
        assert reason is not None
        assert reason.name == "AccessManagedUnauthorized"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 12))
def test_a_killed_run_is_continued(
    evm: Evm, config: DeploymentConfig, tmp_path: Path, dies_at: int, after: bool
) -> None:
    deploy(evm.gateway, DEPLOYER, config, tmp_path)
    before = evm.gateway.transaction_count(address_of(DEPLOYER))
    try:
        extend(Dying(evm.gateway, dies_at, after), DEPLOYER, tmp_path, RULE_KEYS)  # type: ignore[arg-type]
    except GatewayUnavailable:
        found = load_deployment(tmp_path)
        assert found is not None
        assert not is_extended(found)
    done = extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
    assert evm.gateway.transaction_count(address_of(DEPLOYER)) == before + 1
    (step,) = json.loads((tmp_path / PLAN).read_bytes())["steps"]
    assert step["hash"] == done.contracts[WARNINGS].transaction


def test_what_does_not_fit_is_refused(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="not deployed"):
        extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
    deployed = deploy(evm.gateway, DEPLOYER, config, tmp_path)
    elsewhere = dataclasses.replace(deployed, genesis_hash="0" * 64)
    (tmp_path / RECORD).write_text(json.dumps(elsewhere.to_json()))
    with pytest.raises(DeploymentError) as caught:
        extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
    assert caught.value.facts == {"field": "genesis_hash"}
    (tmp_path / RECORD).write_text(json.dumps(deployed.to_json()))
    with pytest.raises(GatewayUnavailable):
        extend(Dying(evm.gateway, 5, False), DEPLOYER, tmp_path, RULE_KEYS)  # type: ignore[arg-type]
    with pytest.raises(DeploymentError) as caught:
        extend(evm.gateway, DEPLOYER, tmp_path, [address_of(key(0xF9))])
    assert caught.value.facts == {"field": "rule_keys"}
    done = extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
    evm.gateway.request("anvil_setCode", done.address(WARNINGS), "0x6001")
    with pytest.raises(DeploymentError, match=WARNINGS):
        extend(evm.gateway, DEPLOYER, tmp_path, RULE_KEYS)
