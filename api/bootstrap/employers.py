"""Wires the employers slice: accounts to identity, statements and keystores to `signing`, registry calls to anchoring."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.bootstrap.authorities import ca_client
from api.bootstrap.container import Container
from api.employers.model import NewAccount, SealCertificate, SealKey
from api.employers.service import EmployersService
from api.employers.service.wiring import Wiring
from api.infra import problems
from api.kernel.errors import DomainError, ErrorKind, invalid
from chain.abi import load
from chain.deployer import Deployment, load_deployment
from chain.errors import ChainError
from signing import eip712, error_texts, p256, wallets, x509
from signing.ca_client import CaClient
from signing.errors import (
    InputRefused,
    IntegrityError,
    ServiceUnavailable,
    SignatureRefused,
    SigningError,
)

PASSPHRASE_LEAST = wallets.PASSPHRASE_LEAST
CACHE_SECONDS = 60.0

_KINDS: tuple[tuple[type[SigningError], ErrorKind], ...] = (
    (InputRefused, ErrorKind.INVALID),
    (SignatureRefused, ErrorKind.INVALID),
    (ServiceUnavailable, ErrorKind.UNAVAILABLE),
    (IntegrityError, ErrorKind.INTEGRITY),
)


@contextmanager
def _translated(kind: ErrorKind | None = None) -> Iterator[None]:
    """Errors of `signing` as domain errors with the same code; `kind` overrides what the class says."""
    try:
        yield
    except SigningError as error:
        own = next((known for cls, known in _KINDS if isinstance(error, cls)), ErrorKind.INVALID)
        raise DomainError(kind or own, error.code, **error.facts) from error


class IdentityAccounts:
    """`Accounts` on the identity slice; looked up at use, as the two slices may be built in any order."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def create(
        self, *, login: str, display_name: str, phone: str, id_number: str, org_id: str, role: str
    ) -> NewAccount:
        """See the port."""
        made = self._container.identity.accounts.create_employer_account(
            login=login,
            display_name=display_name,
            phone=phone,
            id_number=id_number,
            org_id=org_id,
            roles=frozenset({role}),
        )
        return NewAccount(made.account_id, login, made.one_time_password, made.totp_uri)

    def display_name(self, account_id: str) -> str:
        """See the port."""
        return str(self._container.identity.accounts.get(account_id).display_name)

    def disable(self, account_id: str) -> None:
        """See the port."""
        self._container.identity.accounts.disable(account_id)

    def enable(self, account_id: str, org_id: str, role: str) -> None:
        """See the port."""
        self._container.identity.accounts.attach_organisation(account_id, org_id, role, move=True)


