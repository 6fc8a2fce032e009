// Bytes: hexadecimal, base64, joining, comparing, SHA-256 (WebCrypto, needs a secure context).

import { demand, Refused } from "./errors.js";

const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Bytes of lower-case hexadecimal, with or without 0x; refuses anything else and, if given, another length. */
export function unhex(text, length) {
  demand(typeof text === "string", "bytes.hex_refused");
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  demand(/^([0-9a-f]{2})*$/.test(digits), "bytes.hex_refused");
  demand(length === undefined || digits.length === 2 * length, "bytes.length_refused", { length });
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

export function unbase64(text) {
  demand(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "bytes.base64_refused");
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    throw new Refused("bytes.base64_refused");
  }
}

export const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export function unbase64url(text) {
  demand(typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text), "bytes.base64_refused");
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return unbase64(plain + "=".repeat((4 - (plain.length % 4)) % 4));
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(one, other) {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one[i] ^ other[i];
  return difference === 0;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
