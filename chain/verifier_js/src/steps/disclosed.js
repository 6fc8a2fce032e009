// Steps 21 and 22: one clause shown alone, and a figure with its storage proof.

import { Malformed, equal, hex, sha256Sync, unbase64, unhex, word } from "../bytes.js";
import { TOLERANCE, moment, textOf } from "../case.js";
import * as names from "../contents.js";
import { digest } from "../eip712.js";
import { canonical } from "../json.js";
import { addressBytes, checkP256, recoverAddress } from "../keys.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { LIGHT } from "../light_shape.js";
import { leafHash, verifyInclusion } from "../tree.js";
import { TYPE, mappingSlot, storageProof } from "../trie.js";
import { REGISTRY } from "../trust_root.js";
import { judgeAuthority } from "./authority.js";
import { lightFigure } from "./light.js";
import { signingEvents } from "./process.js";
import { checkTerms, orFail } from "./statements.js";

const CONCLUDED_SLOT = 3;

/** 21. This clause is one of those that both parties committed to. */
export async function clause(state) {
  const { opening, manifest } = state;
  const expected = {
    log_origin: state.trustRoot.value.log_origin,
    contract_id: manifest.subject.contract_id,
    version: manifest.subject.version,
  };
  for (const [field, value] of Object.entries(expected)) {
    if (opening[field] !== value) throw new Failed("COMMITMENT_MISMATCH", { field });
  }
  checkLeaf(state);
  const events = signingEvents(state);
  await checkWorker(state, events.get("E09").utc);
  const wallet = await checkEmployer(state, events.get("E10").utc);
  const orgId = state.json.get(names.AUTHORITY).statements[0].message.org_id;
  const authority = await judgeAuthority(state, { orgId, wallet, when: events.get("E10").utc, spki: null });
  const { clause: shown, count } = state.json.get(names.CLAUSE);
  return new Passed({ n: shown.n, of: count, id: shown.id, title: shown.title, text: shown.text, ...authority });
}

function checkLeaf({ json, manifest, opening }) {
  const { clause: shown, count, path } = json.get(names.CLAUSE);
  const { salt, n, id, title, text } = shown;
  if (n !== manifest.subject.clause || n > count) throw new Failed("STATEMENT_MISMATCH", { field: "clause" });
  const leaf = leafHash(canonical({ salt, n, id, title, text }));
  const hashes = path.map((item) => unhex(item, 32));
  if (!verifyInclusion(leaf, BigInt(n - 1), BigInt(count), hashes, unhex(opening.clause_root, 32))) {
    throw new Failed("CLAUSE_NOT_COMMITTED", { n, count });
  }
  if (salt === opening.salt) throw new Failed("HASH_FAILURE", { field: "salt" });
}

async function checkWorker(state, when) {
  const entry = names.WORKER_CONSENT;
  const consent = checkTerms(state, entry);
  const { spki: text, signature } = state.json.get(entry);
  const spki = unbase64(text);
  const keyHash = hex(sha256Sync(spki));
  for (const [field, found] of [["consent", consent], ["attestation", state.attestation]]) {
    if (found.signer_key_hash !== keyHash) throw new Failed("KEY_MISMATCH", { field });
  }
  await orFail("SIG_CRYPTO_FAILURE", { entry }, () => checkP256(spki, state.workerPreimage, unbase64(signature)));
  if (when > moment(consent.expiry)) throw new Failed("CONSENT_EXPIRED", { entry, expiry: textOf(moment(consent.expiry)) });
  if (state.attestation.time * 1000 - when > TOLERANCE) {
    throw new Failed("TIME_CONTRADICTION", { attested: textOf(moment(state.attestation.time)) });
  }
}

async function checkEmployer(state, when) {
  const entry = names.EMPLOYER_CONSENT;
  const consent = checkTerms(state, entry);
  const { wallet, signature } = state.json.get(entry);
  const address = await orFail("SIG_CRYPTO_FAILURE", { entry }, () =>
    recoverAddress(digest(state.registry, "Consent", consent), unbase64(signature)),
  );
  if (address !== wallet) throw new Failed("KEY_MISMATCH", { field: "wallet", recovered: address });
  if (hex(sha256Sync(addressBytes(address))) !== consent.signer_key_hash) throw new Failed("KEY_MISMATCH", { field: "consent" });
  if (when > moment(consent.expiry)) throw new Failed("CONSENT_EXPIRED", { entry, expiry: textOf(moment(consent.expiry)) });
  return address;
}

/** 22. The counter of the registry holds this value in this block. */
export function figure(state) {
  const statement = state.json.get(names.FIGURE);
  const { subject } = state.manifest;
  for (const field of ["what", "region", "month"]) {
    if (statement[field] !== subject[field]) throw new Failed("STATEMENT_MISMATCH", { field });
  }
  const proof = state.json.get(names.FIGURE_PROOF);
  if (proof.type === LIGHT) return lightFigure(state, proof, statement, counterSlot(statement));
  return storedFigure(state, statement, proof);
}

/** A proof by a single node's header, which nobody signed. */
function storedFigure(state, statement, proof) {
  if (proof.type !== TYPE) throw new Undecided("UNSUPPORTED", { entry: names.FIGURE_PROOF });
  const found = readProof(proof);
  const { address, code_hash: codeHash } = state.trustRoot.value.contracts[REGISTRY];
  if (!equal(found.address, addressBytes(address)) || hex(found.codeHash) !== codeHash) {
    throw new Failed("CONTRACT_CODE_UNKNOWN", { address });
  }
  if (found.slots.length !== 1 || !equal(found.slots[0].slot, counterSlot(statement))) throw new Failed("SLOT_MISMATCH");
  if (found.slots[0].value !== BigInt(statement.value)) throw new Failed("STATEMENT_MISMATCH", { field: "value" });
  if (found.header.number !== BigInt(statement.block)) throw new Failed("STATEMENT_MISMATCH", { field: "block" });
  throw new Undecided("HEADER_NOT_AUTHENTICATED", {
    ...statement,
    hash: hex(found.header.hash),
    time: textOf(moment(Number(found.header.time))),
  });
}

function readProof(proof) {
  try {
    return storageProof(proof);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failed("INCLUSION_INVALID", { entry: names.FIGURE_PROOF, reason: error.message });
  }
}

function counterSlot({ region, month }) {
  const number = month === null ? 0 : 100 * Number(month.slice(0, 4)) + Number(month.slice(5));
  return mappingSlot(word(CONCLUDED_SLOT), word(region ?? 0), word(number));
}
