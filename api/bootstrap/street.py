"""Street officers see their own streets in every slice: the posts that disposal keeps become an attribute of the principal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from api.infra.auth import Authenticator, Principal

TOWNS = "towns"
"""Nine-digit codes, separated by commas; the risk slice reads them."""


class StreetAuthenticator:
    """`Authenticator` that names a street officer's streets. towns: their codes by account, as held today."""

    def __init__(self, inner: Authenticator, towns: Callable[[str], Sequence[str]]) -> None:
        self._inner, self._towns = inner, towns

    def by_session(self, token: str) -> Principal | None:
        """Principal of a cookie session."""
        return self._placed(self._inner.by_session(token))

    def by_bearer(self, token: str) -> Principal | None:
        """Principal of a machine credential."""
        return self._placed(self._inner.by_bearer(token))

    def _placed(self, who: Principal | None) -> Principal | None:
        if who is None or not who.has("street_officer") or not who.account_id:
            return who
        return replace(who, attributes={**who.attributes, TOWNS: ",".join(self._towns(who.account_id))})
