"""Wires the court user's desk: from the settings alone, to the court's RPC alone, one node's or its network's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.bootstrap.court_access import court_gateway, has_court
from api.evidence.service.court import CourtAddress, CourtDesk
from api.infra.settings import Settings
from chain.judicial_check import CourtReader
from chain.judicial_deployer import load_judicial_deployment

TIMEOUT = 5.0
"""Seconds for each question to the court's chain: a person is waiting."""


def build(settings: Settings) -> CourtDesk:
    """The desk. The contract's place comes from the court's deployment record, every answer from its chain."""

    def at() -> CourtAddress | None:
        made = load_judicial_deployment(settings.judicial_deployment_file)
        if made is None or not has_court(settings):
            return None
        return CourtAddress(made.chain_id, made.address)

    @contextmanager
    def connect() -> Iterator[CourtReader]:
        from chain.judicial_rpc import AnchorReader

        place = at()
        with court_gateway(settings, timeout=TIMEOUT) as gateway:
            yield AnchorReader(gateway, place.address if place else "")

    return CourtDesk(at, connect)
