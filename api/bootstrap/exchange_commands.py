"""`concord exchange`: load a file, pull from sources, show and lint the catalogue, take up what was left."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.bootstrap.container import Container
from api.exchange.model import Batch, BatchState, Mode
from api.exchange.rules.catalogue import delivered
from api.exchange.schemas import BatchOut
from api.exchange.service.pull import Puller, read_sources
from api.exchange.service.subjects import REGISTER
from api.infra import problems
from api.infra.settings import Settings
from api.kernel.errors import DomainError

if TYPE_CHECKING:
    from api.exchange.service.desk import Exchange

app = typer.Typer(no_args_is_help=True, help="部门数据接入 / departments' data")
AS_JSON = Annotated[bool, typer.Option("--json", help="机器可读输出 / machine-readable facts")]
MODE = Annotated[Mode, typer.Option("--mode", help="追加、快照或更正 / append, snapshot or correction")]


@contextmanager
def _opened() -> Iterator[tuple[Exchange, Puller]]:
    container = Container(Settings()).wire()
    try:
        exchange: Exchange = container.exchange
        yield exchange, Puller(container.uow, exchange.intake)
    except DomainError as error:
        texts = (problems.text_of(error.code, error.facts, lang) for lang in ("zh", "en"))
        print(" / ".join(texts), file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from error
    finally:
        container.close()


def _say(batches: Iterable[Batch], as_json: bool) -> None:
    refused = False
    for batch in batches:
        shown = BatchOut.of(batch)
        refused = refused or batch.state is BatchState.REFUSED
        if as_json:
            print(shown.model_dump_json())  # noqa: T201
            continue
        print(  # noqa: T201
            f"{batch.id} {batch.dataset} {batch.state.value}: {batch.rows} rows, {batch.new} new, {batch.changed} changed, "
            f"{batch.same} same, {batch.ended} ended, {batch.quarantined} quarantined, {batch.unmatched} unmatched"
        )
        if shown.problem is not None:
            print(f"  {shown.problem.zh} / {shown.problem.en}", file=sys.stderr)  # noqa: T201
    if refused:
        raise typer.Exit(1)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV、XLSX、Parquet", exists=True, dir_okay=False)],
    dataset: Annotated[str, typer.Option("--dataset", help="数据集代码 / the dataset's code")],
    mode: MODE = Mode.APPEND,
    trial: Annotated[bool, typer.Option("--trial", help="只检查不提交 / check and commit nothing")] = False,
    as_json: AS_JSON = False,
) -> None:
    """装载一个文件 / take one file in; exit code 1 when it is refused."""
    with _opened() as (_exchange, puller):
        _say([puller.load(dataset, file, mode, trial=trial)], as_json)


@app.command()
def pull(
    sources: Annotated[
        Path, typer.Option("--sources", help="来源清单（JSON）/ file of sources", exists=True)
    ],
    only: Annotated[str, typer.Option("--only", help="只取一个数据集 / only this dataset")] = "",
    as_json: AS_JSON = False,
) -> None:
    """从文件夹或数据库取数 / fetch what the sources have now; files that were committed are left out."""
    with _opened() as (_exchange, puller):
        wanted = [source for source in read_sources(sources) if only in {"", source.dataset}]
        _say((batch for source in wanted for batch in puller.pull(source)), as_json)


@app.command()
def resume() -> None:
    """续办中断的批次，清除无主文件 / take up batches whose process died; sweep files that nothing names."""
    with _opened() as (exchange, _puller):
        asked = exchange.late.ask(limit=len(delivered()))
        done, swept = exchange.intake.resume(), exchange.intake.sweep()
        print(f"{asked} datasets looked at again, {done} batches, {swept} files")  # noqa: T201


@app.command()
def rematch(
    dataset: Annotated[
        str, typer.Option("--dataset", help="数据集代码；空为全部 / the dataset's code; all if empty")
    ] = "",
) -> None:
    """立即重新匹配 / match all unmatched rows again now; after each commit to the register the worker does it by itself."""
    with _opened() as (exchange, _puller):
        codes = [dataset] if dataset else [code for code in delivered() if code != REGISTER]
        asked = sum(exchange.intake.rematch_unmatched(code) for code in codes)
        print(f"{asked} batches, {exchange.intake.resume()} done")  # noqa: T201


@app.command()
def catalogue(as_json: AS_JSON = False) -> None:
    """数据目录 / the catalogue, linted."""
    for what in delivered().values():
        if as_json:
            facts = {
                "code": what.code,
                "version": what.version,
                "owner": what.owner.code,
                "columns": what.names,
            }
            print(json.dumps(facts, ensure_ascii=False))  # noqa: T201
        else:
            print(f"{what.code:22} v{what.version} {what.owner.zh} {what.zh} / {what.en}")  # noqa: T201


if __name__ == "__main__":
    app()
