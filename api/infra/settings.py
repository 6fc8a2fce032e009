"""The one frozen settings object. Environment variables `CONCORD_*`; unknown ones fail; secrets are file paths.

Nothing outside this module reads the environment. `chain` and `signing` receive dataclasses built from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CONCORD_"


class TsaSetting(BaseModel):
    """One RFC 3161 service and what its tokens are trusted by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    url: str
    roots: tuple[Path, ...]
    policy: str | None = None


class WitnessSetting(BaseModel):
    """One witness of the log: where it listens, its verifier key, and the address of its key for the judicial chain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    url: str
    vkey: str
    address: str | None = None


class ValidatorSetting(BaseModel):
    """One validator: its RPC gateway, the file of the bearer token for sending through it, and its CometBFT RPC.

    `comet`: where light proofs are made from; without it this validator is not asked for any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    url: str
    token_file: Path | None = None
    comet: str | None = None


class Settings(BaseSettings):
    """Where everything is, for one process of an installation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(Path("var/data"), description="folder of the installation's data")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite (WAL) in data_dir")
    node_modules: Path = Field(
        Path("node_modules"), description="where npm ci put browser libraries and fonts"
    )
    font_dirs: tuple[Path, ...] = Field((), description="further folders with TrueType/OpenType fonts")

    public_origin: str = Field("http://localhost:8080", description="scheme://host[:port] that people use")
    listen_port: int = Field(0, description="loopback port of the API; 0: the port of public_origin")
    tls_cert: Path | None = Field(None, description="certificate chain (PEM), to serve https without a proxy")
    tls_key: Path | None = Field(None, description="private key (PEM) of tls_cert")
    log_origin: str = Field("concord.invalid/log", description="name of the evidence log (C2SP origin)")
    test_installation: bool = Field(
        True, description="TEST authorities in use: banner, labels, domain 'Concord TEST'"
    )
    operator_name: str = Field(
        "", description="who runs the installation, shown in page footers; empty: not shown"
    )
    filing_number: str = Field("", description="区块链信息服务备案 number, shown where the rules ask for it")

    chain_rpc_url: str = Field("http://127.0.0.1:8545", description="RPC gateway of the node")
    chain_rpc_token_file: Path | None = Field(None, description="bearer token for sending transactions")
    chain_validators: tuple[ValidatorSetting, ...] = Field(
        (),
        description="RPC gateways of the validator network (JSON); empty: the embedded chain at chain_rpc_url",
    )
    chain_trusting_days: int = Field(
        180, ge=1, le=36_500, description="days for which keys of former validators are taken as safe"
    )
    chain_id: int = Field(0, description="chain id of this installation")
    deployment_file: Path | None = Field(
        None, description="deployed contracts; default data_dir/chain/deployment.json"
    )
    relay_key_file: Path | None = Field(None, description="secp256k1 key (hex) of the transaction sender")
    rule_run_key_file: Path | None = Field(
        None,
        description="secp256k1 key (hex) that signs what the risk rules issue by themselves; the worker's only",
    )
    log_key_file: Path | None = Field(
        None, description="Ed25519 key (hex seed) that signs checkpoints and packages"
    )
    trust_root_file: Path | None = Field(None, description="published trust root of this installation")
    root_vkeys: tuple[str, ...] = Field((), description="verifier keys that sign trust roots (JSON list)")
    root_threshold: int = Field(0, ge=0, description="root keys that must sign; 0 where there are none")
    root_key_files: tuple[Path, ...] = Field(
        (), description="root keys on this machine (TEST); elsewhere they are kept off it"
    )
    release_vkeys: tuple[str, ...] = Field(
        (), description="verifier keys that release signing pages and templates; empty: nothing is released"
    )
    release_key_file: Path | None = Field(
        None, description="release key on this machine (TEST); elsewhere it is kept off it"
    )
    witnesses: tuple[WitnessSetting, ...] = Field((), description="witnesses of the log (JSON); empty: none")
    witness_threshold: int = Field(0, ge=0, description="witnesses that a checkpoint needs")
    bridge_domain_file: Path | None = Field(
        None, description="EIP-712 domain (JSON) of the judicial chain's contract, which witnesses sign for"
    )
    judicial_rpc_url: str = Field("", description="RPC of the court's chain; empty: no judicial chain")
    judicial_rpc_token_file: Path | None = Field(
        None, description="bearer token for sending to the court's node"
    )
    judicial_validators: tuple[ValidatorSetting, ...] = Field(
        (),
        description="RPC gateways of the court's own validator network (JSON); empty: one node at judicial_rpc_url",
    )
    judicial_deployment_file: Path | None = Field(None, description="record of the court's JudicialAnchor")
    judicial_relay_key_file: Path | None = Field(None, description="key (hex) that carries checkpoints there")
    judicial_seal_vkey: str = Field(
        "", description="verifier key of the court's block seals; empty: unsealed"
    )

    identity_url: str = Field("", description="identity service")
    identity_token_file: Path | None = Field(None, description="bearer token for the identity service")
    identity_issuer: str = Field("", description="address of the identity service's signing key")
    ca_url: str = Field("", description="certificate authority (PKCS#10 over HTTP)")
    ca_token_file: Path | None = Field(None, description="bearer token for the CA")
    ca_certificates: tuple[Path, ...] = Field(
        (), description="PEM/DER roots and intermediates of accepted CAs"
    )
    tsas: tuple[TsaSetting, ...] = Field((), description="RFC 3161 services in order of preference (JSON)")
    sms_url: str = Field("", description="SMS gateway for notifications")
    sms_token_file: Path | None = Field(None, description="bearer token for the SMS gateway")
    smtp_url: str = Field("", description="smtp://user@host:port for e-mail; empty: channel not offered")
    hotline: str = Field("12333", description="telephone number shown where a person needs help")

    kubo_rpc_url: str = Field(
        "", description="RPC of a private Kubo node for documents; empty: local block store"
    )
    field_key_file: Path | None = Field(
        None, description="32-byte key (hex) that seals personal columns at rest"
    )
    operator_key_file: Path | None = Field(
        None, description="X25519 key (hex) that wraps custodial recipient keys"
    )
    document_regulator_key_file: Path | None = Field(
        None, description="X25519 public key (hex) of the regulator"
    )
    keystore_scrypt_n: int = Field(2**17, description="scrypt N of platform-held keystores (at least 2**17)")

    max_body_bytes: int = Field(2_000_000, description="largest JSON body accepted")
    max_upload_bytes: int = Field(20_000_000, description="largest uploaded file accepted")
    max_delivery_bytes: int = Field(
        1_000_000_000, description="largest file of a department: streamed, loaded or pulled"
    )
    delivery_queue_bytes: int = Field(
        10_000_000, ge=0, description="files of a department above this are checked by the worker"
    )
    delivery_quota_bytes: int = Field(
        20_000_000_000, ge=1, description="bytes that a department may send a day (Asia/Shanghai)"
    )
    delivery_reserve_bytes: int = Field(
        2_000_000_000, ge=0, description="disk that departments' files leave free"
    )
    log_level: str = "INFO"

    @field_validator("public_origin")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("public_origin is scheme://host[:port] without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("keystore_scrypt_n")
    @classmethod
    def _scrypt(cls, value: int) -> int:
        if value < 2**17 or value & (value - 1):
            raise ValueError("keystore_scrypt_n is a power of two, at least 2**17")
        return value

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        known = {PREFIX + name.upper() for name in type(self).model_fields}
        # Names of other programs of the platform that may stand in the same environment.
        foreign = ("CONCORD_TEST_", "CONCORD_NODE_", "CONCORD_IDENTITY_SERVICE_")
        unknown = sorted(
            k for k in os.environ if k.startswith(PREFIX) and k not in known and not k.startswith(foreign)
        )
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        return self

    @property
    def secure_origin(self) -> bool:
        """Whether links may go out: https, or localhost on this machine."""
        parts = urlsplit(self.public_origin)
        return parts.scheme == "https" or parts.hostname == "localhost"

    @property
    def rp_id(self) -> str:
        """WebAuthn relying-party id: the origin's host."""
        host = urlsplit(self.public_origin).hostname
        return host or "localhost"

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies carry the Secure attribute."""
        return self.public_origin.startswith("https://")

    @cached_property
    def effective_database_url(self) -> str:
        """The database URL with the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'concord.db').absolute()}"

    @property
    def effective_deployment_file(self) -> Path:
        """Where the deployer writes and everybody reads the contracts' addresses."""
        return self.deployment_file or self.data_dir / "chain" / "deployment.json"


def read_secret(path: Path | None, what: str) -> str:
    """The stripped text of a secret file.

    Raises FileNotFoundError with a message that names the setting `what` when none is configured.
    """
    if path is None:
        raise FileNotFoundError(f"setting {what} is not configured: it names a file that holds the secret")
    return path.read_text(encoding="ascii").strip()


def environment(values: Mapping[str, object]) -> dict[str, str]:
    """`values` (setting name → value) as environment variables for a child process; lists and models as JSON."""

    def text(value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (list, tuple, dict)):
            return json.dumps(value, default=str)
        return str(value)

    known = set(Settings.model_fields)
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    return {PREFIX + name.upper(): text(value) for name, value in values.items() if value is not None}
