"""Makes the light record of every conclusion that a validator network has taken (evidence-spec, 3.6, step 17).

A loop of its own: no slow node and no slow authority holds up relay, index or checkpoints. What is still to be made is
what the tables say, so a process that was killed goes on where it was. Nodes forget old states after days: a record
that is late is an alarm long before. One validator that contradicts itself is an alarm, all of them stop the work.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from api.anchoring.ports import Timestamps
from api.anchoring.repository import alarms, conclusions
from api.anchoring.repository.conclusions import Unproven
from api.anchoring.repository.lease import SqlLease
from api.anchoring.rules import SEVERITY_INTEGRITY, SEVERITY_WARNING
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import integrity
from chain.calls import decode_conclude
from chain.errors import GatewayUnavailable, ProofInvalid
from chain.light.maker import light_record, with_token
from chain.light.network import LightNetwork, is_ahead, period_left, start_below
from chain.light.rpc import CometSource

if TYPE_CHECKING:
    from chain.trust_root import ValidatorNetwork

log = structlog.get_logger(__name__)
AT_ONCE = 50
LEASE = "light"
LEASE_SECONDS = 60.0
RETRY = timedelta(seconds=2)
TOKEN_RETRY = timedelta(seconds=15)
LATE = timedelta(minutes=10)
"""A record that is missing for so long is told to a person: nodes keep old states for days only."""
AGEING = 0.75
"""Share of the trusting period after which a newer header should stand in the trust root."""

Json = dict[str, Any]


class LightProver:
    """The loop of one installation. `registry`: address and 32-byte code hash of the LaborContractRegistry.

    trust: the network of the published trust root, None as long as that names none.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        lease: SqlLease,
        owner: str,
        network: LightNetwork,
        registry: tuple[str, bytes],
        trust: Callable[[], ValidatorNetwork | None],
        timestamps: Timestamps,
    ) -> None:
        self._uow, self._clock, self._lease, self._owner = uow, clock, lease, owner
        self._network, self._trust, self._timestamps = network, trust, timestamps
        self._registry, self._code_hash = registry
        self._settled = -1
        self._again: dict[int, datetime] = {}
        self._made: dict[int, Json] = {}
        self._light: tuple[int, Json] | None = None

    def run_due(self) -> int:
        """One pass; how many records were stored. Raises DomainError `integrity` as the worker does."""
        with self._uow.read() as session:
            until = conclusions.newest_final(session)
            due = conclusions.unproven(session, self._settled, until, AT_ONCE + len(self._again))
        if not due:
            self._settled = until
            return 0
        self._refuse_if_stopped()
        if self._lease.acquire(self._owner, LEASE_SECONDS) is None:
            return 0
        self._settled = due[0].nonce - 1
        trust = self._trust()
        if trust is None:
            return self._no_trust(due)
        first = min(trust.headers)
        provable = [item for item in due if item.block_number >= first]
        if not provable:  # of before the first header that anybody trusts: nothing will ever vouch for them
            self._settled = due[-1].nonce
        return sum(self._prove(item, trust) for item in provable)

    def _prove(self, item: Unproven, trust: ValidatorNetwork) -> bool:
        """Make one record; whether it was stored."""
        if self._again.get(item.nonce, self._clock.now()) > self._clock.now():
            return False
        try:
            made = self._made.pop(item.nonce, None) or self._record(item, trust)
        except GatewayUnavailable as error:
            return self._later(item, RETRY, "validators", str(error.facts.get("reason", "")))
        except ProofInvalid as error:
            facts = {"reason": str(error.facts["reason"]), "block": item.block_number}
            self._alarm("log.integrity", SEVERITY_INTEGRITY, facts)
            raise integrity("anchoring.integrity", **facts) from error
        left = period_left(made["light"], trust.trusting_period, self._clock.now())
        if left < (1 - AGEING) * trust.trusting_period:
            self._alarm("light.header_old", SEVERITY_WARNING, {"height": _start(made)})
        if left <= 0:
            return self._later(item, TOKEN_RETRY, "trust root", "the trusting period is over")
        return self._store(item, self._stamped(item, made))

    def _record(self, item: Unproven, trust: ValidatorNetwork) -> Json:
        """The record before its token, or with that of another conclusion of the same block."""
        contract_id, commitment, version = decode_conclude(item.data)
        start = start_below(trust, item.block_number)
        if start is None:
            raise GatewayUnavailable("no trusted header below the block")
        shared = self._light[1] if self._light and self._light[0] == item.block_number else None
        make: Callable[[CometSource], Json] = partial(
            light_record,
            trusted_height=start,
            trusted_hash=trust.headers[start],
            registry=self._registry,
            code_hash=self._code_hash,
            contract_id=contract_id,
            version=version,
            commitment=commitment,
            height=item.block_number,
            transaction=item.transaction,
            light=shared,
        )
        made, wrong = self._network.first(make)
        for other in wrong:
            facts = {"validator": other.validator, "block": item.block_number, "reason": other.reason}
            self._alarm("light.contradiction", SEVERITY_WARNING, facts)
        return made

    def _stamped(self, item: Unproven, made: Json) -> Json | None:
        """The record with a token over its trail, None while no authority gives a good one."""
        light = made["light"]
        if light["token"] is not None:
            return made
        times: list[datetime] = []

        def stamp(imprint: bytes) -> bytes:
            found = self._timestamps.stamp(imprint)
            times.append(found.time)
            return found.der

        try:
            done = with_token(made, stamp)
        except Exception as error:  # whatever the authorities do, the next look tries again
            self._made[item.nonce] = made
            self._later(item, TOKEN_RETRY, "timestamp", type(error).__name__)
            return None
        if is_ahead(light, times[0]):
            self._later(item, TOKEN_RETRY, "timestamp", "the block's time lies after the token's")
            return None
        self._light = (item.block_number, done["light"])
        return done

    def _store(self, item: Unproven, record: Json | None) -> bool:
        if record is None:
            return False
        with self._uow() as session:
            conclusions.keep(session, item.nonce, record)
        self._again.pop(item.nonce, None)
        log.info("anchoring.light.record_made", block=item.block_number, contract=item.contract)
        return True

    def _no_trust(self, due: list[Unproven]) -> int:
        if self._clock.now() - due[0].final_at > LATE:
            self._alarm("light.no_trusted_header", SEVERITY_WARNING, {})
        return 0

    def _later(self, item: Unproven, pause: timedelta, missing: str, reason: str) -> bool:
        """Try again after `pause`; when it has been long, a person is told."""
        now = self._clock.now()
        self._again[item.nonce] = now + pause
        log.info("anchoring.light.waits", block=item.block_number, missing=missing, reason=reason)
        if now - item.final_at > LATE:
            facts = {"contract": item.contract, "block": item.block_number, "missing": missing}
            self._alarm("light.record_late", SEVERITY_WARNING, facts)
        return False

    def _refuse_if_stopped(self) -> None:
        with self._uow.read() as session:
            alarm = alarms.stopped(session)
        if alarm is not None:
            raise integrity("anchoring.stopped", alarm=alarm.id, **alarm.facts)

    def _alarm(self, code: str, severity: str, facts: Json) -> None:
        log.error("anchoring.alarm.raised", code=code, severity=severity, facts=facts)
        with self._uow() as session:
            alarms.raise_alarm(session, code, severity, facts, self._clock.now())


def _start(made: Json) -> int:
    """Height of the trusted header that a record starts from."""
    return int(made["light"]["trail"][0]["header"]["height"])
