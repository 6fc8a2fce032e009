"""`concord disclose CONTRACT --clause 6`: one clause by itself, from a downloaded package (offline) or from the platform.

Exit codes: 0 written, 1 refused, 3 input that can't be used (as `concord verify`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from chain.package.zip_profile import MAX_BYTES

REFUSED, UNUSABLE = 1, 3
TIMEOUT = 60.0


def disclose(
    contract: Annotated[
        str,
        typer.Argument(
            help="已下载的完整证据包文件，或合同编号 / a downloaded evidence package, or a contract's id",
            show_default=False,
        ),
    ],
    clause: Annotated[
        int,
        typer.Option("--clause", min=1, max=1000, help="条款编号，从 1 起 / number of the clause, from 1"),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="写到哪个文件 / file to write", show_default=False)
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="平台地址（仅合同编号）/ the platform, for a contract's id")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", help="机器凭据文件，需 read 权限 / machine credential with the scope read"
        ),
    ] = None,
) -> None:
    """单独出示一条条款 / Show one clause of a contract by itself; the others stay hidden."""
    path = Path(contract)
    if path.is_file():
        data, name = _from_package(path, clause), f"clause-{clause}-{path.stem}.zip"
    elif url is None or token_file is None:
        _stop(
            f"没有文件 {contract}；用合同编号时须给出 --url 和 --token-file / "
            "there is no such file; a contract's id needs --url and --token-file",
            UNUSABLE,
        )
    else:
        data, name = _from_platform(contract, clause, url, token_file), f"clause-{clause}-{contract[:16]}.zip"
    target = out or Path(name)
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        _stop(f"文件已存在，未覆盖 / the file exists, nothing was overwritten: {target}", UNUSABLE)
    except OSError as error:
        _stop(f"无法写入 can't write {target}: {error.strerror}", UNUSABLE)
    typer.echo(f"✓ {target} ({len(data)} B)")


def _stop(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


def _from_package(path: Path, clause: int) -> bytes:
    from chain.package.disclosure import DisclosureRefused
    from chain.package.disclosure import disclose as show

    try:
        with path.open("rb") as file:
            package = file.read(MAX_BYTES + 1)
    except OSError as error:
        _stop(f"无法读取 can't read {path}: {error.strerror}", UNUSABLE)
    try:
        return show(package, clause, now=datetime.now(UTC))
    except DisclosureRefused as refusal:
        code = UNUSABLE if refusal.code == "clause.package_unusable" else REFUSED
        _stop(f"{refusal.zh} / {refusal.en}", code)


def _from_platform(contract: str, clause: int, url: str, token_file: Path) -> bytes:
    import httpx

    try:
        token = token_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _stop(f"无法读取凭据 can't read the credential {token_file}: {error}", UNUSABLE)
    address = f"{url.rstrip('/')}/api/v1/contracts/{contract}/clauses/{clause}/evidence"
    try:
        answer = httpx.post(
            address, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _stop(f"平台没有应答 / no answer from the platform: {error}", REFUSED)
    if answer.status_code == httpx.codes.OK:
        return answer.content
    try:
        problem = answer.json()
        text = f"{problem['detail_zh']} / {problem['detail_en']}"
    except (ValueError, KeyError, TypeError):
        text = f"HTTP {answer.status_code}"
    _stop(text, REFUSED)
