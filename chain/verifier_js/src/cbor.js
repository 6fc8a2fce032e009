// The little CBOR (RFC 8949) that a passkey's data needs: a COSE_Key of P-256, and stepping over one item.
// Definite lengths only; a stack of counts instead of recursion.

import { concat, demand, unhex } from "./bytes.js";

const SPKI_PREFIX = unhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
const UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, LIST = 4, MAP = 5, TAG = 6;

/** {major, value, at}: head of the item at `at`, and where its content begins. */
function head(data, at) {
  demand(at < data.length, "truncated CBOR");
  const major = data[at] >> 5;
  const short = data[at] & 0x1f;
  if (short < 24) return { major, value: short, at: at + 1 };
  demand(short <= 26, "CBOR of an unknown length");
  const size = 1 << (short - 24);
  demand(at + 1 + size <= data.length, "truncated CBOR");
  let value = 0;
  for (let i = 1; i <= size; i++) value = value * 256 + data[at + i];
  return { major, value, at: at + 1 + size };
}

/** Position behind the item at `at`. */
export function skipCbor(data, at) {
  let left = 1;
  while (left > 0) {
    const item = head(data, at);
    left -= 1;
    at = item.at;
    if (item.major === BYTES || item.major === TEXT) at += item.value;
    else if (item.major === LIST) left += item.value;
    else if (item.major === MAP) left += 2 * item.value;
    else if (item.major === TAG) left += 1;
    demand(at <= data.length && left <= data.length, "truncated CBOR");
  }
  return at;
}

/** The 91-byte SubjectPublicKeyInfo of a COSE_Key {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053 §7.1). */
export function coseKey(data) {
  const map = head(data, 0);
  demand(map.major === MAP && map.value <= 16, "not a COSE key");
  const found = new Map();
  let at = map.at;
  for (let i = 0; i < map.value; i++) {
    const label = head(data, at);
    demand(label.major === UNSIGNED || label.major === NEGATIVE, "a COSE label is not a number");
    const key = label.major === UNSIGNED ? label.value : -1 - label.value;
    demand(!found.has(key), "a COSE label stands twice");
    const item = head(data, label.at);
    at = skipCbor(data, label.at);
    if (item.major === UNSIGNED) found.set(key, item.value);
    else if (item.major === NEGATIVE) found.set(key, -1 - item.value);
    else found.set(key, item.major === BYTES ? data.subarray(item.at, at) : null);
  }
  demand(at === data.length, "bytes behind the COSE key");
  const [x, y] = [found.get(-2), found.get(-3)];
  const fits = found.get(1) === 2 && found.get(3) === -7 && found.get(-1) === 1;
  demand(fits && x instanceof Uint8Array && y instanceof Uint8Array, "not a COSE key of P-256");
  demand(x.length === 32 && y.length === 32, "coordinates have 32 bytes");
  return concat(SPKI_PREFIX, x, y);
}
