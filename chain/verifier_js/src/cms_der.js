// ASN.1 values read by asn1js, within bounds: whole input, definite lengths, limited depth and number of values.

import { fromBER } from "asn1js";

import { equal } from "./bytes.js";

const NODES = 20_000;
const DEEPEST = 40;

/** The bytes are not the ASN.1 value that was expected. */
export class Unexpected extends Error {}

export const [UNIVERSAL, CONTEXT] = [1, 3];
export const TAG = { INTEGER: 2, BITS: 3, OCTETS: 4, NULL: 5, OID: 6, ENUMERATED: 10, SEQUENCE: 16, SET: 17, UTC: 23, GENERALIZED: 24 };

/** One value: its whole encoding, its content, and the values inside a constructed one. */
export class Value {
  #block;
  #parts;

  constructor(block) {
    if (block.lenBlock.isIndefiniteForm) throw new Unexpected("a value of indefinite length");
    this.#block = block;
    this.tagClass = block.idBlock.tagClass;
    this.tag = block.idBlock.tagNumber;
    this.constructed = block.idBlock.isConstructed;
  }

  get der() {
    return this.#block.valueBeforeDecodeView;
  }

  get content() {
    return this.der.subarray(this.#block.idBlock.blockLength + this.#block.lenBlock.blockLength);
  }

  get parts() {
    if (!this.constructed) throw new Unexpected("a constructed value expected");
    return (this.#parts ??= (this.#block.valueBlock.value ?? []).map((inner) => new Value(inner)));
  }

  is(tag, tagClass = UNIVERSAL) {
    return this.tag === tag && this.tagClass === tagClass;
  }

  context(tag) {
    return this.is(tag, CONTEXT);
  }

  want(tag, tagClass = UNIVERSAL) {
    if (!this.is(tag, tagClass)) throw new Unexpected(`tag ${tag} expected, ${this.tagClass}/${this.tag} found`);
    return this;
  }

  /** The values of a SEQUENCE, at least `least` of them. */
  sequence(least = 0) {
    return this.#list(TAG.SEQUENCE, least);
  }

  set(least = 0) {
    return this.#list(TAG.SET, least);
  }

  #list(tag, least) {
    const found = this.want(tag).parts;
    if (found.length < least) throw new Unexpected("too few values");
    return found;
  }

  /** The one value inside an EXPLICIT context tag. */
  explicit(tag) {
    const found = this.want(tag, CONTEXT).parts;
    if (found.length !== 1) throw new Unexpected("one value expected");
    return found[0];
  }

  octets() {
    if (this.want(TAG.OCTETS).constructed) throw new Unexpected("octets in pieces");
    return this.content;
  }

  /** Content of a BIT STRING of whole octets. */
  bits() {
    const content = this.want(TAG.BITS).content;
    if (this.constructed || content.length < 1 || content[0] !== 0) throw new Unexpected("a bit string of octets expected");
    return content.subarray(1);
  }

  /** Bit `n` of a BIT STRING of flags. */
  flag(n) {
    const content = this.want(TAG.BITS).content;
    return Boolean((content[1 + (n >> 3)] ?? 0) & (0x80 >> (n & 7)));
  }

  /** Hexadecimal digits of an INTEGER's content. */
  integer() {
    const { content } = this.want(TAG.INTEGER);
    if (this.constructed || content.length < 1 || content.length > 64) throw new Unexpected("an integer");
    return [...content].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  }

  small() {
    const { content } = this.want(TAG.INTEGER);
    if (content.length !== 1 || content[0] > 127) throw new Unexpected("a small integer expected");
    return content[0];
  }

  boolean() {
    const { content } = this.want(1);
    return content.length === 1 && content[0] !== 0;
  }

  oid() {
    this.want(TAG.OID);
    return this.#block.valueBlock.toString();
  }

  /** Milliseconds of a UTCTime or GeneralizedTime in UTC. */
  time() {
    const text = String.fromCharCode(...this.content.subarray(0, 32));
    const utc = this.is(TAG.UTC);
    if (!utc) this.want(TAG.GENERALIZED);
    const pattern = utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/;
    const found = pattern.exec(text);
    if (!found) throw new Unexpected("a time in UTC expected");
    const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
    const full = utc ? year + (year < 50 ? 2000 : 1900) : year;
    const whole = new Date(0);
    whole.setUTCFullYear(full, month - 1, day);
    whole.setUTCHours(hour, minute, second);
    if (whole.getUTCMonth() !== month - 1 || whole.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
      throw new Unexpected("no such time");
    }
    return whole.getTime() + (found[7] && !utc ? Number(found[7]) * 1000 : 0);
  }
}

/** The one value that the bytes are; throws Unexpected. */
export function decode(bytes, nodes = NODES) {
  const { offset, result } = fromBER(bytes, { maxDepth: DEEPEST, maxNodes: nodes, maxContentLength: 20_000_000 });
  if (offset !== bytes.length) throw new Unexpected(offset < 0 ? result.error || "no ASN.1" : "bytes behind the value");
  return new Value(result);
}

/** The values that stand in `bytes` one behind the other, as [first octet, content], not looked into. */
export function shallow(bytes) {
  const found = [];
  let place = 0;
  while (place < bytes.length) {
    let length = bytes[place + 1];
    let head = 2;
    if (length > 0x80 && length <= 0x84) {
      head += length - 0x80;
      length = bytes.subarray(place + 2, place + head).reduce((sum, octet) => sum * 256 + octet, 0);
    } else if (!(length < 0x80)) {
      throw new Unexpected("a length");
    }
    if ((bytes[place] & 0x1f) === 0x1f || place + head + length > bytes.length) throw new Unexpected("a value");
    found.push([bytes[place], bytes.subarray(place + head, place + head + length)]);
    place += head + length;
  }
  return found;
}

/** DER of a value: tag, length, content of all parts. */
export function encode(tag, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [tag];
  if (length < 128) head.push(length);
  else if (length < 256) head.push(0x81, length);
  else if (length < 65536) head.push(0x82, length >> 8, length & 255);
  else throw new Unexpected("too long to be written");
  const out = new Uint8Array(head.length + length);
  out.set(head);
  let place = head.length;
  for (const part of parts) {
    out.set(part, place);
    place += part.length;
  }
  return out;
}

export const sameValue = (one, other) => equal(one.der, other.der);
