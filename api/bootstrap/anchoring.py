"""Wires the anchoring slice: keys, deployment, gateway, and signing's timestamp client behind the slice's port."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from api.anchoring.model import WitnessIdentity
from api.anchoring.ports import Stamp
from api.anchoring.repository.eager import EagerDatabase
from api.anchoring.repository.index_store import SqlIndexStore
from api.anchoring.repository.judicial import SqlJudicialStore
from api.anchoring.repository.lease import SqlLease
from api.anchoring.repository.outbox import SqlRelayStore
from api.anchoring.service import Anchoring, Worker
from api.anchoring.service.erasure import Erasure
from api.anchoring.service.index import ChainIndex
from api.anchoring.service.judicial import JudicialWorker
from api.anchoring.service.longevity import Longevity
from api.anchoring.service.operator import Operator
from api.anchoring.service.proofs import Proofs
from api.anchoring.service.recorder import Recorder
from api.anchoring.service.registry import RegistryCalls
from api.anchoring.service.rule_run import RuleRunSigner
from api.anchoring.service.warning_proof import WarningProofs
from api.anchoring.service.witnessing import Witnessing
from api.bootstrap.warning_decisions import (
    NamedTowns,
    WarnedEnterprises,
    domain_of,
    warning_decisions,
    warning_inbox,
)
from api.infra.db import UnitOfWork
from api.infra.settings import read_secret
from api.kernel.errors import unavailable
from chain.calls import Contracts
from chain.checkpoint import LogKey
from chain.cosignature import WitnessVerifier
from chain.deployer import Deployment, load_deployment

if TYPE_CHECKING:
    from api.anchoring.service.light import LightProver
    from api.bootstrap.container import Container
    from chain.witness_client import WitnessClient
    from signing.eip712 import Domain
    from signing.timestamps import TimestampClient


WITNESS_PATIENCE = timedelta(seconds=60)
"""How long a package waits for the witnesses of a young checkpoint before it is made without them."""


class CheckpointStamps:
    """Timestamps by signing's client."""

    def __init__(self, client: TimestampClient) -> None:
        self._client = client

    def stamp(self, imprint: bytes) -> Stamp:
        """A checked token from the first authority that behaves."""
        token = self._client.stamp(imprint)
        return Stamp(token.der, token.tsa, token.gen_time)


def bridge_domain(c: Container) -> Domain | None:
    """EIP-712 domain of the judicial chain's contract, None where no judicial chain is set up."""
    from signing.eip712 import Domain

    path = c.settings.bridge_domain_file
    if path is None or not path.exists():
        return None
    data = json.loads(path.read_text("utf-8"))
    return Domain(data["name"], int(data["chainId"]), data["verifyingContract"], c.settings.log_origin)


def witness_clients(c: Container) -> list[WitnessClient]:
    """A client for each witness of the settings."""
    from chain.witness_client import Endpoint, WitnessClient

    domain = bridge_domain(c)
    return [
        WitnessClient(Endpoint(item.name, item.url, item.vkey, item.address), domain)
        for item in c.settings.witnesses
    ]


def witness_identities(c: Container) -> list[WitnessIdentity]:
    """The witnesses of the settings as the operator is shown them."""
    found = []
    for item in c.settings.witnesses:
        key = WitnessVerifier.parse(item.vkey)
        fingerprint = hashlib.sha256(key.public).hexdigest()
        found.append(WitnessIdentity(item.name, key.key_id.hex(), fingerprint))
    return found


