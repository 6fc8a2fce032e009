"""Errors of the chain library: one base class, a code, facts, and a text in Chinese and English for each code."""

from __future__ import annotations

from typing import Any

TEXTS: dict[str, tuple[str, str]] = {
    "gateway.unavailable": (
        "链节点没有应答（{reason}）；请稍后再试。",
        "The chain node did not answer ({reason}); try again later.",
    ),
    "gateway.behind": (
        "验证节点尚未跟上（{reason}）；请稍后再试。",
        "The validator has not caught up yet ({reason}); try again later.",
    ),
    "gateway.answer_malformed": (
        "链节点的应答无法读取（{reason}）。",
        "The chain node's answer cannot be read ({reason}).",
    ),
    "rpc.refused": ("链节点拒绝了请求：{message}", "The chain node refused the request: {message}"),
    "call.reverted": ("合约拒绝了调用：{reason}", "The contract refused the call: {reason}"),
    "proof.invalid": ("证明不成立：{reason}", "The proof does not hold: {reason}"),
    "note.invalid": ("检查点无效：{reason}", "The checkpoint is not valid: {reason}"),
    "log.integrity": (
        "链上记录与本地记录不一致：{reason}",
        "The chain and our records contradict each other: {reason}",
    ),
    "stage.stale": (
        "待上链的内容在登记前已变化（{what}），将重新选取。",
        "What was about to be staged has changed meanwhile ({what}); it is selected again.",
    ),
    "lease.lost": (
        "本进程已不再持有写入租约，停止写入。",
        "This process no longer holds the writing lease and stops writing.",
    ),
    "decoding.failed": ("链上数据无法解读：{reason}", "Chain data cannot be decoded: {reason}"),
    "release.refused": ("发布无效：{reason}", "The release is not valid: {reason}"),
    "trust_root.key_not_listed": (
        "这把密钥不在第 {version} 版信任根的根密钥之中。",
        "This key is not among the root keys of version {version} of the trust root.",
    ),
    "trust_root.signature_invalid": (
        "信任根的签名无效：{key}。",
        "A signature of the trust root does not verify: {key}.",
    ),
    "trust_root.note_malformed": (
        "信任根的签名文件无法读取：{reason}。",
        "The trust root's signature file cannot be read: {reason}.",
    ),
    "trust_root.other_file": (
        "签名文件属于另一份信任根，不是第 {version} 版（指纹 {fingerprint}）。",
        "The signature file is over another trust root, not version {version} (fingerprint {fingerprint}).",
    ),
    "trust_root.not_the_first": (
        "这是第 {version} 版，不是没有前一版的第 1 版。",
        "This is version {version}, not the first one without a predecessor.",
    ),
    "trust_root.version_skipped": (
        "版本不连续：应为第 {expected} 版，实为第 {found} 版。",
        "A version is missing: expected {expected}, found {found}.",
    ),
    "trust_root.predecessor_differs": (
        "前一版不符：应为 {expected}，文件写的是 {found}。",
        "It names another predecessor: expected {expected}, found {found}.",
    ),
    "trust_root.other_installation": (
        "属于另一套安装（{member} 不同）。",
        "It belongs to another installation ({member} differs).",
    ),
    "trust_root.no_root_keys": (
        "第 {version} 版没有根密钥，无法核对由谁更替；请通过其他渠道比对指纹。",
        "Version {version} has no root keys, so nobody can be checked to have replaced it: compare the fingerprint.",
    ),
    "trust_root.too_few_signatures": (
        "第 {version} 版信任根的签名不足：需要 {threshold} 个，有 {found} 个。",
        "Version {version} of the trust root has too few signatures: {threshold} needed, {found} found.",
    ),
    "chain.mismatch": (
        "链节点属于另一套部署：应为 {expected}，实为 {actual}。",
        "The node belongs to another installation: expected {expected}, found {actual}.",
    ),
}


class ChainError(Exception):
    """Base of all errors of this package.

    `code` is stable and has a text in `TEXTS`; `facts` fill the text and never hold personal data.
    """

    default_code = "log.integrity"

    def __init__(self, code: str | None = None, **facts: Any) -> None:
        self.code = code or self.default_code
        self.facts = facts
        super().__init__(self.code)

    def _text(self, which: int) -> str:
        template = TEXTS.get(self.code, (self.code, self.code))[which]
        try:
            return template.format(**self.facts)
        except (KeyError, IndexError):
            return template

    @property
    def zh(self) -> str:
        """The text in Chinese."""
        return self._text(0)

    @property
    def en(self) -> str:
        """The text in English."""
        return self._text(1)

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


class GatewayUnavailable(ChainError):
    """No usable answer arrived. What was asked may or may not have been done: ask again and read back."""

    default_code = "gateway.unavailable"

    def __init__(self, reason: str, code: str | None = None) -> None:
        super().__init__(code, reason=reason)


class RpcRefused(ChainError):
    """The node answered with a JSON-RPC error."""

    default_code = "rpc.refused"

    def __init__(self, rpc_code: int, message: str, data: Any = None) -> None:
        super().__init__(rpc_code=rpc_code, message=message)
        self.rpc_code = rpc_code
        self.message = message
        self.data = data


class CallReverted(ChainError):
    """A contract reverted a read-only call; `data` is the ABI-encoded reason."""

    default_code = "call.reverted"

    def __init__(self, data: bytes, reason: str = "") -> None:
        super().__init__(reason=reason or (data.hex() if data else "no reason given"))
        self.data = data


class ProofInvalid(ChainError):
    """An inclusion, consistency, receipt or storage proof does not hold."""

    default_code = "proof.invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class NoteInvalid(ChainError):
    """A signed note or checkpoint is malformed, or its signature does not verify."""

    default_code = "note.invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class LogIntegrityError(ChainError):
    """The chain and our own records contradict each other: work stops until a person has looked."""

    default_code = "log.integrity"

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason=reason, **facts)


class LeaseLost(ChainError):
    """Another process holds the writing lease (its fence is higher): nothing of this step was kept."""

    default_code = "lease.lost"


class DecodingError(ChainError):
    """Bytes from the chain do not have the shape of the contract's interface."""

    default_code = "decoding.failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
