// Trust anchors: a name and a key, read from a certificate whose other parts count for nothing (RFC 5280, 6.1.1 d).

import { decode, Unexpected } from "./cms_der.js";
import { checkDer, derParts } from "./der.js";
import { equal } from "./bytes.js";
import { signatureAlgorithm, verifies } from "./x509_keys.js";

const LONGEST = 16_384;
const [INTEGER, BITS, SEQUENCE, VERSION] = [0x02, 0x03, 0x30, 0xa0];

/** A name and a key that are trusted. */
export class Anchor {
  /** Read the anchor that a certificate stands for; throws Unexpected. */
  constructor(der) {
    if (der.length > LONGEST) throw new Unexpected("a certificate that is too long");
    checkDer(der);
    const [outer] = expect(derParts(der), SEQUENCE);
    const [tbs, algorithm, bits] = expect(derParts(outer.content), SEQUENCE, SEQUENCE, BITS);
    const inside = derParts(tbs.content);
    if (inside[0]?.tag === VERSION) inside.shift();
    const wanted = [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE];
    const [, inner, issuer, , subject, spki] = expect(inside.slice(0, wanted.length), ...wanted);
    if (bits.content[0] !== 0 || !equal(inner.der, algorithm.der)) throw new Unexpected("a signature");
    this.der = der;
    this.subject = subject.der;
    this.issuer = issuer.der;
    this.spki = spki.der;
    this.tbs = tbs.der;
    this.signature = bits.content.subarray(1);
    this.signedBy = algorithmOf(algorithm.der);
  }

  /** The key itself, as OCSP's certificate ids name it. */
  get key() {
    return decode(this.spki).sequence(2)[1].bits();
  }

  /** An anchor may do everything: no extension of its certificate counts. */
  mayUse() {
    return true;
  }
}

function expect(values, ...tags) {
  if (values.length !== tags.length || values.some(({ tag }, place) => tag !== tags[place])) {
    throw new Unexpected("a certificate");
  }
  return values;
}

/** Null for an algorithm that doesn't count. */
function algorithmOf(der) {
  try {
    return signatureAlgorithm(decode(der));
  } catch {
    return null;
  }
}

/**
 * The anchors of a list, which is checked in itself: an entry whose issuer is listed bears the signature of one of that
 * name, unless by an algorithm that counts for nothing here. Throws Unexpected for an entry that is damaged.
 */
export async function readAnchors(list) {
  const anchors = list.map((der) => new Anchor(der));
  for (const one of anchors) {
    const above = anchors.filter(({ subject }) => equal(subject, one.issuer));
    if (above.length === 0 || !one.signedBy) continue;
    const held = await Promise.all(above.map(({ spki }) => verifies(spki, one.signedBy, one.signature, one.tbs)));
    if (!held.includes(true)) throw new Unexpected("a certificate whose signature does not hold");
  }
  return anchors;
}
