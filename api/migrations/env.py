"""Alembic's environment: all slices' tables, batch mode on SQLite."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from alembic import context

from api.bootstrap.container import SLICES
from api.infra import audit, idempotency, limits, loops
from api.infra.db import Base, build_engine

TABLES = (audit.AuditRow, idempotency.IdempotencyRow, limits.CounterRow, loops.FailingLoopRow)

for _slice in SLICES:
    if find_spec(f"api.{_slice}") is None:
        continue
    for _module in ("repository", "tables"):
        if find_spec(f"api.{_slice}.{_module}") is not None:
            import_module(f"api.{_slice}.{_module}")


def run() -> None:
    """Run the migrations on the configured database."""
    engine = build_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            user_module_prefix="api.infra.db.",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
