"""A street officer carries the streets of his posts; nobody else is asked for any."""

from __future__ import annotations

from api.bootstrap.street import StreetAuthenticator
from api.infra.auth import Principal

OFFICER = Principal(
    kind="staff", account_id="a1", roles=frozenset({"street_officer"}), attributes={"session": "live"}
)
DIRECTOR = Principal(kind="staff", account_id="a2", roles=frozenset({"risk_director"}))


class Sessions:
    """Two people, by token."""

    def by_session(self, token: str) -> Principal | None:
        return {"officer": OFFICER, "director": DIRECTOR}.get(token)

    by_bearer = by_session


def test_streets_come_from_the_posts_of_the_day() -> None:
    asked: list[str] = []

    def towns(account: str) -> list[str]:
        asked.append(account)
        return ["500107001", "500107002"]

    authenticator = StreetAuthenticator(Sessions(), towns)
    for resolve in (authenticator.by_session, authenticator.by_bearer):
        found = resolve("officer")
        assert found is not None
        assert found.attributes == {"session": "live", "towns": "500107001,500107002"}
        assert resolve("director") is DIRECTOR
        assert resolve("nobody") is None
    assert asked == ["a1", "a1"]
    assert "towns" not in OFFICER.attributes
