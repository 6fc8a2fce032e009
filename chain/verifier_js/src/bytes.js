// Bytes and texts: strict decoders that throw `Malformed`, joining, comparing, hashing.
// Hashes come from @noble/hashes, so that the page needs no secure context and works from any disk.

import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";

/** Input is not of the form that the specification demands. Steps turn it into their own sub-indication. */
export class Malformed extends Error {
  constructor(reason, facts = {}) {
    super(reason);
    this.name = "Malformed";
    this.facts = facts;
  }
}

/** Throw Malformed(reason) unless the condition holds. */
export function demand(condition, reason, facts) {
  if (!condition) throw new Malformed(reason, facts);
}

const encoder = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

/** UTF-8 bytes of well-formed text. */
export const utf8 = (text) => encoder.encode(text);

/** Text of strict UTF-8; a byte order mark stays what it is. */
export function fromUtf8(bytes) {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

/** One character a byte, for searching in bytes. */
export function latin1(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 0x2000) {
    parts.push(String.fromCharCode.apply(null, bytes.subarray(at, at + 0x2000)));
  }
  return parts.join("");
}

export function hex(bytes) {
  const parts = new Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) parts[i] = HEX[bytes[i]];
  return parts.join("");
}

function digit(code) {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}

/** Bytes of lower-case hexadecimal without prefix, of the given length where one is given. */
export function unhex(text, length) {
  demand(typeof text === "string" && text.length % 2 === 0, "not hexadecimal");
  demand(length === undefined || text.length === 2 * length, "hexadecimal of another length");
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = digit(text.charCodeAt(2 * i));
    const low = digit(text.charCodeAt(2 * i + 1));
    demand(high >= 0 && low >= 0, "not lower-case hexadecimal");
    out[i] = high * 16 + low;
  }
  return out;
}

export function base64(bytes) {
  return btoa(latin1(bytes));
}

/** Bytes of standard base64 in its one spelling: padded, no spaces, unused bits zero (RFC 4648 §3.5, §4). */
export function unbase64(text) {
  demand(typeof text === "string" && text.length % 4 === 0, "not base64");
  let raw;
  try {
    raw = atob(text);
  } catch {
    throw new Malformed("not base64");
  }
  demand(btoa(raw) === text, "not the canonical base64 of its bytes");
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

/** base64url without padding. */
export const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export function concat(...parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(one, other) {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Position of `part` in `whole` at or after `from`; -1 when it is not there. */
export function indexOf(whole, part, from = 0) {
  const last = whole.length - part.length;
  for (let at = from; at <= last; at++) {
    let i = 0;
    while (i < part.length && whole[at + i] === part[i]) i++;
    if (i === part.length) return at;
  }
  return -1;
}

/** Unsigned big-endian number. */
export function bigEndian(bytes) {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
}

/** The 32-byte big-endian word of an unsigned number. */
export function word(value) {
  const text = BigInt(value).toString(16);
  demand(text.length <= 64 && !text.startsWith("-"), "number out of range");
  return unhex(text.padStart(64, "0"), 32);
}

export const sha256Sync = (bytes) => nobleSha256(bytes);
export const sha256 = async (bytes) => nobleSha256(bytes);
export const keccak256 = (bytes) => keccak_256(bytes);
