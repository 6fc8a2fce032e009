"""The example of docs/operations/governance.md appoints a registrar on a real EVM."""

from __future__ import annotations

import re
import time
from pathlib import Path

from chain.abi import load
from chain.deployer import DeploymentConfig, deploy
from chain.governance import Act
from chain.transactions import Sender
from signing.wallets import address_of, sign_digest

from .conftest import CHAIN_ID, Evm, key

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "operations" / "governance.md"


def test_the_example_appoints_a_registrar(evm: Evm, config: DeploymentConfig, tmp_path: Path) -> None:
    done = deploy(evm.gateway, key(0xD0), config, tmp_path)
    keys = {address_of(key(number)): key(number) for number in (0xE1, 0xE3)}
    waited: list[int] = []

    def sign(signer: str, act: Act) -> bytes:
        return sign_digest(keys[signer], act.digest())

    def wait(seconds: int) -> None:
        _mined(evm)
        waited.append(seconds)
        evm.gateway.request("evm_increaseTime", seconds + 1)

    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    names = {
        "folder": tmp_path,
        "gateway": evm.gateway,
        "sender": Sender(key(0x51), CHAIN_ID),
        "signers": list(keys),
        "sign": sign,
        "wait": wait,
        "new_registrar": address_of(key(0xA2)),
    }
    exec(compile(code, str(GUIDE), "exec"), names)
    _mined(evm)
    assert waited == [config.admin_delay]
    asked = load("ParticipantRegistry").function("isRegistrar")
    answer = evm.gateway.call(done.address("ParticipantRegistry"), asked.encode(address_of(key(0xA2))))
    assert asked.decode(answer) == (True,)


def _mined(evm: Evm) -> None:
    """Wait until the sender's transactions are in blocks."""
    sender = address_of(key(0x51))
    while evm.gateway.request("eth_getTransactionCount", sender, "pending") != hex(
        evm.gateway.transaction_count(sender)
    ):
        time.sleep(0.05)
