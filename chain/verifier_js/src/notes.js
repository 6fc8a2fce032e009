// C2SP texts: signed notes and verifier keys, tlog-checkpoint bodies, tlog-cosignature lines, tlog-proof files.
// Readers are strict inverses of the writers and throw Malformed for any other bytes.

import {
  bigEndian, concat, demand, equal, fromUtf8, hex, indexOf, sha256Sync, unbase64, utf8,
} from "./bytes.js";
import { checkEd25519 } from "./keys.js";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
const MAX_NOTE = 64 * 1024;
const MAX_SIGNATURES = 32;
const MAX_SIZE = (1n << 63n) - 1n;
const MAX_HASHES = 64;
const NAME = /^[!-*,-~]{1,200}$/;
const SIZE = /^(0|[1-9][0-9]{0,18})$/;
const INDEX = /^index (0|[1-9][0-9]{0,15})$/;
const BLOB = /^[A-Za-z0-9+/=]{8,4096}$/;
const NEWLINE = 0x0a;

function holdsControls(text, allowed = "") {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32 && text[i] !== allowed) return true;
  return false;
}

/** {text (bytes), signatures: [{name, keyId (hex), signature, line}]} of a signed note; nothing is verified. */
export function parseNote(bytes) {
  demand(bytes.length <= MAX_NOTE, "the note is too large");
  const whole = fromUtf8(bytes);
  demand(!holdsControls(whole, "\n"), "the note holds control characters");
  const split = whole.lastIndexOf("\n\n");
  demand(split >= 0 && whole.endsWith("\n"), "the note has no signatures");
  const lines = whole.slice(split + 2).split("\n").slice(0, -1);
  demand(lines.length >= 1 && lines.length <= MAX_SIGNATURES, "the note has no signatures, or too many");
  const signatures = lines.map(parseLine);
  const keys = new Set(signatures.map((one) => `${one.name} ${one.keyId}`));
  demand(keys.size === signatures.length, "a key has signed twice");
  return { text: utf8(whole.slice(0, split + 1)), signatures };
}

function parseLine(line) {
  const parts = line.split(" ");
  const fits = parts.length === 3 && parts[0] === "\u2014" && NAME.test(parts[1]) && BLOB.test(parts[2]);
  demand(fits, "a signature line is malformed");
  const blob = unbase64(parts[2]);
  demand(blob.length >= 5, "a signature is too short");
  return { name: parts[1], keyId: hex(blob.subarray(0, 4)), signature: blob.subarray(4), line: `${line}\n` };
}

/** {name, key, keyId} of a vkey of signature type `kind`. */
export function parseVkey(vkey, kind) {
  const first = vkey.indexOf("+");
  const second = vkey.indexOf("+", first + 1);
  demand(first > 0 && second > first, "not a verifier key");
  const name = vkey.slice(0, first);
  const data = unbase64(vkey.slice(second + 1));
  demand(data.length === 33 && data[0] === kind, "the key is not an Ed25519 key of the expected type");
  demand(NAME.test(name), "the key's name is malformed");
  const keyId = hex(sha256Sync(concat(utf8(name), Uint8Array.of(NEWLINE), data)).subarray(0, 4));
  demand(vkey.slice(first + 1, second) === keyId, "the key's hash does not fit its name and bytes");
  return { name, key: data.subarray(1), keyId };
}

/** The line that this key has under the note, unverified; undefined when there is none. */
export const lineOf = (note, verifier) =>
  note.signatures.find((one) => one.name === verifier.name && one.keyId === verifier.keyId);

/** This key's verified signature line of the note. */
export function verifiedLine(note, verifier) {
  const line = lineOf(note, verifier);
  demand(line, "the note is not signed by the expected key");
  checkEd25519(verifier.key, note.text, line.signature);
  return line;
}

/** Unix seconds (BigInt) of a verified cosignature/v1 line: 8 bytes of time, 64 of signature. */
export function cosignedAt(note, witness, line) {
  demand(line.signature.length === 72, "a cosignature has a time of 8 bytes and a signature of 64");
  const time = bigEndian(line.signature.subarray(0, 8));
  const message = concat(utf8(`cosignature/v1\ntime ${time}\n`), note.text);
  checkEd25519(witness.key, message, line.signature.subarray(8));
  return time;
}

/** {origin, size (BigInt), root} of a checkpoint's body; further lines are allowed and kept out. */
export function parseCheckpoint(body) {
  const lines = fromUtf8(body).split("\n");
  demand(lines.length >= 4 && lines[lines.length - 1] === "", "the body needs origin, size and root");
  const [origin, size, root, ...extensions] = lines.slice(0, -1);
  demand(NAME.test(origin), "the origin is malformed");
  demand(SIZE.test(size) && BigInt(size) <= MAX_SIZE, "the size is not a plain decimal number");
  const hash = unbase64(root);
  demand(hash.length === 32, "the root does not have 32 bytes");
  demand(extensions.every((line) => line !== "" && !holdsControls(line)), "an extension line is malformed");
  return { origin, size: BigInt(size), root: hash };
}

/** SHA-256 of body, empty line and the log's signature line: what the checkpoint's token is over. */
export const tokenImprint = (note, line) => sha256Sync(concat(note.text, utf8("\n"), utf8(line.line)));

const PROOF_HEADER = utf8("c2sp.org/tlog-proof@v1\n");
const EMPTY_LINE = utf8("\n\n");
const MAX_PROOFS = 1000;

/**
 * The heads of tlog-proofs that share a checkpoint (each without its empty line), not read yet. At most one more than
 * packages can have events is split off, so that empty lines by the million cost nothing.
 */
export function splitHeads(bytes) {
  if (bytes.length === 0) return [];
  demand(equal(bytes.subarray(-EMPTY_LINE.length), EMPTY_LINE), "the last proof has no end");
  const heads = [];
  let rest = bytes.subarray(0, -EMPTY_LINE.length);
  for (;;) {
    const split = heads.length < MAX_PROOFS ? indexOf(rest, EMPTY_LINE) : -1;
    if (split < 0) return [...heads, rest];
    heads.push(rest.subarray(0, split));
    rest = rest.subarray(split + EMPTY_LINE.length);
  }
}

/** {index (BigInt), path: [32 bytes]} of the head of a tlog-proof. */
export function parseHead(bytes) {
  demand(equal(bytes.subarray(0, PROOF_HEADER.length), PROOF_HEADER), "not a tlog-proof");
  const head = bytes.subarray(PROOF_HEADER.length);
  const lines = [];
  // split only as far as a proof may reach: an optional extra line, the index, the hashes, and one that is too many
  for (let at = 0; at <= head.length && lines.length < MAX_HASHES + 3; ) {
    const found = head.indexOf(NEWLINE, at);
    const end = found < 0 ? head.length : found;
    lines.push(head.subarray(at, end));
    at = end + 1;
  }
  if (lines.length > 0 && equal(lines[0].subarray(0, 6), utf8("extra "))) lines.shift();
  demand(lines.length >= 1 && lines.length - 1 <= MAX_HASHES, "no index line, or too many hashes");
  const index = INDEX.exec(asciiLine(lines[0]));
  demand(index, "no index line");
  return { index: BigInt(index[1]), path: lines.slice(1).map(parseHash) };
}

function asciiLine(bytes) {
  demand(bytes.length <= 100 && bytes.every((byte) => byte < 0x80), "a line is not ASCII");
  return String.fromCharCode(...bytes);
}

function parseHash(line) {
  const value = unbase64(asciiLine(line));
  demand(value.length === 32, "a hash does not have 32 bytes");
  return value;
}

