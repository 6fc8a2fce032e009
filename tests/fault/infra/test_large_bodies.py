"""Two megabytes of JSON against the application's own limit: refused before any endpoint sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api.infra.middleware import BodyLimit, RequestContext
from api.infra.settings import Settings
from signing.identity_service.serving import limit_bodies


@pytest.fixture
def seen() -> list[int]:
    """Sizes of the bodies that reached an endpoint."""
    return []


def application(seen: list[int]) -> FastAPI:
    app = FastAPI()

    @app.post("/things")
    async def create(request: Request) -> dict[str, int]:
        seen.append(len(await request.body()))
        return {"size": seen[-1]}

    return app


@pytest.fixture
def platform(seen: list[int], tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path)
    app = application(seen)
    app.add_middleware(BodyLimit, max_body=settings.max_body_bytes, max_upload=settings.max_upload_bytes)
    app.add_middleware(RequestContext)
    with TestClient(app) as made:
        yield made


@pytest.mark.parametrize("streamed", [False, True])
def test_two_megabytes_of_json_are_refused_with_the_delivered_limit(
    platform: TestClient, seen: list[int], streamed: bool
) -> None:
    body = json.dumps({"text": "长" * 350_000}).encode()
    assert len(body) > 2_000_000
    content = (body[i : i + 65_536] for i in range(0, len(body), 65_536)) if streamed else body
    answer = platform.post("/things", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["facts"]["limit"] == 2_000_000
    assert "上限" in answer.json()["detail_zh"]
    assert "limit" in answer.json()["detail_en"]
    assert seen == []
    assert platform.post("/things", content=b'{"a":1}').json() == {"size": 7}


def test_only_the_named_paths_take_larger_bodies(seen: list[int]) -> None:
    app = application(seen)
    streams = [("POST", re.compile("/thin[g]s"))]
    app.add_middleware(BodyLimit, max_body=10, max_upload=20, max_stream=1_000, streams=streams)
    app.add_middleware(RequestContext)
    app.add_api_route("/things/more", lambda: None, methods=["POST"])
    with TestClient(app) as client:
        assert client.post("/things", content=b"x" * 1_000).json() == {"size": 1_000}
        assert client.post("/things", content=b"x" * 1_001).json()["facts"] == {"limit": 1_000}
        assert client.post("/things/more", content=b"x" * 11).json()["facts"] == {"limit": 10}
        assert client.put("/things", content=b"x" * 11).status_code == 413


def test_the_identity_service_refuses_far_less(seen: list[int]) -> None:
    app = application(seen)
    limit_bodies(app)
    with TestClient(app) as client:
        answer = client.post("/things", content=b"[" + b"1," * 1_000_000 + b"1]")
    assert answer.status_code == 413
    assert seen == []
