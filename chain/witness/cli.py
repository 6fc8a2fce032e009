"""`concord witness`: the witness program's own command line, for those who run one beside the platform's other tools."""

from __future__ import annotations

import typer


def witness(context: typer.Context) -> None:
    """日志见证人：init 生成、run 运行、show 查看 / a witness of a log: init, run or show (see docs/operations/witnesses.md)."""
    from chain.witness.__main__ import main

    raise typer.Exit(main(context.args))
