"""Runs Alembic from code: no ini file, URL given by the caller, locks and statements bounded by the engine."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def config(url: str) -> Config:
    """Alembic's configuration for `url`."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`."""
    command.upgrade(config(url), revision)


def head() -> str:
    """The newest revision in the code."""
    found = ScriptDirectory.from_config(config("sqlite://")).get_current_head()
    if found is None:
        raise RuntimeError("no migrations in the code")
    return found
