// The four signed attributes of a PAdES signature (RFC 5652 §11, RFC 5035 §3, RFC 6211), as the one DER that they have.

import { TAG, decode, encode } from "./cms_der.js";
import { sha256Sync } from "./bytes.js";

const [SEQUENCE, SET, OCTETS, OID] = [0x30, 0x31, 0x04, 0x06];
const NULL = new Uint8Array([0x05, 0x00]);

/** DER of an object identifier. */
function oid(text) {
  const [first, second, ...rest] = text.split(".").map(Number);
  const octets = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    octets.push(...digits);
  }
  return encode(OID, new Uint8Array(octets));
}

const NAMES = {
  contentType: oid("1.2.840.113549.1.9.3"),
  data: oid("1.2.840.113549.1.7.1"),
  messageDigest: oid("1.2.840.113549.1.9.4"),
  signingCertificate: oid("1.2.840.113549.1.9.16.2.47"),
  protection: oid("1.2.840.113549.1.9.52"),
  sha256: oid("2.16.840.1.101.3.4.2.1"),
  ecdsa: oid("1.2.840.10045.4.3.2"),
};

const attribute = (name, value) => encode(SEQUENCE, NAMES[name], encode(SET, value));

function inOrder(one, other) {
  for (let i = 0; i < one.length && i < other.length; i += 1) if (one[i] !== other[i]) return one[i] - other[i];
  return one.length - other.length;
}

/** The DER SET of signed attributes for a byte range's digest and a certificate. */
export function expectedAttributes(digest, certificate) {
  const parts = [...decode(certificate.tbs).sequence(6)];
  const serial = (parts[0].context(0) ? parts[1] : parts[0]).want(TAG.INTEGER).der;
  const issuerSerial = encode(SEQUENCE, encode(SEQUENCE, encode(0xa4, certificate.issuer)), serial);
  const identifier = encode(SEQUENCE, encode(OCTETS, sha256Sync(certificate.der)), issuerSerial);
  const attributes = [
    attribute("contentType", NAMES.data),
    attribute("messageDigest", encode(OCTETS, digest)),
    attribute("signingCertificate", encode(SEQUENCE, encode(SEQUENCE, identifier))),
    attribute("protection", encode(SEQUENCE, encode(SEQUENCE, NAMES.sha256, NULL), encode(0xa1, NAMES.ecdsa))),
  ];
  return encode(SET, ...attributes.sort(inOrder));
}
