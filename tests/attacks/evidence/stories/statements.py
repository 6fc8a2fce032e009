"""Forgeries of identity, consents, authority and intent (steps 8 to 12)."""

from __future__ import annotations

from tests.attacks.evidence import alterations as alter
from tests.attacks.evidence.story import forged
from tests.factories.evidence import Forge, at, secret

STORIES = [
    forged(
        "the platform signs the identity check itself",
        "平台自己签了身份核验声明",
        8,
        "ISSUER_UNKNOWN",
        {"check": alter.signed_again("check", "platform", "check_statement", "statement")},
    ),
    forged(
        "the platform signs the key statement itself",
        "平台自己签了密钥声明",
        8,
        "ISSUER_UNKNOWN",
        {"attestation": alter.signed_again("attestation", "platform", "attestation_statement", "statement")},
    ),
    forged(
        "a package is put together from two contracts: the check is another's",
        "证据包由两份合同拼成：身份核验是另一份的",
        8,
        "STATEMENT_MISMATCH",
        alter.identity_of("another"),
    ),
    forged(
        "check and key statement are about two persons",
        "身份核验与密钥声明说的是两个人",
        8,
        "STATEMENT_MISMATCH",
        {"attestation_statement": alter.replace(subject=secret("somebody"))},
    ),
    forged(
        "the key statement is for another contract",
        "密钥声明是为另一份合同作出的",
        8,
        "STATEMENT_MISMATCH",
        {"attestation_statement": alter.replace(contract_id=bytes(32))},
    ),
    forged(
        "the employer's agent typed his own number: level 1",
        "经办人填了自己的号码：只有一级",
        8,
        "ASSURANCE_TOO_LOW",
        {"check_statement": alter.replace(level=1)},
    ),
    forged(
        "no provider confirmed who he is: factors without the provider",
        "没有身份提供方核实：因子里没有三要素",
        8,
        "ASSURANCE_TOO_LOW",
        {"check_statement": alter.replace(factors=2)},
    ),
    forged(
        "the identity statement is for another key",
        "密钥声明说的是另一把密钥",
        9,
        "KEY_MISMATCH",
        {"attestation_statement": alter.replace(signer_key_hash=secret("key"))},
    ),
    forged(
        "the worker's consent names another key",
        "劳动者同意书写的是另一把密钥",
        9,
        "KEY_MISMATCH",
        {"worker_consent_statement": alter.replace(signer_key_hash=secret("key"))},
    ),
    forged(
        "the worker's consent is replayed from another chain id",
        "劳动者同意书从另一条链重放而来",
        9,
        "SIG_CRYPTO_FAILURE",
        {"worker_consent": alter.other_domain},
    ),
    forged(
        "the consent's signature is the high-s twin",
        "同意书签名换成了高 s 的孪生值",
        9,
        "SIG_CRYPTO_FAILURE",
        {"worker_consent": alter.high_s},
    ),
    forged(
        "the worker signed after the consent's expiry",
        "劳动者在同意书过期之后才签",
        9,
        "CONSENT_EXPIRED",
        {"worker_consent_statement": alter.replace(expiry=int(at(-60).timestamp()))},
    ),
    forged(
        "the consent is for another version",
        "同意书是另一版本的",
        9,
        "STATEMENT_MISMATCH",
        {"worker_consent_statement": alter.replace(version=2)},
    ),
    forged(
        "the key was stated a day before it signed",
        "密钥声明比签署早了一天",
        9,
        "TIME_CONTRADICTION",
        {
            "attestation_statement": alter.replace(time=int(at(-86000).timestamp())),
            "check_statement": alter.replace(time=int(at(-86100).timestamp())),
        },
    ),
    forged(
        "the employer's consent is signed by another wallet",
        "用人单位同意书由另一个钱包签署",
        10,
        "KEY_MISMATCH",
        {
            "employer_consent": alter.signed_again(
                "employer_consent", "thief", "employer_consent_statement", "consent"
            )
        },
    ),
    forged(
        "the employer's consent is for another commitment",
        "用人单位同意的是另一个承诺",
        10,
        "STATEMENT_MISMATCH",
        {"employer_consent_statement": alter.replace(commitment=bytes(32))},
    ),
    forged(
        "the seal statement ties another certificate",
        "印章声明绑定的是另一张证书",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": alter.binding_of_other_certificate},
    ),
    forged(
        "the seal statement is signed by another key",
        "印章声明由另一把密钥签署",
        10,
        "SEAL_BINDING_INVALID",
        {"seal_binding": alter.binding_by_other_key},
    ),
    forged(
        "the organisation was registered by nobody who may",
        "单位由无权登记的人登记",
        11,
        "REGISTRAR_UNKNOWN",
        alter.statements(lambda value, forge: [(secret("platform"), value[0][1]), *value[1:]]),
    ),
    forged(
        "the agent's grant was signed by himself",
        "经办人自己给自己授权",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.statements(lambda value, forge: [*value[:2], (forge.world.agent, value[2][1])]),
    ),
    forged(
        "the agent may draft and send, not sign",
        "经办人只能起草和发送，不能签署",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.grant(scope=3),
    ),
    forged(
        "the agent's authority had ended",
        "经办人的授权已经到期",
        11,
        "AUTHORITY_EXPIRED",
        alter.grant(valid_until=int(at(100).timestamp())),
    ),
    forged(
        "the agent had been revoked",
        "经办人的授权已被撤销",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.statements(alter.revoke_agent),
    ),
    forged(
        "a stranger's wallet without any grant",
        "一个毫无授权的陌生钱包",
        11,
        "AUTHORITY_NOT_GRANTED",
        alter.statements(lambda value, forge: value[:2]),
    ),
    forged(
        "the seal is not the registered one",
        "印章不是登记的那一枚",
        11,
        "SEAL_NOT_REGISTERED",
        alter.statements(lambda value, forge: [value[0], value[2]]),
    ),
    forged(
        "statements of two organisations are mixed",
        "混用了两家单位的声明",
        11,
        "STATEMENT_MISMATCH",
        alter.grant(org_id=bytes(32)),
    ),
    forged(
        "an old grant is played again behind a newer statement",
        "旧授权在更新的声明之后被重放",
        11,
        "STATEMENT_MISMATCH",
        alter.grant(nonce=2),
    ),
    forged(
        "the passkey signed another contract's digest",
        "通行密钥签的是另一份合同的摘要",
        12,
        "CHALLENGE_MISMATCH",
        {"client_data": alter.put(challenge="A" * 43)},
        passkey=True,
    ),
    forged(
        "the assertion was made on a phishing site",
        "断言是在钓鱼网站上作出的",
        12,
        "ORIGIN_MISMATCH",
        {"client_data": alter.put(origin="https://concord.example.evil")},
        passkey=True,
    ),
    forged(
        "the assertion is a registration",
        "断言其实是一次注册",
        12,
        "ASSERTION_INVALID",
        {"client_data": alter.put(type="webauthn.create")},
        passkey=True,
    ),
    forged(
        "the assertion's signature is of another passkey",
        "断言的签名出自另一把通行密钥",
        12,
        "ASSERTION_INVALID",
        {
            "intent": lambda value, forge: (
                value | {"signature": Forge(forge.world, passkey=True, label="other").intent["signature"]}
            )
        },
        passkey=True,
    ),
    forged(
        "the passkey was never enrolled before",
        "通行密钥事先从未登记",
        12,
        "CREDENTIAL_NOT_COMMITTED",
        {"cited_story": lambda value, forge: [*value[:3], (*value[3][:4], {"credential_sha256": "ab" * 32})]},
        passkey=True,
    ),
]
