// One X.509 certificate (RFC 5280, section 4): the parts that paths, usages and revocation need.

import { CONTEXT, TAG, Unexpected, decode } from "./cms_der.js";
import { equal } from "./bytes.js";
import { signatureAlgorithm } from "./x509_keys.js";

export const LONGEST = 16_384;
export const OID = {
  keyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  distributionPoints: "2.5.29.31",
  policyMappings: "2.5.29.33",
  policyConstraints: "2.5.29.36",
  extendedKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  informationAccess: "1.3.6.1.5.5.7.1.1",
  noCheck: "1.3.6.1.5.5.7.48.1.5",
};
export const USAGE = { nonRepudiation: 1, keyCertSign: 5, cRLSign: 6 };
const PROCESSED = new Set([
  ...Object.values(OID),
  "2.5.29.17", // subject alternative name
  "2.5.29.32", // certificate policies
  "2.5.29.35", // authority key identifier
  "2.5.29.46", // freshest CRL
  "1.3.6.1.5.5.7.1.3", // qualified certificate statements
]);
const OCSP = "1.3.6.1.5.5.7.48.1";
const NAMES = { "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.7": "L", "2.5.4.8": "ST" };

export class Certificate {
  /** Parse one DER certificate, nothing behind it; throws Unexpected. */
  constructor(der) {
    if (der.length > LONGEST) throw new Unexpected("a certificate that is too long");
    const [tbs, algorithm, signature, ...more] = decode(der).sequence(3);
    if (more.length > 0) throw new Unexpected("a certificate");
    const parts = [...tbs.sequence(6)];
    this.version = parts[0].context(0) ? parts.shift().explicit(0).small() + 1 : 1;
    const [serial, inner, issuer, validity, subject, spki, ...rest] = parts;
    if (!spki) throw new Unexpected("a certificate");
    this.der = der;
    this.tbs = tbs.der;
    this.signature = signature.bits();
    this.algorithm = algorithm;
    this.sameAlgorithms = equal(algorithm.der, inner.der);
    this.serial = serial.integer();
    this.issuer = issuer.want(TAG.SEQUENCE).der;
    this.subject = subject.want(TAG.SEQUENCE).der;
    this.spki = spki.want(TAG.SEQUENCE).der;
    this.key = spki.sequence(2)[1].bits();
    [this.notBefore, this.notAfter] = validity.sequence(2).map((value) => value.time());
    this.subjectText = nameText(subject);
    this.issuerText = nameText(issuer);
    this.extensions = readExtensions(rest);
  }

  get selfIssued() {
    return equal(this.issuer, this.subject);
  }

  /** WebCrypto's algorithm of the signature; Unexpected where it is none that counts. */
  get signedBy() {
    if (!this.sameAlgorithms) throw new Unexpected("two signature algorithms");
    return signatureAlgorithm(this.algorithm);
  }

  /** The parsed value of an extension, undefined where there is none. */
  extension(oid) {
    const found = this.extensions.get(oid);
    return found && decode(found.value);
  }

  get unprocessed() {
    return [...this.extensions].filter(([oid, { critical }]) => critical && !PROCESSED.has(oid)).map(([oid]) => oid);
  }

  /** {ca, pathLength}; pathLength is Infinity where it is not limited. */
  get basicConstraints() {
    const [first, second] = this.extension(OID.basicConstraints)?.sequence() ?? [];
    const ca = first?.is(1) ? first.boolean() : false;
    const length = first?.is(TAG.INTEGER) ? first : second;
    return { ca, pathLength: length ? length.small() : Infinity };
  }

  /** Whether a bit of the key usage is set; `absent` where there is no such extension. */
  mayUse(bit, absent) {
    const usage = this.extension(OID.keyUsage);
    return usage ? usage.flag(bit) : absent;
  }

  get extendedUsages() {
    return (this.extension(OID.extendedKeyUsage)?.sequence() ?? []).map((value) => value.oid());
  }

  /** Whether the certificate says that an OCSP service answers for it. */
  get namesOcsp() {
    const access = this.extension(OID.informationAccess)?.sequence() ?? [];
    return access.some((item) => item.sequence(2)[0].oid() === OCSP);
  }

  validAt(moment) {
    return this.notBefore <= moment && moment <= this.notAfter;
  }
}

function readExtensions(rest) {
  const found = new Map();
  const holder = rest.find((value) => value.is(3, CONTEXT));
  if (!holder) return found;
  for (const extension of holder.explicit(3).sequence(1)) {
    const [oid, second, third] = extension.sequence(2);
    const critical = third ? second.boolean() : false;
    if (found.has(oid.oid())) throw new Unexpected("an extension twice");
    found.set(oid.oid(), { critical, value: (third ?? second).octets() });
  }
  return found;
}

/** A name for people: `CN: …, O: …`. */
export function nameText(name) {
  const shown = [];
  for (const set of name.sequence()) {
    for (const pair of set.set()) {
      const [oid, value] = pair.sequence(2);
      const decoder = new TextDecoder(value.is(30) ? "utf-16be" : "utf-8");
      shown.push(`${NAMES[oid.oid()] ?? oid.oid()}: ${decoder.decode(value.content)}`);
    }
  }
  return shown.join(", ");
}
