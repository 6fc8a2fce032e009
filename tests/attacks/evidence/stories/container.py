"""Forgeries of the file itself, of its manifest and of its installation (steps 1 to 3)."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

from chain.checkpoint import LogKey
from chain.package import contents, write_package
from chain.verifier import Outcome
from signing import jcs
from tests.attacks.evidence.story import Made, Scene, Story, raw, resealed, seal, sign_manifest
from tests.factories.evidence import Forge, secret

Files = dict[str, bytes]


def _rezip(package: bytes, **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w", **options) as target:
        for item in source.infolist():
            target.writestr(
                zipfile.ZipInfo(item.filename, (2026, 11, 22, 8, 0, 0)), source.read(item.filename)
            )
    return out.getvalue()


def _deflated(package: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.infolist():
            info = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(item.filename))
    return out.getvalue()


def _doubled(package: bytes) -> bytes:
    out = io.BytesIO(package)
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as target:
        warnings.simplefilter("ignore")
        target.writestr(zipfile.ZipInfo("manifest.json", (1980, 1, 1, 0, 0, 0)), b"{}")
    return out.getvalue()


def _zip_of(name: str, data: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = compression
        target.writestr(info, data)
    return out.getvalue()


def _renamed_in_one_header(package: bytes) -> bytes:
    first = package.index(b"manifest.json")
    return package[:first] + b"Manifest.json" + package[first + 13 :]


def _homoglyph_name(package: bytes) -> bytes:
    """The first `a` of `manifest` becomes a Cyrillic one (two bytes), lengths and offsets put right."""
    raw_name = "m\u0430nifest.json".encode()
    made = bytearray(package)
    struct.pack_into("<H", made, 26, len(raw_name))
    return bytes(made[:30]) + raw_name + bytes(made[30 + 13 :])


def _flip(where: bytes, offset: int) -> Callable[[bytes], bytes]:
    def change(package: bytes) -> bytes:
        place = package.index(where) + offset
        return package[:place] + bytes([package[place] ^ 1]) + package[place + 1 :]

    return change


def _data_between(package: bytes) -> bytes:
    """Bytes hidden between the last entry and the directory, all offsets put right."""
    start = struct.unpack_from("<I", package, len(package) - 6)[0]
    made = package[:start] + b"hidden" + package[start:]
    return made[:-6] + struct.pack("<I", start + 6) + made[-2:]


def _sealed(change: Callable[[Files, Forge], Files]) -> Callable[[Scene], Made]:
    """Entries altered after sealing."""

    def make(scene: Scene) -> Made:
        entries = change(dict(scene.good.sealed), scene.good)
        return Made(write_package(entries), scene.good.root)

    return make


def _one_byte(entries: Files, forge: Forge) -> Files:
    pdf = bytearray(entries[contents.PDF])
    pdf[500] ^= 1
    return entries | {contents.PDF: bytes(pdf)}


def _without(name: str) -> Callable[[Files, Any], Files]:
    return lambda entries, _: {key: value for key, value in entries.items() if key != name}


def _extra_member(files: Files, scene: Scene) -> Files:
    value: Any = jcs.parse_object(files[contents.CHECK])
    return files | {contents.CHECK: jcs.canonical(value | {"note": "x"})}


def _employers_role(files: Files, scene: Scene) -> Files:
    value: Any = jcs.parse_object(files[contents.WORKER_CONSENT])
    value["consent"]["role"] = 1
    return files | {contents.WORKER_CONSENT: jcs.canonical(value)}


def _upper_case_hex(files: Files, scene: Scene) -> Files:
    value: Any = jcs.parse_object(files[contents.OPENING])
    value["salt"] = value["salt"].upper()
    return files | {contents.OPENING: jcs.canonical(value)}


def _replaced(name: str, old: bytes, new: bytes) -> Callable[[Files, Scene], Files]:
    def change(files: Files, scene: Scene) -> Files:
        assert old in files[name]
        return files | {name: files[name].replace(old, new, 1)}

    return change


def _float(files: Files, scene: Scene) -> Files:
    return files | {contents.OPENING: files[contents.OPENING].replace(b'"version":1}', b'"version":1.0}')}


def _unsorted_entries(scene: Scene) -> Made:
    value: Any = jcs.parse_object(scene.good.sealed["manifest.json"])
    value["entries"].reverse()
    made = jcs.canonical(value)
    entries = scene.good.sealed | {"manifest.json": made, "manifest.sig": sign_manifest(scene.good, made)}
    return Made(write_package(entries), scene.good.root)


def _other_key(entries: Files, forge: Forge) -> Files:
    other = LogKey.from_seed(forge.world.log_origin, secret("forger"))
    return entries | {"manifest.sig": sign_manifest(forge, entries["manifest.json"], other)}


def _two_signatures(entries: Files, forge: Forge) -> Files:
    other = LogKey.from_seed("stranger.example", secret("forger"))
    line = sign_manifest(forge, entries["manifest.json"], other).partition(b"\n\n")[2]
    return entries | {"manifest.sig": entries["manifest.sig"] + line}


def _under(**members: Any) -> Callable[[Scene], Made]:
    return lambda scene: Made(scene.good.package, scene.world.trust_root(**members))


def _other_code(scene: Scene) -> Made:
    known = scene.world.trust_root().value["contracts"]
    other = {name: item | {"code_hash": "ab" * 32} for name, item in known.items()}
    return _under(contracts=other)(scene)


ILLEGAL = "PROFILE_ILLEGAL"

STORIES: list[Story] = [
    # 1 structure
    raw("the entries are compressed", "条目被压缩", 1, ILLEGAL, _deflated),
    raw("the archive was packed again with other dates", "重新打包，日期不同", 1, ILLEGAL, _rezip),
    raw(
        "a program is put in front of the archive",
        "压缩包前面加了一段程序",
        1,
        ILLEGAL,
        lambda p: b"#!/bin/sh\n" + p,
    ),
    raw("a byte follows the archive", "压缩包之后多出一个字节", 1, ILLEGAL, lambda p: p + b"\n"),
    raw("the archive has a comment", "压缩包带有注释", 1, ILLEGAL, lambda p: p[:-2] + b"\x01\x00x"),
    raw("two manifests stand in the archive", "压缩包里有两份清单", 1, ILLEGAL, _doubled),
    raw(
        "an entry climbs out of its folder",
        "条目名称企图跳出目录",
        1,
        ILLEGAL,
        lambda p: _zip_of("../../etc/cron.d/x", b"x"),
    ),
    raw(
        "fifty megabytes are packed into fifty kilobytes",
        "五十兆压成五十 KB 的炸弹",
        1,
        ILLEGAL,
        lambda p: _zip_of("manifest.json", bytes(50_000_000), zipfile.ZIP_DEFLATED),
    ),
    raw("half of the file is missing", "文件只剩一半", 1, ILLEGAL, lambda p: p[: len(p) // 2]),
    raw(
        "an entry has two names in two headers",
        "同一条目在两处头部名称不同",
        1,
        ILLEGAL,
        _renamed_in_one_header,
    ),
    raw("an entry's name has a Cyrillic letter", "条目名称里混入西里尔字母", 1, ILLEGAL, _homoglyph_name),
    raw("bytes are hidden in front of the directory", "目录之前藏了字节", 1, ILLEGAL, _data_between),
    raw("one bit of the PDF is changed", "PDF 里改了一个比特", 1, ILLEGAL, _flip(b"%PDF-", 9000)),
    raw("a PDF is handed in as package", "把 PDF 当作证据包提交", 1, ILLEGAL, lambda p: b"%PDF-1.7\n%%EOF\n"),
    # 2 manifest
    Story(
        "one byte of the PDF is changed without sealing again",
        "改了 PDF 一个字节而未重新封存",
        2,
        "HASH_FAILURE",
        _sealed(_one_byte),
    ),
    resealed(
        "a package brings its own trust root",
        "证据包自带信任根",
        2,
        "ENTRY_UNLISTED",
        lambda files, scene: files | {"trust-root.json": scene.good.root.canonical()},
    ),
    Story(
        "an entry is not in the manifest",
        "有条目不在清单里",
        2,
        "ENTRY_UNLISTED",
        _sealed(lambda e, f: e | {"extra.txt": b"x"}),
    ),
    Story(
        "an entry is left out", "少了一个条目", 2, "ENTRY_MISSING", _sealed(_without(contents.ATTESTATION))
    ),
    Story(
        "the manifest's signature is left out",
        "少了清单的签名",
        2,
        "ENTRY_MISSING",
        _sealed(_without("manifest.sig")),
    ),
    resealed(
        "the seal binding is left out of package and manifest",
        "包与清单都不含印章声明",
        2,
        "ENTRY_MISSING",
        _without(contents.SEAL_BINDING),
    ),
    resealed(
        "an opening with a space behind a colon",
        "承诺文件冒号后多一个空格",
        2,
        "ENTRY_MALFORMED",
        _replaced(contents.OPENING, b'":', b'": '),
    ),
    resealed("a number is written as a float", "整数写成浮点数", 2, "ENTRY_MALFORMED", _float),
    resealed("a digest in capital letters", "摘要写成大写", 2, "ENTRY_MALFORMED", _upper_case_hex),
    resealed(
        "a member stands twice in a statement",
        "声明中同一成员出现两次",
        2,
        "ENTRY_MALFORMED",
        _replaced(contents.CHECK, b'{"signature":', b'{"signature":"AA==","signature":'),
    ),
    resealed(
        "base64 without its padding",
        "base64 去掉了填充",
        2,
        "ENTRY_MALFORMED",
        _replaced(contents.WORKER_CONSENT, b'=="', b'"'),
    ),
    resealed("a statement with an extra member", "声明多出一个成员", 2, "ENTRY_MALFORMED", _extra_member),
    resealed(
        "both consents claim the employer's role",
        "两份同意书都自称用人单位",
        2,
        "ENTRY_MALFORMED",
        _employers_role,
    ),
    Story(
        "the manifest lists its entries in reverse",
        "清单倒序排列",
        2,
        "MANIFEST_MALFORMED",
        _unsorted_entries,
    ),
    resealed(
        "a package of a format to come",
        "将来版本的格式",
        2,
        "FORMAT_UNKNOWN",
        lambda files, scene: files,
        outcome=Outcome.INDETERMINATE,
        format="concord.evidence/2",
    ),
    # 3 installation
    Story(
        "the manifest is sealed by another key",
        "清单由另一把密钥封存",
        3,
        "SIG_CRYPTO_FAILURE",
        _sealed(_other_key),
    ),
    Story(
        "a second signature stands under the manifest",
        "清单之下有第二个签名",
        3,
        "SIG_CRYPTO_FAILURE",
        _sealed(_two_signatures),
    ),
    Story(
        "a checkpoint serves as seal of the manifest",
        "用检查点冒充清单签名",
        3,
        "SIG_CRYPTO_FAILURE",
        _sealed(lambda entries, forge: entries | {"manifest.sig": forge.checkpoint_note}),
    ),
    Story(
        "a package of another installation",
        "另一套安装的证据包",
        3,
        "WRONG_INSTALLATION",
        lambda scene: Made(Forge(scene.stranger).package, scene.world.trust_root()),
    ),
    Story(
        "an installation with the same name on another chain",
        "同名日志、另一条链",
        3,
        "WRONG_INSTALLATION",
        _under(chain_id=1),
    ),
    Story("contracts with other code", "合约代码不同", 3, "CONTRACT_CODE_UNKNOWN", _other_code),
    Story(
        "the log's name has a look-alike letter",
        "日志名称用了形近字母",
        3,
        "WRONG_INSTALLATION",
        lambda scene: Made(
            seal(
                scene.good,
                dict(scene.good.files),
                installation=scene.good.root.installation
                | {"log_origin": scene.world.log_origin.replace("l", "I", 1)},
            ),
            scene.good.root,
        ),
    ),
    Story(
        "the trust root had ended before the package was made",
        "信任根在封存之前已失效",
        3,
        "TRUST_ROOT_OUT_OF_PERIOD",
        _under(valid_until="2026-02-01T00:00:00.000Z"),
        Outcome.INDETERMINATE,
    ),
    Story(
        "the trust root began after the package was made",
        "信任根在封存之后才生效",
        3,
        "TRUST_ROOT_OUT_OF_PERIOD",
        _under(valid_from="2027-02-01T00:00:00.000Z"),
        Outcome.INDETERMINATE,
    ),
]
