"""Forgeries of the text, the PDF, its times and certificates, and the clauses (steps 4 to 7 and 19)."""

from __future__ import annotations

from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.story import forged
from tests.factories.evidence import at

STORIES = [
    forged(
        "the platform shows the commitment of version 2 under version 1",
        "平台把另一份合同的承诺放在本合同名下",
        4,
        "COMMITMENT_MISMATCH",
        {
            "sealed": lambda value, forge: forge.seal(
                forge.files,
                "contract",
                {"contract_id": "ab" * 32, "version": 1, "base_pdf_size": len(forge.base)},
            )
        },
    ),
    forged(
        "the commitment binds another text than the PDF's",
        "承诺绑定的正文不是 PDF 的正文",
        4,
        "BASE_REVISION_MISMATCH",
        {"opening": alter.put(base_pdf_sha256="cd" * 32)},
    ),
    forged(
        "the opening was made for another log",
        "承诺是为另一个日志作出的",
        4,
        "COMMITMENT_MISMATCH",
        {"opening": alter.put(log_origin="log.other.example")},
    ),
    forged(
        "content is stamped over the text after the last signature",
        "最后一个签名之后又在正文上盖了内容",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"finished": lambda value, forge: (alter.append_revision(value[0]), value[1])},
    ),
    forged(
        "whoever prepares the file stamps 'salary 1000' into the revision that the worker signs",
        "准备文件的人在劳动者要签的修订里盖上“工资 1000”",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"worker_signed": alter.overlay_in_signed_revision},
    ),
    forged(
        "a revision with other content is put between the text and the worker's signature",
        "正文与劳动者签名之间夹进一个改了内容的修订",
        5,
        "MODIFIED_AFTER_SIGNING",
        {"worker_signed": lambda value, forge: alter.resign_worker(alter.append_revision(forge.base), forge)},
    ),
    forged(
        "the worker's stamp is placed over the text instead of its box",
        "劳动者的签章盖在正文上，而不在保留框内",
        5,
        "OUTSIDE_RESERVED_BOX",
        {"worker_signed": alter.outside_box},
    ),
    forged(
        "the employer never signed the PDF",
        "用人单位从未在 PDF 上签章",
        5,
        "SIGNER_SET_MISMATCH",
        {"with_dss": lambda value, forge: forge.worker_signed[0]},
    ),
    forged(
        "the worker's CMS is the one over another contract's file",
        "劳动者的 CMS 签的是另一份合同的文件",
        5,
        "HASH_FAILURE",
        {"worker_signed": alter.cms_of_another_file},
    ),
    forged(
        "the document timestamp is of an unknown authority",
        "文档时间戳出自信任根以外的机构",
        6,
        "TIMESTAMP_UNTRUSTED",
        {"finished": alter.untrusted_tsa},
    ),
    forged(
        "document and employer's timestamp come from one authority",
        "文档时间戳与用人单位签名时间戳出自同一机构",
        6,
        "SAME_TSA",
        {"finished": alter.same_tsa},
    ),
    forged(
        "the employer's token is older than the worker's",
        "用人单位的时间戳早于劳动者的",
        6,
        "TIMESTAMP_ORDER_FAILURE",
        {"employer_signed": alter.early_employer},
    ),
    forged(
        "there is no document timestamp",
        "没有文档时间戳",
        6,
        "NO_SIGNATURE_TIMESTAMP",
        {"finished": alter.no_document_timestamp},
    ),
    forged(
        "the worker's certificate is of a CA with the same name",
        "劳动者证书由一个同名的假 CA 签发",
        7,
        "NO_CERTIFICATE_CHAIN_FOUND",
        {"worker_certificate": alter.foreign_ca},
    ),
    forged(
        "the one-time certificate had expired before the token",
        "一次性证书在时间戳之前已经过期",
        7,
        "EXPIRED",
        {"worker_certificate": alter.expired_certificate},
    ),
    forged(
        "the seal's certificate had been revoked before it signed",
        "印章证书在签署之前已被吊销",
        7,
        "REVOKED",
        {"with_dss": alter.revoked(at(300))},
    ),
    forged(
        "a clause is swapped for one of equal length",
        "一条条款换成了等长的另一条",
        19,
        "HASH_FAILURE",
        {"clauses": alter.swap_clause},
    ),
    forged(
        "the committed clauses say other pay than the document",
        "所承诺的条款与文件写的工资不同",
        19,
        "CLAUSE_TEXT_DIFFERS",
        {"tree": alter.other_tree},
    ),
    forged(
        "all clauses share one salt", "所有条款共用一个盐值", 19, "HASH_FAILURE", {"tree": alter.same_salts}
    ),
]
