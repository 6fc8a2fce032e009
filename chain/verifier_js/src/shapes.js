// Shapes of JSON files: exact members, exact types, the path of the first value that does not fit (spec annex A).
// A shape is a function (value, path) that throws ShapeError. Expressions are simple classes: no backtracking.

import { hex, keccak256, unbase64, utf8 } from "./bytes.js";
import { isObject } from "./json.js";

/** A value does not have the shape that the format demands; `path` names it ("/" for the whole). */
export class ShapeError extends Error {
  constructor(path, want) {
    super(`${path || "/"}: ${want}`);
    this.name = "ShapeError";
    this.path = path || "/";
    this.want = want;
  }
}

const NAME = /^[\x20-\x7e]{1,200}$/;
const HEX32 = /^[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const EVENT_TYPE = /^[a-z_]{1,40}\.[A-Za-z0-9_]{1,40}\/[0-9]{1,4}$/;
const UTC = /^([0-9]{4})-([01][0-9])-([0-3][0-9])T([0-2][0-9]):([0-5][0-9]):([0-5][0-9])\.([0-9]{3})Z$/;
const VKEY = /^[!-*,-~]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,100}$/;

/** Text that the expression matches. */
export const matching = (expression, want) => (value, path) => {
  if (typeof value !== "string" || value.endsWith("\n") || !expression.test(value)) throw new ShapeError(path, want);
};

export const name = matching(NAME, "1 to 200 printable ASCII characters");
export const hex32 = matching(HEX32, "64 lower-case hex characters");
export const eventType = matching(EVENT_TYPE, "an event type");
export const networkName = matching(/^[A-Za-z0-9._-]{1,50}$/, "a network's name of 1 to 50 characters");
export const vkey = matching(VKEY, "a verifier key name+hash+base64");

/** EIP-55 spelling of 20 address bytes. */
export function checksumAddress(bytes) {
  const plain = hex(bytes);
  const sums = hex(keccak256(utf8(plain)));
  let text = "0x";
  for (let i = 0; i < 40; i++) text += parseInt(sums[i], 16) >= 8 ? plain[i].toUpperCase() : plain[i];
  return text;
}

export function address(value, path) {
  if (typeof value === "string" && ADDRESS.test(value) && value.length === 42) {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => parseInt(value.slice(2 + 2 * i, 4 + 2 * i), 16));
    if (checksumAddress(bytes) === value) return;
  }
  throw new ShapeError(path, "an address with its EIP-55 checksum");
}

/** Milliseconds since the epoch of a UTC time with milliseconds; null when it is none or not in the calendar. */
export function parseUtc(text) {
  if (typeof text !== "string" || text.length !== 24) return null;
  const match = UTC.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second, millis] = match.slice(1).map(Number);
  if (year < 1 || month < 1 || month > 12 || hour > 23) return null;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (day < 1 || day > days) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, millis);
  return date.getTime();
}

export function utc(value, path) {
  if (parseUtc(value) === null) throw new ShapeError(path, "a UTC time with milliseconds");
}

/** Text of at most `limit` characters (code points). */
export const text = (limit = 200_000) => (value, path) => {
  let fits = typeof value === "string" && value.length <= 2 * limit;
  if (fits && value.length > limit) {
    let points = 0;
    for (let i = 0; i < value.length; i++, points++) if (value.codePointAt(i) > 0xffff) i++;
    fits = points <= limit;
  }
  if (!fits) throw new ShapeError(path, `text of at most ${limit} characters`);
};

export const integer = (least = 0, most = Number.MAX_SAFE_INTEGER) => (value, path) => {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new ShapeError(path, `an integer from ${least} to ${most}`);
  }
};

export const constant = (expected) => (value, path) => {
  if (value !== expected) throw new ShapeError(path, `must be ${JSON.stringify(expected)}`);
};

export function boolean(value, path) {
  if (typeof value !== "boolean") throw new ShapeError(path, "true or false");
}

/** Canonical standard base64 of `least` to `most` bytes. */
export const b64 = (least = 0, most = 100_000) => (value, path) => {
  let length = -1;
  try {
    if (typeof value === "string" && value.length <= 4 * Math.ceil(most / 3) + 4) length = unbase64(value).length;
  } catch {
    length = -1;
  }
  if (length < least || length > most) throw new ShapeError(path, `base64 of ${least} to ${most} bytes`);
};

export const optional = (inner) => (value, path) => {
  if (value !== null) inner(value, path);
};

export const array = (inner, least = 0, most = 10_000) => (value, path) => {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    throw new ShapeError(path, `a list of ${least} to ${most} items`);
  }
  value.forEach((item, number) => inner(item, `${path}/${number}`));
};

/** An object whose keys and values are free within their shapes. */
export const mapping = (key, inner, most = 1000) => (value, path) => {
  const keys = isObject(value) ? Object.keys(value) : null;
  if (keys === null || keys.length > most) throw new ShapeError(path, `an object of at most ${most} members`);
  for (const found of keys) {
    key(found, `${path}/${found.slice(0, 80)}`);
    inner(value[found], `${path}/${found.slice(0, 80)}`);
  }
};

export const anything = () => {};

/** A list of exactly these items. */
export const tuple = (...shapes) => (value, path) => {
  if (!Array.isArray(value) || value.length !== shapes.length) throw new ShapeError(path, `a list of ${shapes.length} items`);
  shapes.forEach((shape, number) => shape(value[number], `${path}/${number}`));
};

/** An object with exactly these members, `spare` ones excepted; they are judged in the order given here. */
export const members = (shapes, spare = []) => {
  const wanted = Object.keys(shapes);
  return (value, path) => {
    const there = isObject(value) ? wanted.filter((one) => Object.hasOwn(value, one)) : [];
    const missing = wanted.some((one) => !there.includes(one) && !spare.includes(one));
    if (!isObject(value) || missing || Object.keys(value).length !== there.length) {
      throw new ShapeError(path, `exactly the members ${[...wanted].sort().join(", ")}`);
    }
    for (const member of there) shapes[member](value[member], `${path}/${member}`);
  };
};

/** An object whose member `tag` says which shape it has. */
export const tagged = (tag, cases) => (value, path) => {
  const chosen = isObject(value) && Object.hasOwn(value, tag) ? value[tag] : null;
  if (typeof chosen !== "string" || !Object.hasOwn(cases, chosen)) {
    throw new ShapeError(`${path}/${tag}`, `one of ${Object.keys(cases).join(", ")}`);
  }
  cases[chosen](value, path);
};
