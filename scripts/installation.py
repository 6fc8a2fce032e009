"""One installation's folder: where everything lies, its keys, ports and permanent facts.

Created once (`prepare`), atomically and resumably: a key that exists is never made again.
"""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.durable_file import replace_file

if TYPE_CHECKING:
    from chain.checkpoint import LogKey

WITNESSES = ("court", "union", "notary")
"""TEST witnesses of the log; two of them are a quorum."""

PORTS = (
    *("api", "node", "identity", "idp", "sms", "ca", "tsa_one", "tsa_two"),
    *(f"witness_{name}" for name in WITNESSES),
    "court_node",
)
"""Loopback listeners of the embedded installation, in this order from the first port."""

NETWORKS: dict[str, tuple[str, ...]] = {"local4": ("hr", "court", "union", "notary")}
"""Validator networks that an installation can found on its own machine, and their members."""

SECP256K1_KEYS = (
    *("relay", "deployer", "registrar", "governance-1", "governance-2", "governance-3"),
    *("court-deployer", "court-relay", "rule-run"),
)
COURT_SEAL = "court.test/chain"
"""Name of the TEST court's key that seals its chain's blocks."""


class InstallationError(Exception):
    """The folder cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Installation:
    """Paths and facts of an installation under `root`."""

    root: Path
    log_origin: str
    ports: dict[str, int]
    public_origin: str
    test: bool
    network: str | None = None

    @property
    def validators(self) -> tuple[str, ...]:
        """Members of the installation's validator network; none where the chain is the embedded one."""
        return NETWORKS[self.network] if self.network else ()

    @property
    def network_folder(self) -> Path:
        """Where the validators of this machine live, each in a folder of its own."""
        return self.root / "network"

    def front_folder(self, name: str) -> Path:
        """Where a validator's RPC gateway keeps its token and list of senders."""
        return self.network_folder / "fronts" / name

    @property
    def keys(self) -> Path:
        """Folder of secrets (0700)."""
        return self.root / "keys"

    @property
    def data(self) -> Path:
        """The API's data folder: database, blobs, deployment record, trust root."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """Folder of the programs' logs."""
        return self.root / "logs"

    @property
    def deployment_folder(self) -> Path:
        """Where the deployer keeps its record."""
        return self.data / "chain"

    @property
    def trust_root(self) -> Path:
        """The published trust root."""
        return self.data / "trust-root.json"

    @property
    def domain_file(self) -> Path:
        """EIP-712 domain of the labour registry, for identity service and CA."""
        return self.data / "domain.json"

    @property
    def bridge_domain_file(self) -> Path:
        """EIP-712 domain of the judicial chain's contract, for witnesses and relay; absent: no judicial chain."""
        return self.data / "bridge-domain.json"

    @property
    def court_folder(self) -> Path:
        """The own folder of the TEST court's node."""
        return self.root / "court"

    @property
    def judicial_record(self) -> Path:
        """Where the court's deployer keeps its record."""
        return self.data / "judicial" / "judicial-deployment.json"

    def court_seal_vkey(self) -> str:
        """Verifier key of the TEST court's block seals."""
        from chain.checkpoint import LogKey

        return LogKey.from_seed(COURT_SEAL, self.key("court-seal")).vkey

    def witness_folder(self, name: str) -> Path:
        """The own folder of one of the TEST witnesses."""
        return self.root / f"witness-{name}"

    def url(self, name: str) -> str:
        """Loopback address of one of the programs."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def note_key(self, name: str) -> LogKey:
        """The Ed25519 key `root` or `release` under its name in the trust root."""
        from chain.checkpoint import LogKey

        return LogKey.from_seed(f"{self.log_origin}/{name}", self.key(name))

    def key(self, name: str) -> bytes:
        """The 32 secret bytes stored under `name`."""
        return bytes.fromhex((self.keys / name).read_text("ascii").strip())


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode("utf-8"), mode)


def free_ports(count: int) -> list[int]:
    """`count` different free loopback ports."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]
    finally:
        for item in sockets:
            item.close()


def port_names(network: str | None) -> tuple[str, ...]:
    """Programs with a port: with a network its validators' RPC gateways stand for the embedded node."""
    if network is None:
        return PORTS
    return (*(name for name in PORTS if name != "node"), *(f"rpc_{name}" for name in NETWORKS[network]))


def _chain_zh(network: str | None) -> str:
    return f"网络 {network} " if network else "内嵌链"


def prepare(
    root: Path, first_port: int = 8080, public_origin: str | None = None, network: str | None = None
) -> Installation:
    """Open the installation under `root`, creating what is missing.

    `first_port` 0 takes free ports; ports, origin and `network` (one of NETWORKS, None: the embedded chain, or the one
    that the installation has) are settled at creation. Raises InstallationError.
    """
    if network is not None and network not in NETWORKS:
        raise InstallationError(
            f"没有名为 {network} 的网络：可选 {'、'.join(NETWORKS)} / no network {network!r}: known are {', '.join(NETWORKS)}"
        )
    root = root.absolute()
    facts_file = root / "installation.json"
    if facts_file.exists():
        facts: dict[str, Any] = json.loads(facts_file.read_text("utf-8"))
    else:
        names = port_names(network)
        numbers = free_ports(len(names)) if first_port == 0 else [first_port + n for n in range(len(names))]
        ports = dict(zip(names, numbers, strict=True))
        facts = {
            "v": 1,
            "log_origin": f"concord.test/{secrets.token_hex(6)}",
            "ports": ports,
            "public_origin": public_origin or f"http://localhost:{ports['api']}",
            "test": True,
            "network": network,
        }
        _write(facts_file, json.dumps(facts, indent=1) + "\n")
    if facts.get("v") != 1:
        raise InstallationError(f"{facts_file}: unknown version; use the release that wrote it")
    found = facts.get("network")
    if network is not None and network != found:
        raise InstallationError(
            f"{root} 的合同在{_chain_zh(found)}上，不能换到 {network}：请用 --data 另开目录 / the contracts of {root} "
            f"stand on {found or 'the embedded chain'}, not on {network}: begin a new folder with --data"
        )
    added = [name for name in port_names(found) if name not in facts["ports"]]
    if added:  # made by a release with fewer programs
        facts["ports"] |= dict(zip(added, free_ports(len(added)), strict=True))
        _write(facts_file, json.dumps(facts, indent=1) + "\n")
    made = Installation(
        root, facts["log_origin"], facts["ports"], facts["public_origin"], facts["test"], found
    )
    _make_keys(made)
    made.logs.mkdir(exist_ok=True)
    made.data.mkdir(exist_ok=True)
    return made


def _make_keys(installation: Installation) -> None:
    installation.keys.mkdir(parents=True, exist_ok=True)
    installation.keys.chmod(0o700)
    for name in (*SECP256K1_KEYS, "log", "field", "operator", "backup", "root", "release", "court-seal"):
        path = installation.keys / name
        if not path.exists():
            # Below the order of every curve in use: the first byte of secp256k1's order is 0xff.
            value = secrets.token_bytes(32)
            while value[0] == 0xFF:
                value = secrets.token_bytes(32)
            _write(path, value.hex() + "\n", 0o600)
    for name in ("identity-token", "idp-token", "sms-token", "ca-token"):
        path = installation.keys / name
        if not path.exists():
            _write(path, secrets.token_urlsafe(32) + "\n", 0o600)


def check_ports(installation: Installation) -> None:
    """Raise InstallationError naming the first port that something else listens on."""
    for name, port in installation.ports.items():
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise InstallationError(
                    f"port {port} ({name}) is in use: stop the other program, or begin a new folder with --port"
                )
