"""How the slice's routes reach its services, and where a request comes from."""

from __future__ import annotations

from fastapi import Request

from api.identity.service import Identity


def identity(request: Request) -> Identity:
    """Dependency: the slice's services."""
    found: Identity = request.app.state.container.identity
    return found


def source(request: Request) -> str:
    """Address of the caller, for rate limits; only its keyed hash is stored."""
    return request.client.host if request.client else "unknown"
