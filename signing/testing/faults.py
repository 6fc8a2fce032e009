"""A switch that makes a TEST service misbehave, for tests of bad days."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException


class Faults:
    """The present fault: a mode out of the service's own list, and numbers that go with it."""

    def __init__(self, *modes: str) -> None:
        self.modes = ("none", *modes)
        self.mode = "none"
        self.facts: dict[str, int] = {}

    def router(self) -> APIRouter:
        """`POST /test/faults {"mode": …, numbers…}` and `GET /test/faults`."""
        routes = APIRouter(prefix="/test/faults")

        @routes.post("")
        def switch(body: dict[str, Any]) -> dict[str, Any]:
            mode = body.pop("mode", "none")
            if mode not in self.modes or not all(isinstance(v, int) for v in body.values()):
                raise HTTPException(422, f"modes: {', '.join(self.modes)}")
            self.mode, self.facts = mode, body
            return shown()

        @routes.get("")
        def shown() -> dict[str, Any]:
            return {"mode": self.mode, **self.facts}

        return routes

    def check_down(self) -> None:
        """Raise 503 in mode `down`."""
        if self.mode == "down":
            raise HTTPException(503, "TEST fault: down")
