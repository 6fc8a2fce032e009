"""TEST identity provider: answers the three-element question for generated persons and for persons added by tests.

`python -m signing.testing.idp --data DIR --port N --token-file F [--seed 7] [--persons 400]`
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from signing.identity_service.errors import IdentityRefused
from signing.identity_service.persons import Claim
from signing.identity_service.serving import bearer_matches, limit_bodies, listen, serve
from signing.identity_service.settings import secret_file
from signing.testing.demo_persons import DemoPerson, generate
from signing.testing.faults import Faults

PROVIDER = "TEST identity provider 测试核验源"
Key = tuple[str, str]


class Register:
    """Who exists, by document; added persons survive a restart."""

    def __init__(self, data: Path, seed: int, count: int) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._file = data / "added.jsonl"
        self.generated = list(generate(seed, count))
        self._claims: dict[Key, Claim] = {}
        for person in self.generated:
            self._put(Claim.normalised(person.name, "resident_id", person.id_number, person.phone))
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                self._put(Claim(**json.loads(line)))

    def _put(self, claim: Claim) -> None:
        self._claims[claim.id_kind, claim.id_number] = claim

    def add(self, claim: Claim) -> None:
        """Add or replace a person."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(claim.__dict__, ensure_ascii=False) + "\n")
        self._put(claim)

    def answer(self, claim: Claim) -> str:
        """match, mismatch or no_record."""
        known = self._claims.get((claim.id_kind, claim.id_number))
        if known is None:
            return "no_record"
        return "match" if known == claim else "mismatch"


def build_app(register: Register, token: str, faults: Faults) -> FastAPI:
    """The HTTP application."""
    app = FastAPI(title="TEST identity provider", docs_url=None, redoc_url=None)
    limit_bodies(app)
    app.include_router(faults.router())
    app.state.asked = 0

    def claim_of(body: dict[str, Any]) -> Claim:
        try:
            return Claim.normalised(*(str(body[key]) for key in ("name", "id_kind", "id_number", "phone")))
        except (KeyError, IdentityRefused) as exc:
            raise HTTPException(422, "claim") from exc

    @app.post("/v1/three-elements")
    def three_elements(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if not bearer_matches(request, token):
            raise HTTPException(401, "credential")
        faults.check_down()
        if faults.mode == "slow":
            time.sleep(faults.facts.get("seconds", 30))
        app.state.asked += 1
        trace = str(body.get("trace", ""))
        return {
            "provider": PROVIDER,
            "trace_no": f"TEST-{trace}",
            "result": register.answer(claim_of(body)),
            "test": True,
        }

    @app.get("/demo/persons")
    def persons(offset: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        return [p.to_json() for p in register.generated[offset : offset + min(limit, 1000)]]

    @app.post("/demo/persons", status_code=201)
    def add(body: dict[str, Any]) -> dict[str, Any]:
        claim = claim_of({"id_kind": "resident_id", **body})
        register.add(claim)
        return {"added": True, "demo": claim.demo}

    @app.get("/test/asked")
    def asked() -> dict[str, int]:
        return {"asked": app.state.asked}

    return app


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m signing.testing.idp", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--persons", type=int, default=400)
    args = parser.parse_args()
    register = Register(args.data, args.seed, args.persons)
    app = build_app(register, secret_file(args.token_file), Faults("down", "slow"))
    serve(app, listen(args.port), "test-idp", test=True)


__all__ = ["DemoPerson", "Register", "build_app"]

if __name__ == "__main__":
    main()
