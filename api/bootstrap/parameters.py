"""Wires the parameters."""

from __future__ import annotations

from api.bootstrap.container import Container
from api.parameters.service import ParametersService


def build(c: Container) -> ParametersService:
    """The slice's service."""
    return ParametersService(c.uow, c.clock, c.settings.hotline)
