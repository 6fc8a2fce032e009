// Steps 1 to 4: the file's structure, its manifest, whether it is of the trust root's installation, and the commitment.

import { Malformed, equal, hex, sha256Sync, utf8 } from "../bytes.js";
import * as names from "../contents.js";
import { canonical, parseObject } from "../json.js";
import { ED25519, parseNote, parseVkey, verifiedLine } from "../notes.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { ShapeError, parseUtc } from "../shapes.js";
import { MAX_BYTES, readPackage } from "../zip.js";

const NOTE_LABEL = "concord-evidence-manifest/v1";
const END_OF_FILE = utf8("%%EOF\n");

/** 1. Every byte of the file is determined by the ZIP profile. */
export function structure(state) {
  const { data } = state;
  if (data.length > MAX_BYTES) throw new Failed("TOO_LARGE", { size: data.length, limit: MAX_BYTES });
  try {
    state.entries = readPackage(data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failed("PROFILE_ILLEGAL", { reason: error.message, ...error.facts });
  }
  return new Passed({ sha256: hex(sha256Sync(data)), size: data.length, entries: state.entries.size });
}

/** 2. The manifest lists exactly what is there, every digest matches, every JSON entry has its shape. */
export function manifest(state) {
  const own = [names.MANIFEST, names.MANIFEST_SIGNATURE];
  if (!state.entries.has(names.MANIFEST)) throw new Failed("ENTRY_MISSING", { entry: names.MANIFEST });
  const found = readManifest(state.entries.get(names.MANIFEST));
  const signed = state.entries.has(names.MANIFEST_SIGNATURE);
  if (found.kind === "clause" && signed) throw new Failed("ENTRY_UNLISTED", { entry: names.MANIFEST_SIGNATURE });
  if (found.kind !== "clause" && !signed) throw new Failed("ENTRY_MISSING", { entry: names.MANIFEST_SIGNATURE });
  const present = [...state.entries.keys()].filter((name) => !own.includes(name)).sort();
  const listed = new Set(found.entries.map((item) => item.name));
  for (const name of listed) if (!state.entries.has(name)) throw new Failed("ENTRY_MISSING", { entry: name });
  for (const name of present) if (!listed.has(name)) throw new Failed("ENTRY_UNLISTED", { entry: name });
  for (const item of found.entries) {
    const content = state.entries.get(item.name);
    if (content.length !== item.size || hex(sha256Sync(content)) !== item.sha256) {
      throw new Failed("HASH_FAILURE", { entry: item.name });
    }
  }
  const problem = names.contentsProblem(found.kind, present);
  if (problem?.missing) throw new Failed("ENTRY_MISSING", { entry: problem.missing });
  if (problem?.foreign) throw new Failed("ENTRY_UNLISTED", { entry: problem.foreign });
  const json = new Map();
  for (const name of present) {
    if (!Object.hasOwn(names.SHAPES, name)) continue;
    try {
      const value = parseObject(state.entries.get(name), names.MAX_JSON);
      names.SHAPES[name](value, "");
      json.set(name, value);
    } catch (error) {
      throw new Failed("ENTRY_MALFORMED", { entry: name, ...whereAndWhat(error) });
    }
  }
  state.json = json;
  state.manifest = found;
  return new Passed({ kind: found.kind, entries: listed.size, subject: found.subject });
}

function readManifest(bytes) {
  let found;
  try {
    found = parseObject(bytes);
    names.MANIFEST_SHAPE(found, "");
  } catch (error) {
    const facts = whereAndWhat(error);
    if (["/format", "/kind", "/v"].includes(facts.path)) throw new Undecided("FORMAT_UNKNOWN", { path: facts.path });
    throw new Failed("MANIFEST_MALFORMED", facts);
  }
  const listed = found.entries.map((item) => item.name);
  const ascending = listed.every((name, i) => i === 0 || listed[i - 1] < name);
  if (!ascending || listed.includes(names.MANIFEST) || listed.includes(names.MANIFEST_SIGNATURE)) {
    throw new Failed("MANIFEST_MALFORMED", { path: "/entries", want: "distinct names in ascending order" });
  }
  return found;
}

function whereAndWhat(error) {
  if (error instanceof ShapeError) return { path: error.path, want: error.want };
  if (error instanceof Malformed) return { path: "/", want: error.message };
  throw error;
}

/** 3. The package is of the trust root's installation, sealed by its log key, within the root's period. */
export function installation(state) {
  const { trustRoot, manifest: found } = state;
  const root = trustRoot.value;
  const facts = {
    trust_root: trustRoot.fingerprint,
    trust_root_version: root.version,
    test: trustRoot.test,
    log_origin: root.log_origin,
    ...releaseOf(found.producer.release),
    code: Object.fromEntries(Object.entries(found.installation.contracts).map(([name, item]) => [name, item.code_hash])),
    created: found.created,
  };
  for (const field of ["log_origin", "chain_id", "genesis_hash"]) {
    if (found.installation[field] !== root[field]) throw new Failed("WRONG_INSTALLATION", { field, ...facts });
  }
  if (!equal(canonical(found.installation.contracts), canonical(root.contracts))) {
    throw new Failed("CONTRACT_CODE_UNKNOWN", facts);
  }
  if (state.kind !== "clause") checkSeal(state, facts);
  const created = parseUtc(found.created);
  const until = root.valid_until === null ? Infinity : parseUtc(root.valid_until);
  if (created < parseUtc(root.valid_from) || created > until) {
    throw new Undecided("TRUST_ROOT_OUT_OF_PERIOD", { valid_from: root.valid_from, ...facts });
  }
  return new Passed(facts);
}

/** `<version>+<64 hex>` names the digest of the running program's sources. */
function releaseOf(text) {
  const at = text.lastIndexOf("+");
  const digest = text.slice(at + 1);
  return at > 0 && /^[0-9a-f]{64}$/.test(digest) ? { release: text.slice(0, at), source_sha256: digest } : { release: text };
}

/** The log's key signed this manifest; kind `clause` is made by anybody and has no such signature. */
function checkSeal(state, facts) {
  const root = state.trustRoot.value;
  try {
    const note = parseNote(state.entries.get(names.MANIFEST_SIGNATURE));
    const digest = hex(sha256Sync(state.entries.get(names.MANIFEST)));
    const text = utf8(`${NOTE_LABEL}\n${root.log_origin}\n${digest}\n`);
    if (note.signatures.length !== 1 || !equal(note.text, text)) throw new Malformed("another text");
    verifiedLine(note, parseVkey(root.log_vkey, ED25519));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Failed("SIG_CRYPTO_FAILURE", { entry: names.MANIFEST_SIGNATURE, ...facts });
  }
}

/** 4. The opening names this log, contract and version, and the PDF begins with the base revision. */
export function commitment(state) {
  const { opening, manifest: found, pdf, basePdf } = state;
  const expected = {
    log_origin: state.trustRoot.value.log_origin,
    contract_id: found.subject.contract_id,
    version: found.subject.version,
  };
  for (const [field, value] of Object.entries(expected)) {
    if (opening[field] !== value) throw new Failed("COMMITMENT_MISMATCH", { field });
  }
  const digest = hex(sha256Sync(basePdf));
  const ending = basePdf.subarray(Math.max(0, basePdf.length - END_OF_FILE.length));
  if (basePdf.length >= pdf.length || !equal(ending, END_OF_FILE) || digest !== opening.base_pdf_sha256) {
    throw new Failed("BASE_REVISION_MISMATCH", { base_pdf_sha256: digest });
  }
  return new Passed({
    commitment: state.commitment,
    contract_id: opening.contract_id,
    version: opening.version,
    base_pdf_sha256: digest,
  });
}
