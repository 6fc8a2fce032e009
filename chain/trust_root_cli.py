"""`concord trust-root …`: look at a trust root, make a key, a next version, a signature; check who replaced whom.

Works on files alone, without an installation: root keys belong on a machine that is not connected.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from chain import trust_root_files as files
from chain.checkpoint import LogKey
from chain.durable_file import replace_file
from chain.errors import ChainError, NoteInvalid
from chain.trust_root import TrustRoot
from chain.trust_root_succession import (
    SignedRoot,
    SuccessionRefused,
    add_signature,
    check_first,
    signers,
    signing_key,
)

app = typer.Typer(
    no_args_is_help=True, help="信任根：查看、签名、更替、核对 / the trust root: show, sign, rotate, verify"
)

FILE = Annotated[Path, typer.Argument(help="trust-root.json", show_default=False)]
AS_JSON = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


def _refuse(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(3)


def _load(path: Path) -> SignedRoot:
    try:
        return files.load(path)
    except ChainError as error:
        _refuse(f"{path}: {error.zh} / {error.en}")
    except OSError as error:
        _refuse(f"无法读取 can't read {path}: {error.strerror}")


@app.command()
def show(file: FILE, as_json: AS_JSON = False) -> None:
    """查看版本、指纹、密钥与签名行 / version, fingerprint, keys, and the names in the signature file (unchecked)."""
    signed = _load(file)
    root = signed.root
    names = _names_in(signed)
    facts: dict[str, Any] = {
        "version": root.version,
        "fingerprint": root.fingerprint,
        "predecessor": root.predecessor,
        "test": root.test,
        "log_origin": root.log_origin,
        "root_keys": list(root.root_keys),
        "root_threshold": root.root_threshold,
        "release_keys": list(root.release_keys),
        "witnesses": [item.name for item in root.witnesses],
        "witness_threshold": root.witness_threshold,
        "signature_lines": names,
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for name, value in facts.items():
        typer.echo(f"{name:18} {value if not isinstance(value, list) else ', '.join(map(str, value)) or '–'}")


def _names_in(signed: SignedRoot) -> list[str]:
    from chain.checkpoint import SignedNote

    if signed.note is None:
        return []
    try:
        return [line.name for line in SignedNote.parse(signed.note).signatures]
    except NoteInvalid as error:
        _refuse(f"{error.zh} / {error.en}")


@app.command()
def key(
    name: Annotated[str, typer.Option(help="密钥名称，如 example.cn/root-1 / the key's name")],
    out: Annotated[Path, typer.Option(help="写入的私钥文件 / file to write the secret to")],
) -> None:
    """生成一把 Ed25519 密钥，打印公开部分 / make an Ed25519 key (for a root or a release) and print its public half."""
    try:
        made = LogKey.from_seed(name, seed := secrets.token_bytes(32))
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except NoteInvalid as error:
        _refuse(f"{error.zh} / {error.en}")
    except OSError as error:
        _refuse(
            f"无法写入（已存在的文件不覆盖） can't write, and never over an existing file: {out}: {error.strerror}"
        )
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(seed.hex() + "\n")
    typer.echo(made.vkey)


@app.command()
def rotate(
    file: FILE,
    out: Annotated[Path, typer.Option(help="候选新版本 / the candidate to write")],
    change: Annotated[
        Path | None, typer.Option(help="要替换的成员（JSON） / members to replace, as a JSON object")
    ] = None,
    add_root_key: Annotated[list[str] | None, typer.Option(help="vkey")] = None,
    drop_root_key: Annotated[list[str] | None, typer.Option(help="名称 name")] = None,
    threshold: Annotated[int | None, typer.Option(help="根密钥门槛 / root threshold")] = None,
    add_release_key: Annotated[list[str] | None, typer.Option(help="vkey")] = None,
    drop_release_key: Annotated[list[str] | None, typer.Option(help="名称 name")] = None,
    retire: Annotated[
        list[str] | None, typer.Option(help="算法=起始时间 / NAME=2030-01-01T00:00:00.000Z")
    ] = None,
) -> None:
    """写出下一版候选文件 / write the next version as a candidate; nothing counts before the current root keys sign it."""
    current = _load(file).root
    value: dict[str, Any] = dict(current.value)
    if change is not None:
        try:
            changes = json.loads(change.read_text("utf-8"))
        except (OSError, ValueError) as error:
            _refuse(f"{change}: {error}")
        unknown = sorted(set(changes) - set(value)) if isinstance(changes, dict) else [str(type(changes))]
        if unknown:
            _refuse(f"{change}: 未知成员 unknown members: {', '.join(unknown)}")
        value |= changes
    value["root_keys"] = _listed(value["root_keys"], add_root_key, drop_root_key)
    value["page_release_keys"] = _listed(value["page_release_keys"], add_release_key, drop_release_key)
    value["root_threshold"] = threshold if threshold is not None else value["root_threshold"]
    retired = [
        {"name": name, "from": since} for name, _, since in (item.partition("=") for item in retire or ())
    ]
    value["retired_algorithms"] = [*value["retired_algorithms"], *retired]
    value |= {"version": current.version + 1, "predecessor": current.fingerprint}
    try:
        root = TrustRoot.of(value)
    except ChainError as error:
        _refuse(f"{error.zh} / {error.en}")
    files.write(SignedRoot(root, None), out)
    typer.echo(f"version {root.version}  {root.fingerprint}")
    typer.echo(
        f"由第 {current.version} 版的根密钥签名 sign with {current.root_threshold} of its root keys: "
        f"concord trust-root sign {out} --previous {file} --key KEY"
    )


def _listed(old: list[str], add: list[str] | None, drop: list[str] | None) -> list[str]:
    unknown = [name for name in drop or () if name not in {item.partition("+")[0] for item in old}]
    if unknown:
        _refuse(f"没有这样的密钥 no such key: {', '.join(unknown)}")
    kept = [item for item in old if item.partition("+")[0] not in (drop or ())]
    return [*kept, *(item for item in add or () if item not in kept)]


@app.command()
def sign(
    file: FILE,
    key_file: Annotated[Path, typer.Option("--key", help="根密钥文件 / the root key's file")],
    previous: Annotated[
        Path | None, typer.Option(help="前一版；第 1 版不需要 / the version before; version 1 has none")
    ] = None,
) -> None:
    """用一把根密钥签名 / add one root key's signature to FILE.sig."""
    signed = _load(file)
    by = _signer_of(signed.root, previous)
    try:
        seed = bytes.fromhex(key_file.read_text("ascii").strip())
        if len(seed) != 32:
            raise ValueError("not 32 bytes of hex")
        note = add_signature(signed.root, signed.note, signing_key(seed, by))
        found = signers(signed.root, by, note)
    except SuccessionRefused as error:
        _refuse(f"{error.zh} / {error.en}")
    except (OSError, ValueError) as error:
        _refuse(f"{key_file}: {error}")
    replace_file(files.signature_file(file), note)
    typer.echo(f"{signed.root.fingerprint}  {len(found)}/{by.root_threshold}: {', '.join(found)}")


def _signer_of(root: TrustRoot, previous: Path | None) -> TrustRoot:
    if previous is not None:
        return _load(previous).root
    if root.version > 1 and root.predecessor is not None:
        _refuse(
            f"第 {root.version} 版由前一版的根密钥签名，请用 --previous 指明 / "
            f"version {root.version} is signed by the keys of the one before: name it with --previous"
        )
    return root


@app.command()
def verify(
    file: FILE,
    previous: Annotated[
        list[Path] | None, typer.Option(help="较早的版本，从旧到新，可重复 / earlier versions, oldest first")
    ] = None,
) -> None:
    """核对更替 / check that FILE succeeds the given versions; version 1 alone is checked against its own keys.

    Exit codes: 0 the succession holds, 3 it does not, or a file can't be read.
    """
    try:
        signed, names = files.load_after(file, previous or [])
        if not previous:
            names = check_first(signed)
    except ChainError as error:
        _refuse(f"✗ {error.zh} / {error.en}")
    except OSError as error:
        _refuse(f"无法读取 can't read {error.filename}: {error.strerror}")
    typer.echo(f"✓ version {signed.root.version}  {signed.root.fingerprint}  {', '.join(names)}")
