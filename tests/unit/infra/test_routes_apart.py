"""The order in which slices are asked for a route is chosen for speed: it must not decide who answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

from fastapi import FastAPI
from fastapi.routing import APIRouter, iter_route_contexts

from api.app import API_PREFIX, BUSIEST
from api.bootstrap.container import SLICES


def _routes(name: str, kind: str) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    router: APIRouter | None = getattr(import_module(f"api.{name}.router"), kind, None)
    if router is None:
        return
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router, prefix=API_PREFIX if kind == "api" else "")
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            yield method, str(context.path_format), context.path_regex


def test_no_path_belongs_to_two_slices() -> None:
    """A path of one slice, whatever stands in its places, is no path of another."""
    owned = [(name, *route) for name in SLICES for kind in ("api", "pages") for route in _routes(name, kind)]
    assert len(owned) > 200
    for name, method, path, _ in owned:
        for filled in (re.sub(r"\{[^}]*\}", "1", path), re.sub(r"\{[^}]*\}", "new", path)):
            others = {
                other
                for other, verb, _, pattern in owned
                if other != name and verb == method and pattern.match(filled)
            }
            assert not others, (name, method, path, others)


def test_the_busiest_are_slices() -> None:
    """A renamed slice would fall silently to the end."""
    assert set(BUSIEST) <= set(SLICES)
