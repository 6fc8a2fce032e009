"""The application: middleware, error handling, every slice's pages and JSON API, health, metrics.

Started by `python -m api.app` (one process; `concord up` starts it) with settings from the environment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from urllib.parse import urlsplit

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import generate_latest

from api.bootstrap.container import SLICES, Container
from api.infra import logging, middleware, problems
from api.infra.auth import guard
from api.infra.process import settle, trim
from api.infra.settings import Settings
from api.infra.web import WebConfig, install_web
from api.signing_round.service import SigningRoundService
from signing.identity_service.bounded_http import BoundedHttp

log = structlog.get_logger(__name__)

API_PREFIX = "/api/v1"
VERSION = "0.1.0"
TRIM_EVERY = 30.0
BUSIEST = ("signing_round", "econtract", "identity")


def create_app(container: Container) -> FastAPI:
    """The FastAPI application over `container`; OpenAPI 3.1 at `/openapi.json`."""
    container.wire()
    settings = container.settings

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        log.info("api.process.started", origin=settings.public_origin)
        yield
        container.close()
        log.info("api.process.stopped")

    app = FastAPI(
        title="Concord 和谐劳动关系公共服务平台",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        dependencies=[guard()],
    )
    app.state.container = container
    problems.install(app)
    _health(app, container)
    routers = [import_module(f"api.{name}.router") for name in sorted(SLICES, key=_asked)]
    for router in routers:
        if hasattr(router, "api"):
            app.include_router(router.api, prefix=API_PREFIX)
    for router in routers:
        if hasattr(router, "pages"):
            app.include_router(router.pages, include_in_schema=False)

    web = install_web(
        app,
        WebConfig(
            public_origin=settings.public_origin,
            operator_name=settings.operator_name,
            filing_number=settings.filing_number,
            test=settings.test_installation,
            secure=settings.cookies_secure,
            hotline=settings.hotline,
            node_modules=settings.node_modules.absolute(),
        ),
    )
    for name in SLICES:
        attach = getattr(import_module(f"api.bootstrap.{name}"), "attach_web", None)
        if attach is not None:
            attach(container, web)
    app.add_middleware(
        middleware.BodyLimit,
        max_body=settings.max_body_bytes,
        max_upload=settings.max_upload_bytes,
        max_stream=settings.max_delivery_bytes,
        streams=[stream for router in routers for stream in getattr(router, "STREAMS", ())],
    )
    app.add_middleware(middleware.RequestContext)
    return app


def _asked(name: str) -> int:
    """Routes are tried one after another: what a signature asks for comes first. No path belongs to two slices."""
    return BUSIEST.index(name) if name in BUSIEST else len(BUSIEST)


def _health(app: FastAPI, container: Container) -> None:
    traffic = container.db.traffic.registry()

    @app.get("/health/live", include_in_schema=False)
    def live() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/health/ready", include_in_schema=False)
    def ready() -> Response:
        try:
            container.db.ping()
        except Exception as exc:  # whatever is wrong with the database, the process is not ready
            log.warning("health.database.failed", error=type(exc).__name__)
            return JSONResponse({"ready": False, "database": "unavailable"}, 503)
        return JSONResponse({"ready": True, "database": container.db.dialect})

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        text = generate_latest(middleware.REGISTRY) + generate_latest(traffic)
        return Response(text, media_type="text/plain; version=0.0.4")


def _warm_up(signing: SigningRoundService) -> None:
    """Beside the first requests: load what the first contract would load, then keep house."""
    signing.warm_up()
    settle()
    while True:  # what a busy minute needed does not stay with a process that rests
        time.sleep(TRIM_EVERY)
        trim()


def main() -> None:
    """Serve on the port of `public_origin`'s local listener (`CONCORD_LISTEN_PORT`), loopback only."""
    settings = Settings()
    logging.configure(settings.log_level)
    container = Container(settings)
    app = create_app(container)
    threading.Thread(target=_warm_up, args=(container.signing_round,), daemon=True).start()
    port = settings.listen_port or urlsplit(settings.public_origin).port or 8080
    uvicorn.run(
        app,
        http=BoundedHttp,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        server_header=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )


if __name__ == "__main__":
    main()