class Eip712Statements:
    """`Statements` in the domain of the installation's ParticipantRegistry."""

    def __init__(self, deployment: Callable[[], Deployment], ask: Callable[[str, bytes], bytes]) -> None:
        self._deployment = deployment
        self._ask = ask
        self._registrars: dict[str, tuple[float, bool]] = {}

    @cached_property
    def _domain(self) -> eip712.Domain:
        made = self._deployment()
        return eip712.Domain(
            made.domain_name, made.chain_id, made.address("ParticipantRegistry"), made.log_origin
        )

    def typed_data(self, type_name: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """See the port."""
        with _translated():
            return eip712.typed_data(self._domain, _statement(type_name, message))

    def digest(self, type_name: str, message: Mapping[str, Any]) -> bytes:
        """See the port."""
        with _translated():
            return eip712.digest(self._domain, _statement(type_name, message))

    def text_digest(self, text: str) -> bytes:
        """See the port (EIP-191, version 0x45)."""
        data = text.encode("utf-8")
        return eip712.keccak256(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode("ascii") + data)

    def recover(self, digest: bytes, signature: bytes) -> str:
        """See the port."""
        with _translated(ErrorKind.INVALID):
            return wallets.recover(digest, signature)

    def checksum(self, address: str) -> str:
        """See the port."""
        with _translated():
            return eip712.checksum_address(address)

    def is_registrar(self, address: str) -> bool:
        """As the chain says; while it does not answer, as the deployment did. The chain decides again at execution."""
        known = self._registrars.get(address)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        function = load("ParticipantRegistry").function("isRegistrar")
        try:
            found = self._ask(self._deployment().address("ParticipantRegistry"), function.encode(address))
            answer = bool(function.decode(found)[0])
        except ChainError:
            return address in self._deployment().registrars
        self._registrars[address] = (time.monotonic() + CACHE_SECONDS, answer)
        return answer


def _statement(type_name: str, message: Mapping[str, Any]) -> eip712.Statement:
    statements: dict[str, type[eip712.Statement]] = {
        cls.__name__: cls
        for cls in (
            eip712.RegisterOrganisation,
            eip712.ReplaceRepresentative,
            eip712.SetSealKey,
            eip712.GrantAgent,
            eip712.RevokeAgent,
        )
    }
    return eip712.from_message(statements[type_name], dict(message))


class V3Keystores:
    """`Keystores` with the wallets of `signing`."""

    def create(self, passphrase: str) -> tuple[str, dict[str, Any]]:
        """See the port."""
        with _translated():
            made = wallets.new_keystore(passphrase)
        return made.address, made.document

    def check(self, document: Mapping[str, Any]) -> str:
        """See the port."""
        with _translated():
            return wallets.check_keystore(document)

    def sign(self, document: Mapping[str, Any], passphrase: str, digest: bytes) -> bytes:
        """See the port."""
        try:
            return wallets.sign_with_keystore(document, passphrase, digest)
        except SignatureRefused as error:
            raise DomainError(ErrorKind.FORBIDDEN, error.code, **error.facts) from error
        except SigningError as error:
            raise DomainError(ErrorKind.INVALID, error.code, **error.facts) from error


class CaSeals:
    """`SealAuthority` on the configured CA."""

    def __init__(self, client: Callable[[], CaClient]) -> None:
        self._client = client

    def new_key(self, passphrase: str, organisation: str, uscc: str) -> SealKey:
        """See the port."""
        if len(passphrase) < PASSPHRASE_LEAST:
            raise invalid("wallet.passphrase_weak", least=PASSPHRASE_LEAST, pointer="/passphrase")
        key = ec.generate_private_key(ec.SECP256R1())
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase.encode("utf-8")),
        )
        with _translated():
            info = x509.csr_info(
                spki, x509.Subject(common_name=organisation, organization=organisation, unit=uscc)
            )
            signature = p256.to_raw(key.sign(info, ec.ECDSA(hashes.SHA256())))
            return SealKey(encrypted, spki, x509.assemble_csr(info, signature))

    def check_request(self, request: bytes) -> bytes:
        """See the port."""
        try:
            return x509.read_csr(request).spki
        except SigningError as error:
            raise invalid("employers.request_form", pointer="/request") from error

    def certify(self, request: bytes, *, name: str, uscc: str, org_id: str) -> SealCertificate:
        """See the port."""
        organisation = {"name": name, "uscc": uscc, "org_id": org_id}
        try:
            issued = self._client().issue_organisation(request, organisation)
            return SealCertificate(
                issued.certificate, issued.chain, x509.certificate_spki(issued.certificate)
            )
        except SignatureRefused as error:
            raise DomainError(ErrorKind.CONFLICT, error.code, **error.facts) from error
        except SigningError as error:
            raise DomainError(ErrorKind.UNAVAILABLE, error.code, **error.facts) from error


class _LateRegistry:
    """Registry calls of the anchoring slice, looked up at use."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container.anchoring.registry, name)


class _LateRecorder:
    """The event recorder, looked up at use."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def record(self, session: Any, draft: Any) -> Any:
        """See EventRecorder."""
        return self._container.recorder.record(session, draft)


def build(container: Container) -> EmployersService:
    """The slice's service."""
    problems.register(error_texts.TEXTS)
    settings = container.settings

    def deployment() -> Deployment:
        found = load_deployment(settings.effective_deployment_file.parent)
        if found is None:
            raise DomainError(ErrorKind.UNAVAILABLE, "employers.not_deployed")
        return found

    def ask(target: str, data: bytes) -> bytes:
        from api.bootstrap.chain_access import chain_gateway

        with chain_gateway(settings, timeout=2.0) as gateway:
            return gateway.call(target, data)

    @cache
    def ca() -> CaClient:
        return ca_client(settings)

    return EmployersService(
        Wiring(
            uow=container.uow,
            clock=container.clock,
            bus=container.bus,
            recorder=_LateRecorder(container),
            registry=_LateRegistry(container),
            accounts=IdentityAccounts(container),
            statements=Eip712Statements(deployment, ask),
            keystores=V3Keystores(),
            seals=CaSeals(ca),
            lookup=container.field_key.lookup,
            origin=settings.public_origin,
            test=settings.test_installation,
        )
    )
