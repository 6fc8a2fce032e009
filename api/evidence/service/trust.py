"""The installation's trust root: put together from its facts, published as a file, rotated by version.

What no longer counts is kept with an end date instead of being dropped, so that older packages verify under the
newest root as well.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.kernel.errors import conflict
from chain.trust_root import TrustRoot


@dataclass(frozen=True)
class InstallationFacts:
    """What the trust root is made of. Certificates are DER."""

    test: bool
    log_origin: str
    log_vkey: str
    chain_id: int
    genesis_hash: str
    contracts: Mapping[str, Mapping[str, str]]
    web_origin: str
    rp_id: str
    cas: Sequence[bytes]
    tsas: Mapping[str, Sequence[bytes]]
    identity_issuers: Sequence[str]
    registrars: Sequence[str]
    page_release_keys: Sequence[str]
    templates: Mapping[str, str]
    renderers: Sequence[str]
    since: datetime
    witnesses: Sequence[Mapping[str, Any]] = ()
    witness_threshold: int = 0
    judicial: Sequence[Mapping[str, Any]] = ()
    root_keys: Sequence[str] = ()
    root_threshold: int = 0
    network: Mapping[str, Any] | None = None


def assemble(facts: InstallationFacts, previous: TrustRoot | None, now: datetime) -> TrustRoot:
    """The trust root for these facts: `previous` itself when nothing has changed, else the next version.

    Raises conflict `evidence.witness_rekeyed` where a known witness's name comes with another key, and conflict
    `evidence.network_headers_differ` where the validator network is not the one that older packages started from.
    """
    old: Mapping[str, Any] = previous.value if previous is not None else {}
    since = old.get("valid_from", _text(facts.since))
    tsas = {item["name"]: list(item["certs"]) for item in old.get("tsas", ())}
    for name, certificates in facts.tsas.items():
        tsas[name] = _union(tsas.get(name, []), [_b64(der) for der in certificates])
    value: dict[str, Any] = {
        "v": 1,
        "version": old.get("version", 1),
        "predecessor": old.get("predecessor"),
        "test": facts.test,
        "log_origin": facts.log_origin,
        "log_vkey": facts.log_vkey,
        "chain_id": facts.chain_id,
        "genesis_hash": facts.genesis_hash,
        "contracts": {name: dict(item) for name, item in sorted(facts.contracts.items())},
        "web_origins": _union(
            old.get("web_origins", []), [{"origin": facts.web_origin, "rp_id": facts.rp_id}]
        ),
        "cas": _union(old.get("cas", []), [_b64(der) for der in facts.cas]),
        "tsas": [{"name": name, "certs": certificates} for name, certificates in tsas.items()],
        "identity_issuers": _periods(old.get("identity_issuers", []), facts.identity_issuers, since, now),
        "registrars": _periods(old.get("registrars", []), facts.registrars, since, now),
        "witnesses": _named(old.get("witnesses", []), _same_keys(old, facts.witnesses), "name"),
        "witness_threshold": facts.witness_threshold or old.get("witness_threshold", 0),
        "judicial": _named(old.get("judicial", []), facts.judicial, "chain_id", "address"),
        "page_release_keys": _union(old.get("page_release_keys", []), list(facts.page_release_keys)),
        "root_keys": list(facts.root_keys) or old.get("root_keys", []),
        "root_threshold": facts.root_threshold or old.get("root_threshold", 0),
        "retired_algorithms": old.get("retired_algorithms", []),
        "templates": {**old.get("templates", {}), **facts.templates},
        "renderers": _union(old.get("renderers", []), list(facts.renderers)),
        "valid_from": since,
        "valid_until": None,
    }
    network = _network(old.get("network"), facts.network)
    if network is not None:
        value["network"] = network
    if previous is None:
        return TrustRoot.of(value)
    if value == dict(old):
        return previous
    return TrustRoot.of(value | {"version": old["version"] + 1, "predecessor": previous.fingerprint})


def _network(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Headers are added and never dropped: an old proof starts from the one of its day."""
    if new is None or old is None:
        found = new or old
        return None if found is None else dict(found)
    headers = {item["height"]: item["hash"] for item in (*new["headers"], *old["headers"])}
    if new["chain_id"] != old["chain_id"] or any(headers[i["height"]] != i["hash"] for i in new["headers"]):
        raise conflict("evidence.network_headers_differ", reason=f"{old['chain_id']} → {new['chain_id']}")
    listed = [{"height": height, "hash": headers[height]} for height in sorted(headers)]
    return {**new, "headers": listed}


def _same_keys(old: Mapping[str, Any], witnesses: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """A new key takes a new name: under the old one, every package with the old key's signatures would fail."""
    known = {item["name"]: item for item in old.get("witnesses", [])}
    for item in witnesses:
        before = known.get(item["name"], item)
        if before["vkey"] != item["vkey"] or before["address"] not in (None, item["address"]):
            raise conflict("evidence.witness_rekeyed", witness=item["name"])
    return witnesses


def _named(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], *key: str
) -> list[dict[str, Any]]:
    """What is named anew replaces its old line; what is no longer named stays, for older packages."""
    found = {tuple(item[part] for part in key): dict(item) for item in (*old, *new)}
    return list(found.values())


def _union(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    return [*old, *(item for item in new if item not in old)]


def _periods(
    old: Sequence[Mapping[str, Any]], now_valid: Sequence[str], since: str, now: datetime
) -> list[dict[str, Any]]:
    known = {item["address"]: dict(item) for item in old}
    for address, item in known.items():
        if address not in now_valid and item["valid_until"] is None:
            item["valid_until"] = _text(now)
    for address in now_valid:
        fresh = _text(now) if old else since
        known.setdefault(address, {"address": address, "valid_from": fresh, "valid_until": None})
    return list(known.values())


def _b64(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
