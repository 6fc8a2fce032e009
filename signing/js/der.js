// Strict DER reading (X.690): only what the page must understand before it signs. No writing, no general ASN.1.
//
// - SubjectPublicKeyInfo of P-256: exactly 91 bytes with an uncompressed point.
// - CertificationRequestInfo (RFC 2986): the page's own public key stands in it.
// - SignedAttributes (RFC 5652 §5.3, SET OF): messageDigest, contentType, signing-certificate-v2 (RFC 5035).

import { equal, hex, sha256 } from "./bytes.js";
import { demand } from "./errors.js";

export const OID = {
  data: "2a864886f70d010701",
  contentType: "2a864886f70d010903",
  messageDigest: "2a864886f70d010904",
  signingCertificateV2: "2a864886f70d010910022f",
};

const SPKI_PREFIX = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
const INTEGER = 0x02, OCTETS = 0x04, IDENTIFIER = 0x06, SEQUENCE = 0x30, SET = 0x31, CONTEXT_0 = 0xa0;

/** One element: tag, content and whole encoding. Definite, minimal lengths and low tags only. */
export function element(der, start = 0, end = der.length) {
  demand(end - start >= 2, "der.truncated");
  const tag = der[start];
  demand((tag & 0x1f) !== 0x1f, "der.tag_refused", { tag });
  let at = start + 1;
  let length = der[at++];
  if (length & 0x80) {
    const count = length & 0x7f;
    demand(count >= 1 && count <= 3 && at + count <= end, "der.length_refused");
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + der[at++];
    demand(length >= 0x80 && length >= 256 ** (count - 1), "der.length_refused");
  }
  demand(at + length <= end, "der.truncated");
  return { tag, content: der.subarray(at, at + length), whole: der.subarray(start, at + length), end: at + length };
}

/** The only element of these bytes, with this tag. */
export function single(der, tag) {
  const found = element(der);
  demand(found.end === der.length, "der.trailing_bytes");
  demand(found.tag === tag, "der.tag_refused", { tag: found.tag });
  return found;
}

/** The elements inside a constructed element. */
export function children(parent) {
  const found = [];
  for (let at = 0; at < parent.content.length; ) {
    const child = element(parent.content, at);
    found.push(child);
    at = child.end;
  }
  return found;
}

/** Demand the one encoding of a P-256 public key that the platform uses (91 bytes). */
export function checkSpki(spki) {
  demand(spki.length === 91 && hex(spki.subarray(0, 27)) === SPKI_PREFIX, "der.spki_refused");
}

/** Demand a CertificationRequestInfo, version 0, whose subjectPublicKeyInfo is this key. */
export function checkRequestInfo(der, spki) {
  checkSpki(spki);
  const parts = children(single(der, SEQUENCE));
  demand(parts.length === 3 || parts.length === 4, "der.request_refused", { parts: parts.length });
  const [version, subject, key, attributes] = parts;
  demand(version.tag === INTEGER && hex(version.content) === "00", "der.request_refused", { field: "version" });
  demand(subject.tag === SEQUENCE, "der.request_refused", { field: "subject" });
  demand(equal(key.whole, spki), "der.request_other_key");
  demand(!attributes || attributes.tag === CONTEXT_0, "der.request_refused", { field: "attributes" });
}

/** Read a SET OF Attribute in DER order: attribute id in hexadecimal → its single value. */
export function readAttributes(der) {
  const values = new Map();
  let previous = "";
  for (const attribute of children(single(der, SET))) {
    demand(attribute.tag === SEQUENCE, "der.attributes_refused");
    const parts = children(attribute);
    demand(parts.length === 2 && parts[0].tag === IDENTIFIER && parts[1].tag === SET, "der.attributes_refused");
    const inner = children(parts[1]);
    demand(inner.length === 1, "der.attributes_refused");
    const encoded = hex(attribute.whole);
    demand(previous === "" || precedes(previous, encoded), "der.attributes_order");
    previous = encoded;
    const id = hex(parts[0].content);
    demand(!values.has(id), "der.attributes_refused", { id });
    values.set(id, inner[0]);
  }
  return values;
}

// X.690 §11.6: encodings in ascending order, the shorter one padded with zero octets; equal ones are duplicates.
function precedes(one, other) {
  const length = Math.max(one.length, other.length);
  return one.padEnd(length, "0") < other.padEnd(length, "0");
}

/**
 * Demand signed attributes over exactly this document, naming exactly this certificate.
 * contentType is id-data, messageDigest is the digest, signing-certificate-v2 holds SHA-256 of the certificate.
 */
export async function checkAttributes(der, documentDigest, certificate) {
  const values = readAttributes(der);
  const type = values.get(OID.contentType);
  demand(type?.tag === IDENTIFIER && hex(type.content) === OID.data, "der.content_type_refused");
  const digest = values.get(OID.messageDigest);
  demand(digest?.tag === OCTETS && equal(digest.content, documentDigest), "der.other_document");
  const named = values.get(OID.signingCertificateV2);
  demand(named?.tag === SEQUENCE, "der.certificate_not_named");
  const [identifiers] = children(named);
  demand(identifiers?.tag === SEQUENCE, "der.certificate_not_named");
  const [first] = children(identifiers);
  demand(first?.tag === SEQUENCE, "der.certificate_not_named");
  // ESSCertIDv2: hashAlgorithm DEFAULT sha256 is left out in DER, so certHash comes first
  const [hash] = children(first);
  demand(hash?.tag === OCTETS && equal(hash.content, await sha256(certificate)), "der.other_certificate");
}

/** Demand an X.509 certificate (v3) for this key. */
export function checkCertificate(der, spki) {
  const [tbs] = children(single(der, SEQUENCE));
  demand(tbs?.tag === SEQUENCE, "der.certificate_refused");
  const fields = children(tbs);
  demand(fields.length >= 7 && fields[0].tag === CONTEXT_0, "der.certificate_refused");
  demand(equal(fields[6].whole, spki), "der.certificate_other_key");
}
