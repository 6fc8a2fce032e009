"""The migrations make exactly the tables that the code declares, on both databases, and never go back."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from api.infra.db import Base, build_engine
from api.migrations.run import head, upgrade

VERSIONS = Path(__file__).resolve().parents[3] / "api" / "migrations" / "versions"


def test_an_upgraded_database_has_the_declared_tables(database_url: str) -> None:
    upgrade(database_url)  # a second time changes nothing
    engine = build_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert context.get_current_revision() == head()
        differences = [item for item in compare_metadata(context, Base.metadata) if "test_" not in str(item)]
    engine.dispose()
    assert not differences, differences


def test_there_is_no_way_back() -> None:
    for path in VERSIONS.glob("0*.py"):
        assert "def downgrade" not in path.read_text("utf-8"), path.name


def test_a_database_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE anchoring_alarm (x INTEGER)")
        connection.exec_driver_sql("INSERT INTO anchoring_alarm VALUES (7)")
    engine.dispose()
    try:
        upgrade(f"sqlite:///{path}")
    except Exception as exc:
        assert "already exists" in str(exc)  # noqa: PT017
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT x FROM anchoring_alarm").scalar_one() == 7
    engine.dispose()
