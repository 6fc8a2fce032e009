"""Wires the signing round: sessions to identity, wallets and seals to employers, registry calls to anchoring, outside
services from the settings. Other slices are looked up at use, as slices may be built in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from api.bootstrap.authorities import ca_client, read_certificates, timestamp_client, tsa_roots
from api.bootstrap.container import Container
from api.bootstrap.releases import current_page, page_files, releases
from api.bootstrap.rendering import renderer
from api.infra.settings import read_secret
from api.infra.web import Web
from api.kernel.errors import DomainError, ErrorKind
from api.kernel.events import EventRef
from api.signing_round.model import WorkerSession
from api.signing_round.ports import Authority, Seal, Wallet
from api.signing_round.service import SigningRoundService
from api.signing_round.service.vault import Vault
from api.signing_round.service.wiring import Wiring
from signing.blobs import BlobStore, KuboBlobStore, LocalBlobStore
from signing.eip712 import Domain
from signing.identity_service.client import IdentityServiceClient
from signing.pades import Anchors
from signing.page_release import page_release
from signing.x509 import TrustAnchors, load_certificate


class IdentitySessions:
    """`Sessions` on the identity slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def signing_session(self, session_id: str) -> WorkerSession | None:
        """See the port."""
        try:
            found = self._container.identity.workers.signing_session(session_id)
        except DomainError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return WorkerSession(
            session_id=found.session_id,
            person_id=found.person_id,
            contract_id=found.contract_id,
            check_id=found.check_id,
            service_session=found.service_session,
            commitment=found.commitment,
            level=found.level,
            check_statement=found.check_statement,
            state=found.state,
        )

    def phone_masked(self, person_id: str) -> str:
        """See the port."""
        masked: str = self._container.identity.persons.get(person_id).phone_masked
        return masked

    def passkey_event(self, person_id: str, credential_id: str) -> EventRef | None:
        """See the port."""
        event: EventRef | None = self._container.identity.portal.passkey_event(credential_id)
        return event


class OrganisationDesk:
    """`Employers` on the employers slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def authority(self, org_id: str, account_id: str, need: int, *, wallet: str | None = None) -> Authority:
        """See the port."""
        granted: Authority = self._container.employers.authority(org_id, account_id, need, wallet=wallet)
        return granted

    def wallet(self, address: str) -> Wallet:
        """See the port."""
        found: Wallet = self._container.employers.wallet(address)
        return found

    def seal(self, org_id: str) -> Seal:
        """See the port."""
        found: Seal = self._container.employers.seal(org_id)
        return found


class RegistryCalls:
    """`ConcludeCalls` on the anchoring slice."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def conclude(self, session: Any, **values: Any) -> str:
        """See the port."""
        return str(self._container.anchoring.registry.conclude(session, **values))

    def release(self, session: Any, call_id: str) -> None:
        """See the port."""
        self._container.anchoring.registry.release(session, call_id)

    def void(self, session: Any, call_id: str, reason: str) -> None:
        """See the port."""
        self._container.anchoring.registry.void(session, call_id, reason)


class LateRecorder:
    """The recorder of evidence events, looked up at use."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def record(self, session: Any, draft: Any) -> EventRef:
        """See the kernel's port."""
        return self._container.recorder.record(session, draft)


def build(container: Container) -> SigningRoundService:
    """The slice's service."""
    settings = container.settings
    regulator = settings.document_regulator_key_file
    vault = Vault(
        container.uow,
        container.clock,
        operator_key=bytes.fromhex(read_secret(settings.operator_key_file, "operator_key_file")),
        regulator=None if regulator is None else bytes.fromhex(read_secret(regulator, "regulator key")),
    )
    return SigningRoundService(
        Wiring(
            uow=container.uow,
            clock=container.clock,
            recorder=LateRecorder(container),
            bus=container.bus,
            renderer=renderer(container),
            identity=IdentityServiceClient(
                settings.identity_url, read_secret(settings.identity_token_file, "identity_token_file")
            ),
            ca=ca_client(settings),
            timestamps=timestamp_client(settings, container.clock),
            blobs=blob_store(container),
            vault=vault,
            sessions=IdentitySessions(container),
            employers=OrganisationDesk(container),
            registry=RegistryCalls(container),
            anchors=anchors(container),
            domain=domain(settings.effective_deployment_file, settings.log_origin),
            rp_id=settings.rp_id,
            test=settings.test_installation,
            page_release=lambda: current_page(container),
        )
    )


def blob_store(container: Container) -> BlobStore:
    """The encrypted block store: the local one, or a Kubo node where the settings name its RPC."""
    url = container.settings.kubo_rpc_url
    if url:
        return KuboBlobStore(url, httpx.Client(timeout=30.0, trust_env=False))
    return LocalBlobStore(container.settings.data_dir / "blobs")


def anchors(container: Container) -> Anchors:
    """Whom the platform trusts: self-issued CA certificates are roots, the others lead to them."""
    certificates = read_certificates(container.settings.ca_certificates)
    roots = tuple(der for der in certificates if load_certificate(der).self_issued)
    return Anchors(
        TrustAnchors(roots, tuple(der for der in certificates if der not in roots)),
        tsa_roots(container.settings),
    )


def domain(deployment: Path, log_origin: str) -> Domain:
    """The EIP-712 domain of the labour contract registry, from the deployment's record."""
    record: Mapping[str, Any] = json.loads(deployment.read_text("utf-8"))
    return Domain(
        name=record["domain_name"],
        chain_id=int(record["chain_id"]),
        verifying_contract=record["contracts"]["LaborContractRegistry"]["address"],
        log_origin=log_origin,
    )


def attach_web(container: Container, web: Web) -> None:
    """Serve the signing page's releases under their digests; E08 names the one in force."""
    if releases(container).enabled:
        web.follow_releases(lambda: current_page(container)[0], lambda digest: page_files(container, digest))
        return
    release = page_release(container.settings.node_modules.absolute())
    web.serve_release(release.digest, release.served())
