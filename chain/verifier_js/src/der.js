// DER as bytes (X.690, section 10.1): lengths that are definite, shortest and exactly filled; read before any parser.

import { Unexpected } from "./cms_der.js";

const MOST_VALUES = 20_000;
const DEEPEST = 40;
const CONSTRUCTED = 0x20;

/**
 * Throw Unexpected unless the bytes are one value and, as deep as values are constructed, of DER lengths: at most 20,000
 * values, at most 40 deep, no tag number above 30. Primitive contents are not looked into.
 */
export function checkDer(bytes) {
  if (derParts(bytes).length !== 1) throw new Unexpected("one value expected");
  walk(bytes, 0, bytes.length, DEEPEST, MOST_VALUES);
}

/** The values that stand in `bytes` one behind the other, as {tag (identifier octet), der, content}; throws Unexpected. */
export function derParts(bytes) {
  const found = [];
  for (let place = 0; place < bytes.length; ) {
    const { start, stop } = contentAt(bytes, place, bytes.length);
    found.push({ tag: bytes[place], der: bytes.subarray(place, stop), content: bytes.subarray(start, stop) });
    place = stop;
  }
  return found;
}

/** Check the values from `place` to `end`; returns how many more may follow. */
function walk(bytes, place, end, depth, left) {
  if (depth === 0 && place < end) throw new Unexpected("too deep");
  while (place < end) {
    const { start, stop } = contentAt(bytes, place, end);
    left -= 1;
    if (left < 0) throw new Unexpected("too many values");
    if (bytes[place] & CONSTRUCTED) left = walk(bytes, start, stop, depth - 1, left);
    place = stop;
  }
  return left;
}

function contentAt(bytes, place, end) {
  const tag = bytes[place];
  if (place + 2 > end || (tag & 0x1f) === 0x1f || tag === 0) throw new Unexpected(`no value at ${place}`);
  let length = bytes[place + 1];
  let start = place + 2;
  if (length >= 0x80) {
    const octets = length - 0x80;
    start += octets;
    if (octets < 1 || octets > 4 || start > end) throw new Unexpected(`the length at ${place}`);
    length = bytes.subarray(place + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
    if (length < 0x80 || length < 256 ** (octets - 1)) throw new Unexpected(`the length at ${place}`);
  }
  if (start + length > end) throw new Unexpected(`the value at ${place} is cut off`);
  return { start, stop: start + length };
}
