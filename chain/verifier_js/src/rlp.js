// RLP (Ethereum yellow paper, appendix B), strict: minimal lengths, single bytes below 0x80 as themselves, nothing
// behind the item. A stack of open lists stands in for recursion; nesting is bounded.

import { concat, demand } from "./bytes.js";

const DEEPEST = 64;

/** Bytes (Uint8Array) or nested arrays of them; throws Malformed for any other encoding. */
export function rlpDecode(data) {
  const result = [];
  const open = [{ list: result, end: data.length }];
  let at = 0;
  while (open.length > 0) {
    const { list, end } = open[open.length - 1];
    if (at === end) {
      open.pop();
      continue;
    }
    const item = head(data, at, end);
    at = item.start;
    if (item.isList) {
      const inner = [];
      list.push(inner);
      demand(open.length <= DEEPEST, "RLP is nested too deep");
      open.push({ list: inner, end: item.start + item.length });
    } else {
      list.push(data.subarray(at, at + item.length));
      at += item.length;
    }
  }
  demand(result.length === 1, "not one RLP item");
  return result[0];
}

function head(data, at, end) {
  const first = data[at];
  if (first < 0x80) return { isList: false, start: at, length: 1 };
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  let start = at + 1;
  let length = short;
  if (short > 55) {
    const size = short - 55;
    demand(size <= 4 && start + size <= end, "an RLP length is out of range");
    length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + data[start + i];
    demand(data[start] !== 0 && length > 55, "an RLP length is not minimal");
    start += size;
  }
  demand(start + length <= end, "truncated RLP");
  demand(isList || short !== 1 || data[start] >= 0x80, "a single byte is not encoded as itself");
  return { isList, start, length };
}

/** RLP of a non-negative safe integer: the key of a receipt. */
export function rlpInteger(number) {
  const bytes = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  if (bytes.length === 1 && bytes[0] < 0x80) return Uint8Array.from(bytes);
  return concat(Uint8Array.of(0x80 + bytes.length), Uint8Array.from(bytes));
}
