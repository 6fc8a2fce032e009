"""Fixtures for every test folder.

`database_url` gives an empty, migrated database of its own to each test, once on SQLite and once on PostgreSQL.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine, make_url

from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.migrations.run import upgrade
from scripts.up import Platform
from tests.support.live_platform import running_platform
from tests.support.postgres_server import server

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
"""Public test vectors and statutes beside the repository; tests that read them skip where they are absent."""


MAY_BE_ABSENT = (
    "shared/data",
    "public vectors",
    "Kubo",
    "fonts-noto-cjk",
    "once in a million",
    "namespaces need root",
    "disk needs root",
)
"""Reasons for which a test may be skipped although `scripts/test` has installed everything it can."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the running platform come one after another in one process: the sessions that they share end when idle."""
    for item in items:
        groups = [mark.args for mark in item.iter_markers("xdist_group")]
        if "live_platform" in getattr(item, "fixturenames", ()) and groups != [("live",)]:
            raise pytest.UsageError(f'{item.nodeid} uses live_platform: mark it with xdist_group("live")')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where `scripts/test` runs the tests, a skip for any other reason is a failure: nobody would see it."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CONCORD_TEST_COMPLETE"):
        reason = str(call.excinfo.value) if call.excinfo else "unknown reason"
        if not any(words in reason for words in MAY_BE_ABSENT):
            report.outcome = "failed"
            report.longrepr = f"skipped although everything is installed: {reason}"
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public test data; skips with a visible reason where the checkout has none beside it."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the public test data (shared/data beside the repository) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server with a migrated database `template_concord`."""
    with server() as url:
        _execute(url, "CREATE DATABASE template_concord")
        upgrade(_database(url, "template_concord"))
        yield url
        _server(url).dispose()


def _database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


AT_ONCE = 40
"""Used databases are dropped so many at once: the first copy after a drop takes six times as long as others."""
_USED: list[str] = []


@cache
def _server(url: str) -> Engine:
    """One engine for all that tests ask of the server itself."""
    return create_engine(url, isolation_level="AUTOCOMMIT")


def _execute(url: str, statement: str) -> None:
    with _server(url).connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "concord.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    admin = request.getfixturevalue("postgres_url")
    name = f"t_{secrets.token_hex(6)}"
    _execute(admin, f"CREATE DATABASE {name} TEMPLATE template_concord")
    yield _database(admin, name)
    _execute(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    _USED.append(name)
    if len(_USED) >= AT_ONCE:
        for used in _USED:
            _execute(admin, f"DROP DATABASE {used} WITH (FORCE)")
        _USED.clear()


@pytest.fixture
def field_key() -> FieldKey:
    """A key for sealed columns."""
    return FieldKey(bytes(range(32)))


@pytest.fixture
def database(database_url: str, field_key: FieldKey) -> Iterator[Database]:
    """An open, migrated database; the test runs on SQLite and on PostgreSQL."""
    made = Database(database_url, field_key)
    yield made
    made.close()


@pytest.fixture(scope="session")
def live_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running platform shared by the tests of one worker; mark such tests with `xdist_group("live")`."""
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform
