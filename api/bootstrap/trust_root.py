"""Publishes the installation's trust root: its facts from settings and deployment, signed by root keys that are at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from api.bootstrap.authorities import read_certificates, tsa_roots
from api.bootstrap.light import network_facts
from api.bootstrap.trust_root_files import trust_files
from api.evidence.service.trust import InstallationFacts, assemble
from api.evidence.service.trust_files import Published
from api.infra.settings import Settings, read_secret
from api.kernel.errors import unavailable

if TYPE_CHECKING:
    from api.bootstrap.container import Container
    from chain.checkpoint import LogKey
    from chain.deployer import Deployment
    from chain.trust_root import TrustRoot


def publish_trust_root(c: Container) -> Published:
    """Bring the published trust root up to the installation's facts; unchanged facts leave the files as they are.

    Without enough root keys at hand the next version becomes a candidate that waits for their signatures. Raises unavailable
    `anchoring.not_deployed` before the contracts are deployed, SuccessionRefused where a candidate is not a successor.
    """
    from chain.deployer import load_deployment

    settings = c.settings
    deployment = load_deployment(settings.effective_deployment_file.parent)
    if deployment is None:
        raise unavailable("anchoring.not_deployed")
    facts = _facts(c, deployment)
    now = c.clock.now()

    def make(previous: TrustRoot | None) -> TrustRoot:
        network = network_facts(settings, previous, now)
        return assemble(replace(facts, network=network), previous, now)

    seeds = [bytes.fromhex(read_secret(path, "root_key_files")) for path in settings.root_key_files]
    return trust_files(settings).bring_up(make, seeds)


def _facts(c: Container, deployment: Deployment) -> InstallationFacts:
    from api.bootstrap.rendering import renderer

    settings = c.settings
    key: LogKey = c.anchoring.proofs.log_key
    issuers = [settings.identity_issuer] if settings.identity_issuer else list(deployment.issuers)
    render = renderer(c)
    return InstallationFacts(
        test=settings.test_installation,
        log_origin=settings.log_origin,
        log_vkey=key.vkey,
        chain_id=deployment.chain_id,
        genesis_hash=deployment.genesis_hash,
        contracts={
            name: {"address": item.address, "code_hash": item.code_hash}
            for name, item in deployment.contracts.items()
        },
        web_origin=settings.public_origin,
        rp_id=settings.rp_id,
        cas=read_certificates(settings.ca_certificates),
        tsas=tsa_roots(settings),
        identity_issuers=issuers,
        registrars=deployment.registrars,
        page_release_keys=settings.release_vkeys,
        # Released templates are named by their events; the root names them only where nothing is released.
        templates={} if settings.release_vkeys else render.templates(),
        renderers=(render.renderer_id,),
        since=c.clock.now(),
        witnesses=[
            {"name": item.name, "vkey": item.vkey, "address": item.address} for item in settings.witnesses
        ],
        witness_threshold=settings.witness_threshold,
        judicial=_judicial(settings),
        root_keys=settings.root_vkeys,
        root_threshold=settings.root_threshold,
    )


def _judicial(settings: Settings) -> list[dict[str, Any]]:
    """The court's chain, once its contract is deployed."""
    from chain.judicial_deployer import load_judicial_deployment

    found = load_judicial_deployment(settings.judicial_deployment_file)
    return [] if found is None else [found.trust_facts(settings.judicial_seal_vkey or None)]
