"""Light proofs of the validator network, from the settings: whom to ask, where trust starts, what the trust root gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from api.bootstrap.trust_root_files import trust_files
from api.kernel.errors import conflict, unavailable

if TYPE_CHECKING:
    from api.infra.settings import Settings
    from chain.light.network import LightNetwork
    from chain.trust_root import TrustRoot, ValidatorNetwork


def light_network(settings: Settings, *, timeout: float = 10.0) -> LightNetwork | None:
    """The validators whose CometBFT RPC is known, None where none is. `timeout`: seconds that one answer may take."""
    addresses = {item.name: item.comet for item in settings.chain_validators if item.comet}
    if not addresses:
        return None
    from chain.light.network import LightNetwork

    return LightNetwork.over(addresses, len(settings.chain_validators), timeout=timeout)


def trusted_network(settings: Settings) -> ValidatorNetwork | None:
    """The network of the published trust root; None as long as nothing, or none, is published."""
    if settings.trust_root_file is None:
        return None
    found = trust_files(settings).current()
    return None if found is None else found.root.network


def network_facts(settings: Settings, previous: TrustRoot | None, now: datetime) -> dict[str, Any] | None:
    """The trust root's member `network`, None where light proofs are not set up.

    A header is added where there is none yet, or when half of the trusting period of the newest one is over: a publication
    that finds nothing new changes nothing. A new header must be the same at every validator that can be asked. Raises
    conflict `evidence.network_headers_differ` or `evidence.network_too_few`, unavailable `evidence.network_unreachable`.
    """
    network = light_network(settings, timeout=30.0)
    if network is None:
        return None
    try:
        return _facts(network, settings.chain_trusting_days, previous, now)
    finally:
        network.close()


def _facts(network: LightNetwork, days: int, previous: TrustRoot | None, now: datetime) -> dict[str, Any]:
    from chain.errors import GatewayUnavailable, ProofInvalid
    from chain.light.network import TooFewAsked

    period = timedelta(days=days)
    known = None if previous is None else previous.network
    found = {"trusting_period": int(period.total_seconds())}
    try:
        if known is not None and _is_young(network, known, now - period / 2):
            return {**found, "chain_id": known.chain_id, "headers": []}
        chain_id, header = network.agreed_header()
    except TooFewAsked as error:
        raise conflict("evidence.network_too_few", named=error.named, needed=error.needed) from error
    except ProofInvalid as error:
        raise conflict("evidence.network_headers_differ", reason=error.facts["reason"]) from error
    except GatewayUnavailable as error:
        raise unavailable("evidence.network_unreachable", reason=error.facts["reason"]) from error
    return {**found, "chain_id": chain_id, "headers": [header]}


def _is_young(network: LightNetwork, known: ValidatorNetwork, since: datetime) -> bool:
    """Whether the newest header of the trust root is of after `since`, or nobody is there to tell."""
    from chain.errors import GatewayUnavailable, ProofInvalid
    from chain.light.maker import dated_header
    from chain.light.rpc import CometSource

    height = max(known.headers)

    def time_of(source: CometSource) -> int:
        header, seconds = dated_header(source, height)
        if header["hash"] != known.headers[height]:
            raise ProofInvalid(f"the trust root's header at height {height} is not theirs")
        return seconds

    try:
        seconds, _ = network.first(time_of)
    except GatewayUnavailable:
        return True
    return seconds > since.timestamp()
