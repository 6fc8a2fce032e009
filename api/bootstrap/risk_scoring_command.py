"""`concord risk score`: decisions for any number of facts in Parquet files, in bounded memory: for more than a district."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.bootstrap.risk_commands import AS_JSON, _risk, _say, app

__all__ = ["app"]


@app.command("score")
def score(
    folder: Annotated[
        Path,
        typer.Argument(help="事实文件夹 / folder of Parquet files with facts", exists=True, file_okay=False),
    ],
    out: Annotated[Path, typer.Option(help="决定写入此文件夹 / folder for the decisions")],
    rules: Annotated[
        str, typer.Option(help="规则集版本编号，默认现行 / id of a version; the one in force otherwise")
    ] = "",
    as_json: AS_JSON = False,
) -> None:
    """按规则集为大批事实计分，中断后可续 / score many facts; the same command goes on after a kill."""
    from api.risk.scoring.streaming import score_files  # Polars is loaded where it is needed
    from api.risk.spec.document import parse
    from api.risk.spec.model import RuleSetError

    with _risk() as container:
        versions = container.risk_rulesets
        version = versions.get(rules) if rules else versions.in_force(versions.today())
    target = out / version.hash[:16]
    try:
        made = score_files(parse(version.document), sorted(folder.glob("*.parquet")), target)
    except (RuleSetError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="FOLDER") from error
    _say({"rule_set": version.hash, "folder": str(target), "files": len(made)}, as_json)
