"""`python -m scripts.bench.log_server PORT`: the public routes of the log alone, over the database of the settings."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

from api.anchoring import router
from api.bootstrap.container import Container
from api.infra.settings import Settings


def main() -> None:
    """Serve until the process is ended."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.container = Container(Settings())
    app.include_router(router.pages)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
