// The few protobuf encodings (proto3) that CometBFT hashes and signs, written and never read: a field with its default
// value is left out, except embedded messages that the .proto files mark as not nullable.

import { concat } from "./bytes.js";

const VARINT = 0, FIXED64 = 1, BYTES = 2;
const EMPTY = new Uint8Array(0);

/** Base-128 bytes of a number from 0 to 2^53 − 1. */
export function varint(number) {
  const bytes = [];
  let rest = number;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const tag = (field, type) => varint(field * 8 + type);

/** A number from 0 to 2^53 − 1; nothing when it is 0. */
export const numberField = (field, value) => (value === 0 ? EMPTY : concat(tag(field, VARINT), varint(value)));

/** An sfixed64 from 0 to 2^53 − 1; nothing when it is 0. */
export function fixed64Field(field, value) {
  if (value === 0) return EMPTY;
  const out = new Uint8Array(8);
  let rest = value;
  for (let i = 0; i < 8; i++) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return concat(tag(field, FIXED64), out);
}

/** Bytes or UTF-8 text; nothing when there are none. */
export const bytesField = (field, value) => (value.length === 0 ? EMPTY : messageField(field, value));

/** An embedded message, written also when it is empty. */
export const messageField = (field, value) => concat(tag(field, BYTES), varint(value.length), value);
