// Step 11: from a registrar of the trust root to the wallet and the seal that signed for the employer.

import { hex, sha256Sync, unbase64 } from "../bytes.js";
import { moment, textOf } from "../case.js";
import * as names from "../contents.js";
import { digest } from "../eip712.js";
import { recoverAddress } from "../keys.js";
import { Failed, Passed } from "../outcome.js";
import { orFail, signedBy } from "./statements.js";

const SIGN = 4; // scope bit of an agent who may sign
const BY_REGISTRAR = ["RegisterOrganisation", "ReplaceRepresentative"];

/** 11. The wallet was the representative's, or held a grant to sign; the seal is the registered one. */
export async function authority(state) {
  const { wallet } = state.json.get(names.EMPLOYER_CONSENT);
  const orgId = state.json.get(names.SEAL_BINDING).statement.org_id;
  const { spki } = state.signature("Employer");
  return new Passed(await judgeAuthority(state, { orgId, wallet, when: state.signedAt("Employer"), spki }));
}

/** Judge the chain of statements as of `when`; `spki` null leaves the seal out (kind `clause`). */
export async function judgeAuthority(state, { orgId, wallet, when, spki }) {
  const registered = state.cited.find((item) => item.name === "E01")?.utc ?? when;
  let held = null;
  for (const item of state.json.get(names.AUTHORITY).statements) {
    held = await apply(state, held, item, { orgId, when, registered });
  }
  const facts = { org_id: orgId, wallet, representative: held.representative };
  if (wallet !== held.representative) {
    const grant = held.grants.get(wallet);
    if (!grant || !(grant.scope & SIGN)) throw new Failed("AUTHORITY_NOT_GRANTED", facts);
    const until = moment(grant.until);
    if (when > until) throw new Failed("AUTHORITY_EXPIRED", { until: textOf(until), ...facts });
    facts.scope = grant.scope;
    facts.until = textOf(until);
  }
  if (spki !== null && hex(sha256Sync(spki)) !== held.sealKeyHash) throw new Failed("SEAL_NOT_REGISTERED", facts);
  const employers = new Set(state.cited.filter((item) => item.name === "E01").map((item) => item.event.stream));
  if (employers.size !== 1 || !employers.has(`employer/${orgId}`)) {
    throw new Failed("STATEMENT_MISMATCH", { field: "org_id", streams: [...employers].sort() });
  }
  return facts;
}

/** The organisation after one more statement, as the registry contract would hold it. */
async function apply(state, held, { type, message, signature }, { orgId, when, registered }) {
  const entry = names.AUTHORITY;
  if (message.org_id !== orgId) throw new Failed("STATEMENT_MISMATCH", { field: "org_id", type });
  const registration = type === "RegisterOrganisation";
  if (BY_REGISTRAR.includes(type)) {
    await signedBy({
      separator: state.participants,
      type,
      message,
      signature,
      entry,
      allowed: state.trustRoot.value.registrars,
      when: registration ? registered : when,
      unknown: "REGISTRAR_UNKNOWN",
    });
  }
  if (registration) {
    if (held) throw new Failed("STATEMENT_MISMATCH", { field: "order", type });
    const { representative, seal_key_hash: sealKeyHash, nonce } = message;
    return { representative, sealKeyHash, nonce, grants: new Map() };
  }
  if (!held || message.nonce <= held.nonce) throw new Failed("STATEMENT_MISMATCH", { field: "nonce", type });
  held.nonce = message.nonce;
  if (type === "ReplaceRepresentative") {
    held.representative = message.representative;
    return held;
  }
  const signer = await orFail("SIG_CRYPTO_FAILURE", { entry, type }, () =>
    recoverAddress(digest(state.participants, type, message), unbase64(signature)),
  );
  if (signer !== held.representative) throw new Failed("AUTHORITY_NOT_GRANTED", { type, signer });
  if (type === "SetSealKey") held.sealKeyHash = message.seal_key_hash;
  else if (type === "GrantAgent") held.grants.set(message.agent, { scope: message.scope, until: message.valid_until });
  else if (type === "RevokeAgent") held.grants.delete(message.agent);
  return held;
}
