// Steps 8 to 10: the identity service's statements and both parties' consents.

import { Malformed, hex, sha256Sync, unbase64 } from "../bytes.js";
import { TOLERANCE, moment, textOf } from "../case.js";
import * as names from "../contents.js";
import { digest } from "../eip712.js";
import { canonical } from "../json.js";
import { addressBytes, checkP256, rawOfDer, recoverAddress } from "../keys.js";
import { Failed, Passed } from "../outcome.js";
import { covers } from "../trust_root.js";

const REQUIRED_LEVEL = 2;
const ATTESTATION_LIFE = 3_600_000;
const PROVIDER = 1;
const SECOND_FACTORS = 2 | 4 | 8 | 16;
const FACTOR_NAMES = [[1, "PROVIDER"], [2, "OTP"], [4, "REAL_PERSON"], [8, "DESK"], [16, "PASSKEY"]];

/** Run `judge`; what it finds malformed ends the step as failed with this sub-indication. */
export async function orFail(subIndication, facts, judge) {
  try {
    return await judge();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failed(subIndication, { reason: error.message, ...facts });
  }
}

/** Address that signed `message`; it must be one of `allowed` (periods of the trust root) at `when`. */
export async function signedBy({ separator, type, message, signature, entry, allowed, when, unknown }) {
  const address = await orFail("SIG_CRYPTO_FAILURE", { entry }, () =>
    recoverAddress(digest(separator, type, message), unbase64(signature)),
  );
  if (!covers(allowed, address, when)) throw new Failed(unknown, { entry, address });
  return address;
}

/** 8. The identity service checked this person for this text, and later stated his key. */
export async function identity(state) {
  const check = state.json.get(names.CHECK).statement;
  const { attestation } = state;
  const common = {
    separator: state.registry,
    allowed: state.trustRoot.value.identity_issuers,
    unknown: "ISSUER_UNKNOWN",
  };
  const signers = [];
  for (const [type, entry, message] of [
    ["IdentityCheck", names.CHECK, check],
    ["Attestation", names.ATTESTATION, attestation],
  ]) {
    const { signature } = state.json.get(entry);
    signers.push(await signedBy({ ...common, type, message, signature, entry, when: moment(message.time) }));
  }
  const agree = {
    commitment: check.commitment === attestation.commitment && check.commitment === state.commitment,
    contract_id: attestation.contract_id === state.opening.contract_id,
    subject: check.subject === attestation.subject,
    level: check.level === attestation.level,
    check_digest: attestation.check_digest === hex(digest(state.registry, "IdentityCheck", check)),
    time: check.time <= attestation.time,
  };
  for (const [field, holds] of Object.entries(agree)) if (!holds) throw new Failed("STATEMENT_MISMATCH", { field });
  const { level, factors } = check;
  if (level < REQUIRED_LEVEL || !(factors & PROVIDER) || !(factors & SECOND_FACTORS)) {
    throw new Failed("ASSURANCE_TOO_LOW", { level, required: REQUIRED_LEVEL, factors });
  }
  return new Passed({
    level,
    factors: FACTOR_NAMES.filter(([bit]) => factors & bit).map(([, name]) => name),
    subject: check.subject,
    issuers: [...new Set(signers)].sort(),
    checked: textOf(moment(check.time)),
    attested: textOf(moment(attestation.time)),
  });
}

/** The consent in this entry, whose terms must be the opening's. */
export function checkTerms(state, entry) {
  const { consent } = state.json.get(entry);
  const { opening } = state;
  const expected = {
    commitment: state.commitment,
    contract_id: opening.contract_id,
    version: opening.version,
    prev: opening.prev,
  };
  for (const [field, value] of Object.entries(expected)) {
    if (consent[field] !== value) throw new Failed("STATEMENT_MISMATCH", { entry, field });
  }
  return consent;
}

function checkExpiry(consent, signed) {
  const expiry = moment(consent.expiry);
  if (signed > expiry) throw new Failed("CONSENT_EXPIRED", { expiry: textOf(expiry), token: textOf(signed) });
}

/** 9. One and the same key: certificate, consent, key statement; P-256 over the EIP-712 preimage. */
export async function workerConsent(state) {
  const entry = names.WORKER_CONSENT;
  const consent = checkTerms(state, entry);
  const { spki: text, signature } = state.json.get(entry);
  const spki = unbase64(text);
  const keyHash = hex(sha256Sync(spki));
  const hashes = {
    consent: consent.signer_key_hash,
    attestation: state.attestation.signer_key_hash,
    certificate: hex(sha256Sync(state.signature("Worker").spki)),
  };
  for (const [field, found] of Object.entries(hashes)) if (found !== keyHash) throw new Failed("KEY_MISMATCH", { field });
  await orFail("SIG_CRYPTO_FAILURE", { entry }, () => checkP256(spki, state.workerPreimage, unbase64(signature)));
  const signed = state.signedAt("Worker");
  checkExpiry(consent, signed);
  const age = signed - state.attestation.time * 1000;
  if (!(-TOLERANCE <= age && age <= ATTESTATION_LIFE)) {
    throw new Failed("TIME_CONTRADICTION", { attested: textOf(moment(state.attestation.time)), seconds: age / 1000 });
  }
  return new Passed({ key_hash: keyHash, signed: textOf(signed) });
}

/** 10. The wallet signed the same commitment, and the seal's key ties wallet and certificate. */
export async function employerConsent(state) {
  const entry = names.EMPLOYER_CONSENT;
  const consent = checkTerms(state, entry);
  const { wallet, signature } = state.json.get(entry);
  const address = await orFail("SIG_CRYPTO_FAILURE", { entry }, () =>
    recoverAddress(digest(state.registry, "Consent", consent), unbase64(signature)),
  );
  if (address !== wallet) throw new Failed("KEY_MISMATCH", { field: "wallet", recovered: address });
  if (hex(sha256Sync(addressBytes(address))) !== consent.signer_key_hash) {
    throw new Failed("KEY_MISMATCH", { field: "consent" });
  }
  const signed = state.signedAt("Employer");
  checkExpiry(consent, signed);
  const { certificate, spki } = state.signature("Employer");
  const { statement, signature: seal } = state.json.get(names.SEAL_BINDING);
  const ties = {
    log_origin: state.trustRoot.value.log_origin,
    wallet: address,
    seal_cert_sha256: hex(sha256Sync(certificate)),
  };
  for (const [field, value] of Object.entries(ties)) {
    if (statement[field] !== value) throw new Failed("SEAL_BINDING_INVALID", { field });
  }
  await orFail("SEAL_BINDING_INVALID", { field: "signature" }, () =>
    checkP256(spki, canonical(statement), rawOfDer(unbase64(seal)), { anyS: true }),
  );
  return new Passed({ wallet: address, org_id: statement.org_id, signed: textOf(signed) });
}
