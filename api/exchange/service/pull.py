"""Files and tables that are fetched: a folder's files, or a query against a department's database, by a file of sources.

Each source is `{"dataset", "mode"?, "folder", "pattern"?}` or `{"dataset", "mode"?, "url_file", "query"}`; the database's URL
with its password stands in a file of its own. A file whose bytes came before, whatever became of them, is not taken again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.exchange import repository
from api.exchange.model import Batch, Channel, Mode, Request
from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.intake import Intake
from api.exchange.service.readers import FORMATS
from api.infra.db import UnitOfWork
from api.kernel.errors import DomainError, invalid, unavailable

CHUNK = 1 << 20
STEP = 5_000
ACTOR = "exchange.pull"


@dataclass(frozen=True)
class Source:
    """Where a dataset is fetched from: a folder, or a database by its URL or by the file that holds it.

    settle_seconds: files of the folder that changed since are left alone; they may still be written.
    """

    dataset: str
    mode: Mode
    folder: Path | None = None
    pattern: str = "*"
    url_file: Path | None = None
    url: str | None = None
    query: str = ""
    settle_seconds: float = 0.0


def read_sources(path: Path) -> list[Source]:
    """The sources of a file (a JSON array). Raises invalid `exchange.sources_malformed`, not_found for a dataset."""
    try:
        entries = json.loads(path.read_text("utf-8"))
        return [_source(entry) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise invalid("exchange.sources_malformed", problem=str(error)[:200]) from error


def _source(entry: Mapping[str, Any]) -> Source:
    unknown = set(entry) - {"dataset", "mode", "folder", "pattern", "url_file", "query"}
    by_folder = "folder" in entry
    if unknown or by_folder == ("url_file" in entry) or (not by_folder and not entry.get("query")):
        raise ValueError(f"{entry.get('dataset')}: {sorted(unknown) or 'folder, or url_file and query'}")
    return Source(
        dataset=dataset_of(entry["dataset"]).code,
        mode=Mode(entry.get("mode", "append")),
        folder=Path(entry["folder"]) if by_folder else None,
        pattern=entry.get("pattern", "*"),
        url_file=None if by_folder else Path(entry["url_file"]),
        query=entry.get("query", ""),
    )


class Puller:
    """Fetches sources through the intake."""

    def __init__(self, uow: UnitOfWork, intake: Intake) -> None:
        self._uow, self._intake = uow, intake

    def pull(self, source: Source) -> Iterator[Batch]:
        """The batches that this source gives now. Raises unavailable `exchange.source_failed`, not_found, invalid."""
        if source.folder is not None:
            yield from self._folder(source, source.folder)
        else:
            yield self._database(source)

    def load(self, dataset: str, path: Path, mode: Mode, *, trial: bool = False, who: str = ACTOR) -> Batch:
        """One file from this machine's disk, read in pieces. Raises as `Intake.receive`, and for a file that is not there."""
        request = Request(dataset, mode, trial, Channel.COMMAND, path.name)
        try:
            return self._intake.receive(request, _pieces(path), who)
        except OSError as error:
            raise unavailable(
                "exchange.source_failed", source=path.name, problem=type(error).__name__
            ) from error

    def _folder(self, source: Source, folder: Path) -> Iterator[Batch]:
        for path in _files(source, folder):
            try:
                with path.open("rb") as handle:
                    digest = hashlib.file_digest(handle, "sha256").hexdigest()
                with self._uow.read() as session:
                    known = repository.seen_file(session, source.dataset, digest)
                if not known:
                    request = Request(source.dataset, source.mode, False, Channel.PULL, path.name)
                    yield self._intake.receive(request, _pieces(path), ACTOR)
            except OSError as error:
                raise _failed(path.name, error) from error

    def _database(self, source: Source) -> Batch:
        request = Request(source.dataset, source.mode, False, Channel.PULL, f"{source.dataset}.csv")
        try:
            engine = create_engine(_url_of(source))
            try:
                with engine.connect() as connection:
                    _read_only(connection)
                    return self._intake.receive(request, _table(connection, source.query), ACTOR)
            finally:
                engine.dispose()
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise _failed(source.dataset, error) from error


def _failed(source: str, error: Exception) -> DomainError:
    """The kind of the error alone: its text may repeat the URL with its password."""
    return unavailable("exchange.source_failed", source=source, problem=type(error).__name__)


def _files(source: Source, folder: Path) -> list[Path]:
    """The folder's files that can be read and rest since long enough. Raises unavailable for a folder that is not there."""
    latest = time.time() - source.settle_seconds
    try:
        if not folder.is_dir():
            raise NotADirectoryError(folder.name)
        found = sorted(path for path in folder.glob(source.pattern) if path.suffix.lower() in FORMATS)
        inside = [
            path for path in found if path.is_file() and path.resolve().is_relative_to(folder.resolve())
        ]
        return [path for path in inside if path.stat().st_mtime <= latest]
    except OSError as error:
        raise _failed(folder.name, error) from error


def _url_of(source: Source) -> str:
    if source.url is not None:
        return source.url
    if source.url_file is None:
        raise ValueError("a source without folder has a URL")
    return source.url_file.read_text("utf-8").strip()


def _read_only(connection: Connection) -> None:
    """Have the department's database refuse to be written to, where it can be asked to."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql("SET LOCAL statement_timeout = '10min'")
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            yield chunk


def _table(connection: Connection, query: str) -> Iterator[bytes]:
    """The query's rows as CSV in UTF-8, in steps; what the department's database answered is what is landed."""
    found = connection.execution_options(stream_results=True).execute(text(query))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(found.keys()))
    for rows in found.partitions(STEP):
        writer.writerows([[_cell(value) for value in row] for row in rows])
        yield out.getvalue().encode("utf-8")
        out.seek(0)
        out.truncate()
    if out.getvalue():
        yield out.getvalue().encode("utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
