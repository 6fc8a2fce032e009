"""An anchoring worker in a process of its own that is killed in the middle of its work.

`python -m tests.support.dying_worker URL RPC TOKEN CHAIN_FOLDER AT`: ticks until the call with number AT to gateway or
outbox has returned, then dies without any clean-up; AT -1 ticks until nothing is left to do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from api.anchoring.repository.outbox import SqlRelayStore
from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.kernel.clock import SystemClock
from chain.calls import Contracts
from chain.deployer import load_deployment
from chain.gateway_rpc import RpcGateway
from chain.relay import Relay, RelaySettings
from chain.transactions import Sender
from tests.support.real_chain import RELAY


class Dying:
    """Passes calls on and kills the process after the chosen one."""

    count = 0
    at = -1

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._inner, name)
        if not callable(target):
            return target

        def call(*args: Any, **kwargs: Any) -> Any:
            result = target(*args, **kwargs)
            number, Dying.count = Dying.count, Dying.count + 1
            if number == Dying.at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call


def main() -> None:
    url, rpc, token, folder, at = sys.argv[1:]
    Dying.at = int(at)
    deployment = load_deployment(Path(folder))
    assert deployment is not None
    names = ("EvidenceLog", "ParticipantRegistry", "LaborContractRegistry")
    contracts = Contracts(*(deployment.address(name) for name in names))
    db = Database(url, FieldKey(bytes(32)))
    relay = Relay(
        Dying(RpcGateway(rpc, token=token)),
        Dying(SqlRelayStore(db, SystemClock().now)),
        Sender(RELAY, deployment.chain_id),
        contracts,
        f"worker {os.getpid()}",
        RelaySettings(lease=0.5, resend_after=1.0),
    )
    idle = 0
    while idle < 8:
        tick = relay.tick()
        idle = idle + 1 if not tick.busy and tick.leader and not relay.store.flights() else 0
        time.sleep(0.05)
    print("drained", flush=True)


if __name__ == "__main__":
    main()
