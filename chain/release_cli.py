"""`concord page-check URL` for anybody, and `concord release sign` for the machine that holds a release key."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from chain.errors import ChainError

EXIT_CODES = {"passed": 0, "failed": 1, "indeterminate": 2}
UNUSABLE = 3

TEXTS: dict[str, tuple[str, str]] = {
    "": (
        "所供页面与已发布的页面逐字节相同。",
        "The page that is served is the released one, byte for byte.",
    ),
    "FILES_DIFFER": (
        "所供文件与已发布的不同：不要在此页面签署。",
        "Served files differ from the released ones: do not sign on this page.",
    ),
    "ANOTHER_RELEASE_SERVED": (
        "打开的页面不是现行发布的页面。",
        "The page in the address is not the release in force.",
    ),
    "NO_RELEASE_KEYS": ("信任根没有发布密钥。", "The trust root names no release keys."),
    "NO_CHECKPOINT_YET": (
        "发布事件还没有检查点，请稍后再查。",
        "No checkpoint covers the release yet; try again in a moment.",
    ),
}


def page_check(
    url: Annotated[
        str, typer.Argument(help="平台地址或签署页面地址 / the platform's or the signing page's address")
    ],
    trust_root: Annotated[
        Path, typer.Option("--trust-root", help="信任根 trust-root.json", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """从外部比对签署页面 / Compare the signing page that is served with the one that was released.

    Exit codes: 0 the same, 1 something differs or does not hold, 2 undecided, 3 no answer or an unusable trust root.
    """
    from chain.page_check import PageUnreachable, check_page
    from chain.trust_root_files import load

    origin, digest = _address(url)
    try:
        root = load(trust_root).root
    except ChainError as error:
        _unusable(f"{error.zh} / {error.en}")
    except OSError as error:
        _unusable(f"无法读取 can't read {trust_root}: {error.strerror}")
    try:
        result = check_page(_fetcher(origin), root, digest=digest)
    except PageUnreachable as error:
        _unusable(f"平台没有应答 no answer: {error}")
    if as_json:
        typer.echo(json.dumps(result.to_json(), ensure_ascii=False, indent=1))
    else:
        for name, value in result.facts.items():
            typer.echo(f"{name:16} {', '.join(value) if isinstance(value, list) else value}")
        for path in result.differing:
            typer.secho(f"✗ {path}", fg="red")
        texts = _texts(result.code)
        colour = {"passed": "green", "failed": "red"}.get(result.verdict, "yellow")
        tail = f" [{result.code}]" if result.code else ""
        typer.secho(f"{result.verdict}{tail} {texts[0]} / {texts[1]}", fg=colour, bold=True)
    raise typer.Exit(EXIT_CODES[result.verdict])


def sign_release(
    statement: Annotated[Path, typer.Argument(help="待签文本 / the statement that `concord release` wrote")],
    key: Annotated[Path, typer.Option("--key", help="发布密钥文件 / the release key's file")],
    name: Annotated[
        str, typer.Option("--name", help="信任根中的密钥名称 / the key's name in the trust root")
    ],
) -> None:
    """在保管密钥的机器上签署一次发布 / sign a release where the key is kept; writes STATEMENT.note."""
    from chain.checkpoint import LogKey

    try:
        text = statement.read_bytes()
        if not text.startswith(b"concord-release/v1\n") or text.count(b"\n") != 6:
            _unusable(f"{statement}: 不是待签的发布文本 / not a release's statement")
        note = LogKey.from_seed(name, bytes.fromhex(key.read_text("ascii").strip())).sign_note(text)
        target = statement.with_name(statement.name + ".note")
        target.write_bytes(note)
    except (OSError, ValueError, ChainError) as error:
        _unusable(str(error))
    typer.echo(str(target))


def _texts(code: str) -> tuple[str, str]:
    from chain.verifier.texts import SUB_TEXTS

    zh, en = TEXTS.get(code) or SUB_TEXTS.get(code, (code, code))
    return zh.replace("{item}", "page"), en.replace("{item}", "page")


def _address(url: str) -> tuple[str, str | None]:
    """The platform's origin, and the release digest where the address is a signing page's."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        _unusable(f"请给出 http(s) 地址 / an http(s) address is needed, not {url}")
    found = re.match(r"/signing-page/([0-9a-f]{64})(/|\Z)", parts.path)
    return f"{parts.scheme}://{parts.netloc}", found[1] if found else None


def _fetcher(origin: str) -> Callable[[str], bytes]:
    import httpx

    from chain.page_check import MAX_FILE, PageMissing, PageUnreachable

    client = httpx.Client(base_url=origin, timeout=30.0, follow_redirects=False, trust_env=False)

    def fetch(path: str) -> bytes:
        try:
            with client.stream("GET", path) as answer:
                if answer.status_code in (404, 410):
                    raise PageMissing(f"{path}: HTTP {answer.status_code}")
                if answer.status_code != httpx.codes.OK:
                    raise PageUnreachable(f"{path}: HTTP {answer.status_code}")
                data = bytearray()
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > MAX_FILE:
                        raise PageUnreachable(f"{path}: larger than {MAX_FILE} bytes")
                return bytes(data)
        except httpx.HTTPError as error:
            raise PageUnreachable(f"{path}: {error}") from error

    return fetch


def _unusable(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(UNUSABLE)
