"""The identity service as the slice sees it: its client with refusals turned into the platform's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.kernel.errors import DomainError, ErrorKind, unavailable
from signing.identity_service.client import IdentityServiceError

KINDS = {
    422: ErrorKind.INVALID,
    423: ErrorKind.FORBIDDEN,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    409: ErrorKind.CONFLICT,
    503: ErrorKind.UNAVAILABLE,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn IdentityServiceError into DomainError of the same code; a wrong credential is our own misconfiguration."""
    try:
        yield
    except IdentityServiceError as exc:
        raise translated(exc) from exc


def translated(exc: IdentityServiceError) -> DomainError:
    """The platform's error for a refusal of the service."""
    if exc.status == 429:
        return DomainError(
            ErrorKind.FORBIDDEN, "too_many_requests", seconds=int(exc.facts.get("retry_after", 60))
        )
    if exc.status not in KINDS:
        return unavailable("identity.service_unavailable")
    return DomainError(KINDS[exc.status], exc.code, **exc.facts)
