"""`concord proofs PACKAGE --out FOLDER`: a package's inclusion proofs as C2SP tlog-proof files, for other people's tools.

A package writes its one checkpoint once; here each proof gets its own copy. Nothing is verified: `concord verify` does.
Exit codes: 0 written, 3 input that can't be used.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from chain.package import PackageError, contents, read_package
from chain.package.proofs import read_heads
from chain.package.zip_profile import MAX_BYTES

UNUSABLE = 3


def proofs(
    package: Annotated[
        Path, typer.Argument(help="证据包文件 / an evidence package, a clause or a supervision export")
    ],
    out: Annotated[Path, typer.Option("--out", help="新文件夹 / a folder that is not there yet")],
) -> None:
    """把存在证明写成 C2SP tlog-proof 文件 / Write a package's inclusion proofs as C2SP tlog-proof files."""
    try:
        with package.open("rb") as file:
            entries = read_package(file.read(MAX_BYTES + 1))
        events = [
            item["event"]
            for name in (contents.STREAM, contents.CITED)
            for item in contents.read_json(name, entries[name])["events"]
        ]
        found = read_heads(entries[contents.PROOFS], entries[contents.CHECKPOINT]).all()
        if len(found) != len(events):
            _stop(f"{len(events)} 个事件，{len(found)} 个证明 / {len(events)} events, {len(found)} proofs")
    except OSError as error:
        _stop(f"无法读取 can't read {package}: {error.strerror}")
    except KeyError as error:
        _stop(f"其中没有 it does not hold {error.args[0]}")
    except (PackageError, contents.ShapeError, ValueError) as error:
        _stop(f"不是可用的证据包 not a usable package: {error}")
    if out.exists():
        _stop(f"文件夹已存在，未写入 / the folder exists, nothing was written: {out}")
    lines = []
    try:
        # All or nothing: the folder has its name only when everything is in it.
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
            made = Path(folder) / out.name
            made.mkdir()
            for number, (event, proof) in enumerate(zip(events, found, strict=True), start=1):
                name = f"{number:05d}.tlog-proof"
                (made / name).write_bytes(proof.encode())
                lines.append(f"{name}  index {proof.index}  {event['type']} {event['seq']}")
            made.rename(out)
    except OSError as error:
        _stop(f"无法写入 can't write {out}: {error.strerror}")
    typer.echo("\n".join(lines))


def _stop(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(UNUSABLE)