def build(c: Container) -> Anchoring:
    """The slice's service. Keys and deployment are read when they are first needed."""

    @cache
    def deployment() -> Deployment:
        found = load_deployment(c.settings.effective_deployment_file.parent)
        if found is None:
            raise unavailable("anchoring.not_deployed")
        return found

    def contracts() -> Contracts:
        return Contracts.of({name: made.address for name, made in deployment().contracts.items()})

    @cache
    def log_key() -> LogKey:
        seed = bytes.fromhex(read_secret(c.settings.log_key_file, "log_key_file"))
        return LogKey.from_seed(c.settings.log_origin, seed)

    def make_worker() -> Worker:
        from api.bootstrap.authorities import timestamp_client
        from api.bootstrap.chain_access import chain_gateway  # the worker process alone sends
        from chain.indexer import Indexer
        from chain.relay import Relay
        from chain.transactions import Sender

        chain_id = deployment().chain_id
        key = read_secret(c.settings.relay_key_file, "relay_key_file").removeprefix("0x")
        sender = Sender(bytes.fromhex(key), chain_id)
        gateway = chain_gateway(c.settings, sending=True)
        db = EagerDatabase(c.settings.effective_database_url, c.field_key)
        uow = UnitOfWork(db)
        owner = f"{socket.gethostname()}/{os.getpid()}/{time.time_ns()}"
        return Worker(
            uow=uow,
            clock=c.clock,
            gateway=gateway,
            relay=Relay(gateway, SqlRelayStore(db, c.clock.now), sender, contracts(), owner),
            indexer=Indexer(gateway, SqlIndexStore(db), contracts()),
            log_key=log_key(),
            timestamps=CheckpointStamps(timestamp_client(c.settings, c.clock)),
            # A validator network's headers and tries are of another kind: its light records have a loop of their own.
            proof_source=None if c.settings.chain_validators else gateway,
            witnessing=Witnessing(
                uow, c.clock, witness_clients(c), c.settings.witness_threshold, time.monotonic
            ),
            monotonic=time.monotonic,
        )

    def rule_run_key() -> bytes | None:
        path = c.settings.rule_run_key_file
        if path is None:
            return None
        return bytes.fromhex(read_secret(path, "rule_run_key_file").removeprefix("0x"))

    def make_judicial() -> JudicialWorker | None:
        from api.bootstrap.court_access import court_gateway, has_court
        from chain.judicial import Court, JudicialRelay
        from chain.judicial_deployer import load_judicial_deployment
        from chain.judicial_rpc import receipts_of
        from chain.transactions import Sender

        settings = c.settings
        made = load_judicial_deployment(settings.judicial_deployment_file)
        if made is None or not has_court(settings):
            return None
        key = read_secret(settings.judicial_relay_key_file, "judicial_relay_key_file").removeprefix("0x")
        gateway = court_gateway(settings, sending=True)
        db = EagerDatabase(settings.effective_database_url, c.field_key)
        relay = JudicialRelay(
            gateway,
            receipts_of(gateway, made.chain_id, made.address),
            SqlJudicialStore(db, made.threshold, c.clock.now),
            Sender(bytes.fromhex(key), made.chain_id),
            Court(
                made.chain_id,
                made.address,
                made.log_origin,
                made.domain_name,
                frozenset(made.witnesses),
                made.threshold,
                made.block,
            ),
            f"{socket.gethostname()}/{os.getpid()}/{time.time_ns()}",
        )
        return JudicialWorker(UnitOfWork(db), c.clock, relay, time.monotonic)

    def make_longevity() -> Longevity | None:
        from api.bootstrap.authorities import timestamp_client

        if not c.settings.tsas:
            return None
        return Longevity(c.uow, c.clock, CheckpointStamps(timestamp_client(c.settings, c.clock)))

    def make_light() -> LightProver | None:
        from api.anchoring.service.light import LEASE, LightProver
        from api.bootstrap.authorities import timestamp_client
        from api.bootstrap.light import light_network, trusted_network
        from chain.trust_root import REGISTRY

        network = light_network(c.settings)
        if network is None:
            return None
        registry = deployment().contracts[REGISTRY]
        db = EagerDatabase(c.settings.effective_database_url, c.field_key)
        return LightProver(
            UnitOfWork(db),
            c.clock,
            SqlLease(db, LEASE, c.clock.now),
            f"{socket.gethostname()}/{os.getpid()}/{time.time_ns()}",
            network,
            (registry.address, bytes.fromhex(registry.code_hash)),
            lambda: trusted_network(c.settings),
            CheckpointStamps(timestamp_client(c.settings, c.clock)),
        )

    domain = domain_of(deployment)
    warnings = warning_decisions(c, domain, deployment, contracts)
    proofs = Proofs(
        c.settings.log_origin,
        log_key,
        c.clock,
        WITNESS_PATIENCE if c.settings.witness_threshold else timedelta(0),
    )
    return Anchoring(
        uow=c.uow,
        recorder=Recorder(c.settings.log_origin, c.clock),
        registry=RegistryCalls(contracts, c.clock),
        proofs=proofs,
        index=ChainIndex(),
        operator=Operator(c.clock, witness_identities(c), c.settings.log_origin),
        erasure=Erasure(c.clock),
        make_worker=make_worker,
        make_judicial=make_judicial,
        make_longevity=make_longevity,
        make_light=make_light,
        warnings=warnings,
        inbox=warning_inbox(c),
        proof=WarningProofs(proofs, domain),
        subjects=WarnedEnterprises(c),
        places=NamedTowns(c),
        make_rule_signer=lambda: RuleRunSigner(c.uow, warnings, rule_run_key),
    )
