// Canonical JSON, RFC 8785, under the rules of docs/evidence-spec.md §1: ASCII keys, integers below 2^53, no floats,
// well-formed text, at most 64 levels. Reading accepts only bytes that equal their own canonical form; JSON.parse
// itself never sees input that is nested deeper, so no input drives any recursion further than that.

import { Malformed, demand, equal, fromUtf8, sha256Sync, utf8 } from "./bytes.js";

const DEEPEST = 64;
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Refuse bytes that open more than 64 + 1 levels before they are handed to a parser. */
function checkDepth(bytes) {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) demand(++depth <= DEEPEST + 1, "nested too deep");
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
  }
}

/** Any JSON of strict UTF-8 (other people's files: client data, PDF attachments); depth is bounded, nothing else. */
export function parseLoose(bytes, limit = 1_000_000) {
  demand(bytes.length <= limit, "too large");
  checkDepth(bytes);
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed("not JSON");
  }
}

/** The value of bytes that are their own canonical form; throws Malformed for anything else. */
export function parseCanonical(bytes, limit = 1_000_000) {
  const value = parseLoose(bytes, limit);
  // duplicate keys, other spacing, other order and other spellings of numbers all change the written form
  demand(equal(canonical(value), bytes), "not canonical");
  return value;
}

/** The object of canonical bytes. */
export function parseObject(bytes, limit) {
  const value = parseCanonical(bytes, limit);
  demand(isObject(value), "not an object");
  return value;
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 8785 bytes of a value of the evidence formats; throws Malformed for what the profile forbids. */
export function canonical(value) {
  const parts = [];
  write(value, 0, parts);
  return utf8(parts.join(""));
}

/** SHA-256 of the canonical bytes. */
export const digestOf = (value) => sha256Sync(canonical(value));

function write(value, depth, parts) {
  demand(depth <= DEEPEST, "nested too deep");
  if (value === null || value === true || value === false) parts.push(String(value));
  else if (typeof value === "number") {
    demand(Number.isSafeInteger(value) && !Object.is(value, -0), "not an integer below 2^53");
    parts.push(String(value));
  } else if (typeof value === "string") {
    parts.push(quoted(value));
  } else if (Array.isArray(value)) {
    parts.push("[");
    for (let i = 0; i < value.length; i++) {
      if (i > 0) parts.push(",");
      write(value[i], depth + 1, parts);
    }
    parts.push("]");
  } else if (typeof value === "object") {
    parts.push("{");
    let first = true;
    for (const key of Object.keys(value).sort()) {
      demand(isAscii(key), "a key is not ASCII");
      if (!first) parts.push(",");
      first = false;
      parts.push(quoted(key), ":");
      write(value[key], depth + 1, parts);
    }
    parts.push("}");
  } else throw new Malformed("not a JSON value");
}

function quoted(text) {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    demand(unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff, "a lone surrogate");
    i++;
  }
  return JSON.stringify(text);
}

function isAscii(text) {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
