"""Starts a whole installation on one machine: chain (a node, or validators), TEST authorities, identity service, API, worker.

The order follows who needs whom: keys → node → contracts → domain → CA and identity service → trust root → witnesses → API
→ worker.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from api.infra.settings import environment
from scripts.installation import COURT_SEAL, WITNESSES, Installation, InstallationError, check_ports
from scripts.processes import Child, Supervisor
from scripts.up_chain import address_of, chain_of

REPOSITORY = Path(__file__).resolve().parent.parent
RELEASE_TIMEOUT = 120.0
CA_NAMES = ("root", "event", "organisation")
WITNESS_THRESHOLD = 2
ALLOCATOR = {"MALLOC_ARENA_MAX": "1"}
"""glibc gives each of a server's threads a heap of its own and hardly returns any: Python's share one well enough."""


def _schema() -> str:
    """Name of the newest migration in the code."""
    versions = sorted(
        path.stem for path in (REPOSITORY / "api" / "migrations" / "versions").glob("[0-9]*.py")
    )
    return versions[-1] if versions else ""


class Platform:
    """A running installation. `start` returns when everything is ready; `stop` ends it cleanly."""

    def __init__(self, installation: Installation, say: Callable[[str], None] = lambda _text: None) -> None:
        self.installation = installation
        self._say = say
        self.supervisor = Supervisor(REPOSITORY, lambda name, what: say(f"{name}: {what}"))
        self.chain = chain_of(installation, say)

    def start(self) -> None:
        """Start all programs; raises InstallationError or StartFailed with a text that says what to do."""
        check_ports(self.installation)
        self.chain.prepare()
        issuer = self._identity_issuer()
        if self._complete():
            self._start_again(issuer)
        else:
            self._start_first(issuer)
        self._write_state()

    def _complete(self) -> bool:
        """Whether everything that only the first start makes is there, for this release of the schema."""
        made = self.installation
        needed = [
            made.domain_file,
            made.judicial_record,
            made.bridge_domain_file,
            made.trust_root,
            made.root / "settings.json",
            made.data / "releases",
        ]
        stamp = made.root / "schema"
        return (
            all(path.exists() for path in needed)
            and self.chain.complete()
            and stamp.exists()
            and stamp.read_text("ascii") == _schema()
        )

    def _start_first(self, issuer: str) -> None:
        self.supervisor.start(*self.chain.children(), self._court_node(), *self._test_services())
        deployment = self._deploy(issuer)
        self._write_domain(deployment)
        self._deploy_court()
        self.supervisor.start(self._ca(issuer), self._identity())
        settings = self.settings(issuer)
        self._write_settings(settings)
        self._run(settings, "api.cli", "migrate")
        self._run(settings, "api.cli", "publish")
        (self.installation.root / "schema").write_text(_schema(), encoding="ascii")
        self.supervisor.start(*self._witnesses(), *self._platform(settings))
        self._await_releases()

    def _start_again(self, issuer: str) -> None:
        settings = self.settings(issuer)
        self._write_settings(settings)
        self.supervisor.start(
            *self.chain.children(),
            self._court_node(),
            *self._test_services(),
            self._ca(issuer),
            self._identity(),
            *self._witnesses(),
            *self._platform(settings),
        )

    def _platform(self, settings: dict[str, str]) -> list[Child]:
        return [
            Child(
                "api",
                ["-m", "api.app"],
                self._log("api"),
                settings | ALLOCATOR,
                self._url("api") + "/health/ready",
                False,
            ),
            Child("worker", ["-m", "api.cli", "worker"], self._log("worker"), settings),
        ]

    def _await_releases(self) -> None:
        """The first signing page and template are served once the log holds their release: seconds after the start."""
        deadline = time.monotonic() + RELEASE_TIMEOUT
        for path in ("/releases/page", "/releases/template/agreement/1"):
            while not self._answers(path):
                if time.monotonic() > deadline:
                    raise InstallationError(f"{path} is not in force: see {self._log('worker')}")
                time.sleep(0.2)

    @staticmethod
    def _serves(url: str) -> bool:
        try:
            return httpx.get(url, timeout=30).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False  # busy: asked again until the deadline

    def stop(self) -> None:
        """End all programs in reverse order."""
        killed = self.supervisor.stop()
        for name in killed:
            self._say(f"{name}: had to be killed")
        (self.installation.root / "up.json").unlink(missing_ok=True)

    def _url(self, name: str) -> str:
        return self.installation.url(name)

    def _log(self, name: str) -> Path:
        return self.installation.logs / f"{name}.log"

    def _key_file(self, name: str) -> Path:
        return self.installation.keys / name

    def _identity_issuer(self) -> str:
        record = self.installation.root / "identity" / "issuer.json"
        if not record.exists():
            folder = self.installation.root / "identity"
            folder.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [sys.executable, "-m", "signing.identity_service", "key", "--data", str(folder)],
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise InstallationError(
                    f"the identity service's key could not be made: {done.stderr.strip()}"
                )
            record.write_text(done.stdout, encoding="utf-8")
        return str(json.loads(record.read_text("utf-8"))["issuer"])

    def _answers(self, path: str) -> bool:
        try:
            return httpx.get(self._url("api") + path, timeout=10).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False  # a busy machine: asked again until the deadline

    def _court_node(self) -> Child:
        """The TEST court's own chain: own folder, chain id and keys, and every block sealed."""
        made = self.installation
        command = ["-m", "node", "--data", str(made.court_folder), "--port", str(self._port("court_node"))]
        command += ["--seal-key", str(self._key_file("court-seal")), "--seal-name", COURT_SEAL]
        for name in ("court-deployer", "court-relay"):
            command += ["--sender", address_of(made.key(name))]
        return Child("court_node", command, self._log("court_node"))

    def _deploy_court(self) -> None:
        """JudicialAnchor on the court's chain, and the domain for which the witnesses sign their second form."""
        from chain.cosignature import bridge_domain
        from chain.gateway_rpc import RpcGateway
        from chain.judicial_deployer import JudicialConfig, deploy_judicial_anchor

        made = self.installation
        witnesses = tuple(item["address"] for item in self._witness_facts())
        config = JudicialConfig(made.log_origin, made.test, witnesses, WITNESS_THRESHOLD)
        token = (made.court_folder / "rpc-token").read_text("ascii").strip()
        with RpcGateway(self._url("court_node"), token=token) as gateway:
            done = deploy_judicial_anchor(gateway, made.key("court-deployer"), config, made.judicial_record)
        domain = bridge_domain(done.chain_id, done.address, made.log_origin, test=made.test)
        made.bridge_domain_file.write_text(json.dumps(domain.typed()) + "\n", encoding="utf-8")

    def _test_services(self) -> list[Child]:
        root = self.installation.root
        return [
            Child(
                "idp",
                ["-m", "signing.testing.idp", "--data", str(root / "idp"), "--port", str(self._port("idp"))]
                + ["--token-file", str(self._key_file("idp-token")), "--persons", "1000"],
                self._log("idp"),
            ),
            Child(
                "sms",
                ["-m", "signing.testing.sms", "--data", str(root / "sms"), "--port", str(self._port("sms"))]
                + ["--token-file", str(self._key_file("sms-token"))],
                self._log("sms"),
            ),
            *(
                Child(
                    name,
                    ["-m", "signing.testing.tsa", "--data", str(root / name), "--port", str(self._port(name))]
                    + ["--name", name.removeprefix("tsa_")],
                    self._log(name),
                )
                for name in ("tsa_one", "tsa_two")
            ),
        ]

    def _port(self, name: str) -> int:
        return self.installation.ports[name]

    def _deploy(self, issuer: str) -> Any:
        from chain.deployer import DeploymentConfig, deploy, load_deployment

        found = load_deployment(self.installation.deployment_folder)
        if found is not None:
            return self._extend(found)
        self._say("contracts: deploying")
        self.chain.permit()
        config = DeploymentConfig(
            log_origin=self.installation.log_origin,
            test=self.installation.test,
            registrars=(address_of(self.installation.key("registrar")),),
            issuers=(issuer,),
            governance_signers=tuple(address_of(self.installation.key(f"governance-{n}")) for n in (1, 2, 3)),
            governance_threshold=2,
            admin_delay=3600,
        )
        with self.chain.gateway() as gateway:
            done = deploy(
                gateway, self.installation.key("deployer"), config, self.installation.deployment_folder
            )
        return self._extend(done)

    def _extend(self, deployment: Any) -> Any:
        """Contracts that came after the first release, for a new installation and an old one alike."""
        from chain.deployer_extension import extend, is_extended

        if is_extended(deployment):
            return deployment
        self._say("contracts: adding those of this release")
        self.chain.permit()
        keys, folder = (address_of(self.installation.key("rule-run")),), self.installation.deployment_folder
        with self.chain.gateway() as gateway:
            done = extend(gateway, self.installation.key("deployer"), folder, keys)
        self.chain.close_deployment()
        return done

    def _write_domain(self, deployment: Any) -> None:
        domain = {
            "name": deployment.domain_name,
            "version": "1",
            "chainId": deployment.chain_id,
            "verifyingContract": deployment.contracts["LaborContractRegistry"].address,
            "salt": deployment.domain_salt,
        }
        self.installation.domain_file.write_text(json.dumps(domain) + "\n", encoding="utf-8")

    def _ca(self, issuer: str) -> Child:
        return Child(
            "ca",
            [
                "-m",
                "signing.testing.ca",
                "--data",
                str(self.installation.root / "ca"),
                "--port",
                str(self._port("ca")),
            ]
            + ["--token-file", str(self._key_file("ca-token")), "--issuer", issuer]
            + ["--domain", str(self.installation.domain_file)],
            self._log("ca"),
        )

    def _identity(self) -> Child:
        officer = address_of(self.installation.key("registrar"))
        return Child(
            "identity",
            ["-m", "signing.identity_service", "--data", str(self.installation.root / "identity")]
            + ["--port", str(self._port("identity")), "--token-file", str(self._key_file("identity-token"))]
            + ["--domain", str(self.installation.domain_file), "--log-origin", self.installation.log_origin]
            + ["--public-origin", self.installation.public_origin]
            + ["--provider-url", self._url("idp"), "--provider-token-file", str(self._key_file("idp-token"))]
            + ["--sms-url", self._url("sms"), "--sms-token-file", str(self._key_file("sms-token"))]
            + ["--officer", officer],
            self._log("identity"),
        )

    def _witness_facts(self) -> list[dict[str, str]]:
        """Name, verifier key, address and URL of each witness; makes their keys at the first call."""
        from dataclasses import asdict

        from chain.witness.identity import make

        made = self.installation
        return [
            asdict(make(made.witness_folder(name), f"{name}.test/")) | {"url": self._url(f"witness_{name}")}
            for name in WITNESSES
        ]

    def _witnesses(self) -> list[Child]:
        from chain.checkpoint import LogKey

        made = self.installation
        vkey = LogKey.from_seed(made.log_origin, made.key("log")).vkey
        return [
            Child(
                f"witness_{name}",
                ["-m", "chain.witness", "--data", str(made.witness_folder(name))]
                + ["--port", str(self._port(f"witness_{name}")), "--log", vkey]
                + ["--bridge", str(made.bridge_domain_file)],
                self._log(f"witness_{name}"),
            )
            for name in WITNESSES
        ]

    def _fetch(self, url: str, path: Path) -> Path:
        if not path.exists():
            answer = httpx.get(url, timeout=10)
            answer.raise_for_status()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
        return path

    def settings(self, issuer: str) -> dict[str, str]:
        """Environment of the API's processes; fetches the TEST authorities' certificates at the first start."""
        made = self.installation
        trust = made.data / "trust"
        cas = [self._fetch(f"{self._url('ca')}/ca/{name}.crt", trust / f"ca-{name}.crt") for name in CA_NAMES]
        tsas = [
            {
                "name": name.replace("_", "-"),
                "url": self._url(name) + "/",
                "roots": [str(self._fetch(f"{self._url(name)}/root.crt", trust / f"{name}.crt"))],
            }
            for name in ("tsa_one", "tsa_two")
        ]
        return environment(
            {
                "data_dir": made.data,
                "node_modules": REPOSITORY / "node_modules",
                "public_origin": made.public_origin,
                "listen_port": made.ports["api"],
                "log_origin": made.log_origin,
                "test_installation": made.test,
                **self.chain.settings(),
                "relay_key_file": self._key_file("relay"),
                "rule_run_key_file": self._key_file("rule-run"),
                "log_key_file": self._key_file("log"),
                "trust_root_file": made.trust_root,
                "root_vkeys": [made.note_key("root").vkey],
                "root_threshold": 1,
                "root_key_files": [str(self._key_file("root"))],
                "release_vkeys": [made.note_key("release").vkey],
                "release_key_file": self._key_file("release"),
                "witnesses": self._witness_facts(),
                "witness_threshold": WITNESS_THRESHOLD,
                "bridge_domain_file": made.bridge_domain_file,
                "judicial_rpc_url": self._url("court_node"),
                "judicial_rpc_token_file": made.court_folder / "rpc-token",
                "judicial_deployment_file": made.judicial_record,
                "judicial_relay_key_file": self._key_file("court-relay"),
                "judicial_seal_vkey": made.court_seal_vkey(),
                "identity_url": self._url("identity"),
                "identity_token_file": self._key_file("identity-token"),
                "identity_issuer": issuer,
                "ca_url": self._url("ca"),
                "ca_token_file": self._key_file("ca-token"),
                "ca_certificates": [str(path) for path in cas],
                "tsas": tsas,
                "sms_url": self._url("sms"),
                "sms_token_file": self._key_file("sms-token"),
                "field_key_file": self._key_file("field"),
                "operator_key_file": self._key_file("operator"),
            }
        )

    def _run(self, settings: dict[str, str], *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=REPOSITORY,
            env=settings | {"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise InstallationError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")

    def _write_settings(self, settings: dict[str, str]) -> None:
        path = self.installation.root / "settings.json"
        path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")

    def _write_state(self) -> None:
        state = {
            name: {"pid": child.pid, "log": str(child.log)}
            for name, child in self.supervisor.children.items()
        }
        (self.installation.root / "up.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
