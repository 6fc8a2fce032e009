"""The migration makes exactly the tables that the code declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.exchange.matching import tables as matching_tables
from api.exchange.sharing import tables as sharing_tables
from api.infra.db import Base, Database

OURS = {
    row.__tablename__
    for row in (
        matching_tables.ReviewRow,
        matching_tables.ReviewBatchRow,
        matching_tables.ReviewStepRow,
        sharing_tables.ShareRow,
    )
}


def test_migrated_tables_are_the_declared_ones(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [
            item
            for item in compare_metadata(context, Base.metadata)
            if any(name in str(item) for name in OURS)
        ]
    assert found == []
