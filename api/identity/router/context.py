"""How the slice's routes reach its services, and where a request comes from."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path, Request
from pydantic import AfterValidator

from api.identity.schemas import plain_text
from api.identity.service import Identity

Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,400}$")]
"""An opaque id in an address."""
Field = Annotated[str, Form(max_length=300), AfterValidator(plain_text)]
"""A text field of a form."""


async def identity(request: Request) -> Identity:
    """Dependency: the slice's services."""
    found: Identity = request.app.state.container.identity
    return found


def source(request: Request) -> str:
    """Address of the caller, for rate limits; only its keyed hash is stored."""
    return request.client.host if request.client else "unknown"
