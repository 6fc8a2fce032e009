"""Step 24: old evidence was covered by newer tokens before certificates ended and algorithms retired (cf. RFC 4998)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chain.package import contents
from chain.verifier.case import TOLERANCE, Case, present, text_of
from chain.verifier.outcome import Failed, Passed, Undecided
from chain.verifier.steps.log import judge_token

if TYPE_CHECKING:
    from signing.timestamps import Token

DIGESTS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
CURVES: Final = {"secp256r1": "ECDSA P-256", "secp384r1": "ECDSA P-384", "secp521r1": "ECDSA P-521"}
SUITE: Final = frozenset({"ECDSA P-256", "ECDSA secp256k1", "Keccak-256", "Ed25519"})
FIELDS: Final = ("Worker", "Employer")


def longevity(case: Case) -> Passed:
    """24. Each token was covered by the next one before its TSA's certificate ended; nothing rests on a retired algorithm."""
    renewals = _renewals(case)
    stamped = present(case.checkpoint_token)
    covered = list(_covered(case, stamped, renewals))
    for item, token, by in covered:
        ends = _ends(token)
        if ends < by:
            raise Undecided("EVIDENCE_EXPIRED", item=item, expired=text_of(ends))
    _algorithms(case, stamped, covered)
    return Passed({"renewals": len(renewals), "until": text_of(_ends((renewals or [stamped])[-1]))})


def _renewals(case: Case) -> list[Token]:
    """The renewal tokens in order, each verified over the bytes of the one before."""
    from signing.errors import SigningError
    from signing.timestamps import imprint_algorithm

    names = sorted(name for name in case.entries if name.startswith(contents.RENEWALS))
    last, before = present(case.checkpoint_token), case.entries[contents.CHECKPOINT_TOKEN]
    found: list[Token] = []
    for number, name in enumerate(names, start=1):
        if name != contents.renewal_name(number):
            raise Failed("FORMAT_FAILURE", entry=name)
        data = case.entries[name]
        try:
            algorithm = imprint_algorithm(data)
        except SigningError as error:
            raise Failed("TIMESTAMP_INVALID", entry=name, reasons=[error.code]) from error
        if algorithm not in DIGESTS:
            raise Failed("TIMESTAMP_INVALID", entry=name, reasons=["timestamp.form"])
        token = judge_token(case, data, hashlib.new(algorithm, before).digest(), algorithm)
        slack = timedelta(seconds=TOLERANCE)
        if token.gen_time + slack < last.gen_time or token.gen_time > case.now + slack:
            raise Failed("TIME_CONTRADICTION", entry=name, token=text_of(token.gen_time))
        found.append(token)
        last, before = token, data
    return found


def _covered(case: Case, stamped: Token, renewals: list[Token]) -> Iterator[tuple[str, Token, datetime]]:
    """(name, token, when it was covered) of every token, the last one at the moment of verification."""
    for field in FIELDS:
        yield field, present(case.signature(field).token), stamped.gen_time
    yield "DocumentTimestamp", present(present(case.pdf).document_timestamp), stamped.gen_time
    chain = [stamped, *renewals]
    for number, token in enumerate(chain):
        by = chain[number + 1].gen_time if number + 1 < len(chain) else case.now
        yield f"renewal {number:02d}" if number else "checkpoint", token, by


def _ends(token: Token) -> datetime:
    from signing.x509 import load_certificate

    ends: datetime = load_certificate(token.certificate).not_valid_after
    return ends


def _names(token: Token) -> set[str]:
    """The token's own digest and signature algorithm, as a trust root names them."""
    from signing.timestamps import imprint_algorithm
    from signing.x509 import load_certificate

    key = load_certificate(token.certificate).public_key
    if key.algorithm == "ec":
        return {DIGESTS[imprint_algorithm(token.der)], CURVES.get(str(key.curve[1]), "")}
    return {DIGESTS[imprint_algorithm(token.der)], "RSA" if key.algorithm.startswith("rsa") else ""}


def _algorithms(case: Case, stamped: Token, covered: list[tuple[str, Token, datetime]]) -> None:
    used = [(_names(token), by) for _item, token, by in covered]
    for name, since in case.trust_root.retired_algorithms.items():
        uses = [by for names, by in used if name in names]
        if name == "SHA-256":  # the log's tree is built on it
            uses.append(case.now)
        if name in SUITE:
            uses.append(stamped.gen_time)
        if any(since <= by for by in uses):
            raise Undecided("ALGORITHM_RETIRED", algorithm=name, **{"from": text_of(since)})
