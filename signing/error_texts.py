"""The sentences of signing errors, one pair (Chinese, English) for each code."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    # canonical JSON
    "jcs.not_json": ("不是合法的 JSON：{reason}", "Not valid JSON: {reason}"),
    "jcs.not_canonical": ("JSON 不是 RFC 8785 规范形式", "The JSON is not in RFC 8785 canonical form"),
    "jcs.too_large": ("JSON 超过 {limit} 字节", "The JSON exceeds {limit} bytes"),
    "jcs.too_deep": ("JSON 嵌套超过 {limit} 层", "The JSON is nested more than {limit} levels deep"),
    "jcs.key_refused": ("JSON 键必须是 ASCII 字符：{key}", "JSON keys must be ASCII: {key}"),
    "jcs.key_twice": ("JSON 键重复：{key}", "The JSON key appears twice: {key}"),
    "jcs.number_refused": (
        "数字必须是绝对值小于 2^53 的整数，金额用字符串：{value}",
        "Numbers must be integers below 2^53, money is a string: {value}",
    ),
    "jcs.text_refused": ("文字含有不成对的代理码位", "The text holds an unpaired surrogate"),
    "jcs.type_refused": ("不支持的 JSON 类型：{type}", "Unsupported JSON type: {type}"),
    # events, commitments, clauses
    "event.field_refused": ("事件字段 {field} 不合规：{value}", "Event field {field} is refused: {value}"),
    "event.fields_differ": (
        "事件字段不完整或多余：{fields}",
        "Event fields are missing or superfluous: {fields}",
    ),
    "event.payload_unblinded": (
        "事件内容缺少 32 字节随机数 blind",
        "The event payload lacks its 32 random bytes `blind`",
    ),
    "commitment.field_refused": ("承诺字段 {field} 不合规", "Commitment field {field} is refused"),
    "clause.none": ("合同没有条款", "The document has no clause"),
    "clause.field_refused": ("条款字段 {field} 不合规", "Clause field {field} is refused"),
    "clause.index": ("没有第 {n} 条", "There is no clause {n}"),
    # EIP-712 and wallets
    "eip712.field_refused": ("声明字段 {field} 不是 {type}", "Statement field {field} is not a {type}"),
    "eip712.fields_differ": (
        "声明字段不完整或多余：{fields}",
        "Statement fields are missing or superfluous: {fields}",
    ),
    "wallet.address_refused": ("钱包地址不合规：{address}", "The wallet address is refused: {address}"),
    "wallet.signature_form": ("钱包签名必须是 65 字节 r‖s‖v", "A wallet signature is 65 bytes r‖s‖v"),
    "wallet.signature_high_s": (
        "签名的 s 值过大（可延展），已拒绝",
        "The signature's s is high (malleable): refused",
    ),
    "wallet.signature_wrong": (
        "签名不是该钱包对此内容的签名",
        "The signature is not this wallet's over this content",
    ),
    "wallet.passphrase_wrong": ("口令不正确", "The passphrase is wrong"),
    "wallet.passphrase_weak": ("口令至少 {least} 个字符", "The passphrase needs at least {least} characters"),
    "wallet.keystore_refused": ("密钥文件不合规：{reason}", "The keystore is refused: {reason}"),
    # P-256 and passkeys
    "p256.key_refused": ("不是规范编码的 P-256 公钥", "Not a canonically encoded P-256 public key"),
    "p256.signature_form": ("签名编码不合规", "The signature's encoding is refused"),
    "p256.signature_high_s": (
        "签名的 s 值过大（可延展），已拒绝",
        "The signature's s is high (malleable): refused",
    ),
    "p256.signature_wrong": ("签名与内容或密钥不符", "The signature does not fit the content or the key"),
    "passkey.registration_refused": (
        "通行密钥登记未通过验证：{reason}",
        "The passkey registration is refused: {reason}",
    ),
    "passkey.assertion_refused": (
        "通行密钥确认未通过验证：{reason}",
        "The passkey assertion is refused: {reason}",
    ),
    # certificates
    "csr.form": ("证书申请不合规：{reason}", "The certificate request is refused: {reason}"),
    "csr.key_differs": (
        "证书申请中的公钥不是本次签署的公钥",
        "The request's key is not the key of this signing",
    ),
    "certificate.form": ("不是合规的 X.509 证书", "Not a valid X.509 certificate"),
    "certificate.key_differs": (
        "证书中的公钥不是签署人的公钥",
        "The certificate's key is not the signatory's key",
    ),
    "certificate.expired": (
        "证书在签署时间不在有效期内",
        "The certificate is outside its validity at that moment",
    ),
    "certificate.revoked": ("证书已被吊销", "The certificate is revoked"),
    "certificate.issuer_unknown": ("证书颁发机构不在信任列表中", "The certificate's issuer is not trusted"),
    "certificate.usage": ("证书用途不允许此类签名", "The certificate's usage does not allow this signature"),
    "certificate.revocation_unknown": (
        "缺少证书状态信息（OCSP/CRL）",
        "No revocation information (OCSP/CRL) covers it",
    ),
    "certificate.path_invalid": ("证书路径无效：{reason}", "The certificate path is invalid: {reason}"),
    "ca.unavailable": ("证书服务暂时不可用：{reason}", "The certificate service is not available: {reason}"),
    "ca.refused": ("证书服务拒绝签发：{reason}", "The certificate service refused: {reason}"),
    "ca.certificate_wrong": (
        "证书服务返回的证书与申请不符：{reason}",
        "The CA's certificate does not fit: {reason}",
    ),
    # time
    "timestamp.form": ("时间戳格式不合规：{reason}", "The timestamp token is refused: {reason}"),
    "timestamp.imprint_differs": ("时间戳对应的不是此内容", "The timestamp token is over other content"),
    "timestamp.nonce_differs": ("时间戳的随机数不符", "The timestamp token carries another nonce"),
    "timestamp.policy_differs": (
        "时间戳策略不符：{policy}",
        "The timestamp token has another policy: {policy}",
    ),
    "timestamp.time_off": ("时间戳与标准时间相差超过 {limit} 秒", "The timestamp is more than {limit} s off"),
    "timestamp.signer_untrusted": (
        "时间戳签名方不可信：{reason}",
        "The timestamp token's signer is not trusted: {reason}",
    ),
    "timestamp.signature_wrong": ("时间戳签名无效", "The timestamp token's signature does not verify"),
    "timestamp.refused": ("时间戳服务拒绝请求：{reason}", "The timestamp service refused: {reason}"),
    "timestamp.unreachable": (
        "时间戳服务没有应答：{reason}",
        "The timestamp service did not answer: {reason}",
    ),
    "timestamp.none_available": (
        "没有可用的时间戳服务，签署暂停，请稍后再试",
        "No timestamp service is available: signing pauses, please try again later",
    ),
    # PDF
    "pdf.form": ("PDF 文件无法读取：{reason}", "The PDF cannot be read: {reason}"),
    "pdf.field_taken": ("签名域 {field} 已存在", "The signature field {field} already exists"),
    "pdf.box_outside": ("签名框不在第 {page} 页内", "The signature box lies outside page {page}"),
    "pdf.attributes_differ": (
        "签名属性与准备好的文件不符：{reason}",
        "The signed attributes do not fit the prepared file: {reason}",
    ),
    "pdf.signature_too_long": ("签名数据超出预留空间", "The signature does not fit into the reserved space"),
    "pdf.not_prepared": ("文件不是待签状态", "The file is not waiting for a signature"),
    "pdf.output_refused": (
        "签署后的文件未通过校验：{problems}",
        "The signed file did not validate: {problems}",
    ),
    # sealed envelopes and blocks
    "envelope.opening_failed": (
        "密文无法解开：密钥、归属或内容不符",
        "The sealed document does not open: key, binding or content differ",
    ),
    "envelope.no_recipient": ("没有可解密的收件人", "There is no recipient to seal to"),
    "blob.cid_refused": ("内容标识 CID 不合规：{cid}", "The content identifier is refused: {cid}"),
    "blob.missing": ("找不到内容 {cid}", "The content {cid} is not stored"),
    "blob.damaged": ("内容 {cid} 与标识不符", "The stored content does not match {cid}"),
    "blob.cid_differs": (
        "存储节点返回的 CID 与本地计算不同：{theirs}",
        "The store's CID differs from ours: {theirs}",
    ),
    "blob.unavailable": ("内容存储暂时不可用：{reason}", "The content store is not available: {reason}"),
}
