// CMS SignedData (RFC 5652, section 5) with one signer: the signatures of the PDF and the tokens in it.

import { CONTEXT, TAG, Unexpected, decode, encode } from "./cms_der.js";
import { equal, sha256Sync } from "./bytes.js";
import { Certificate, OID } from "./x509_certificate.js";
import { digestAlgorithm, signatureAlgorithm, verifies } from "./x509_keys.js";

const SIGNED_DATA = "1.2.840.113549.1.7.2";
const CONTENT = { data: "1.2.840.113549.1.7.1", tstInfo: "1.2.840.113549.1.9.16.1.4" };
const ATTRIBUTE = {
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  protection: "1.2.840.113549.1.9.52",
  timestampToken: "1.2.840.113549.1.9.16.2.14",
};

/** The outer parts of one ContentInfo: {content, contentType, given (certificates), info (the one signer)}; throws Unexpected. */
export function readSignedData(der, { contentType, detached }) {
  const [type, holder] = decode(der).sequence(2);
  if (type.oid() !== SIGNED_DATA) throw new Unexpected("SignedData expected");
  const [version, digests, inner, ...rest] = holder.explicit(0).sequence(4);
  version.integer();
  for (const digest of digests.set()) {
    const [oid, parameters, ...more] = digest.sequence(1);
    if (!oid.oid() || more.length > 0 || (parameters && !parameters.is(TAG.NULL))) throw new Unexpected("digest algorithms");
  }
  const [innerType, innerContent] = inner.sequence(1);
  if (innerType.oid() !== CONTENT[contentType]) throw new Unexpected(`${contentType} expected`);
  if (detached ? innerContent : !innerContent) throw new Unexpected("content");
  const infos = rest.at(-1).set(1);
  if (infos.length !== 1) throw new Unexpected("one signer expected");
  return {
    content: detached ? null : innerContent.explicit(0).octets(),
    contentType: CONTENT[contentType],
    given: rest.filter((value) => value.is(0, CONTEXT)).flatMap((value) => value.parts),
    info: infos[0],
  };
}

/**
 * Read the signer of a SignedData into it: {certificate, others (DER), digestAlgorithm, signatureAlgorithm,
 * signedAttributes (as SET), attributes, signature, tokens}; throws Unexpected, also when its certificate is missing.
 */
export function findSigner(read) {
  Object.assign(read, readSigner(read.info));
  const parsed = read.given.filter((value) => value.is(TAG.SEQUENCE)).map((value) => new Certificate(value.der));
  read.certificate = parsed.find(read.isSigner);
  if (!read.certificate) throw new Unexpected("the signer's certificate is missing");
  read.others = parsed.filter((item) => item !== read.certificate).map((item) => item.der);
}

function readSigner(info) {
  const parts = [...info.sequence(5)];
  const [version, sid, digest, ...rest] = parts;
  version.integer();
  const digestName = digestAlgorithm(digest);
  const signed = rest[0].is(0, CONTEXT) ? rest.shift() : null;
  if (!signed) throw new Unexpected("signed attributes are missing");
  const [algorithm, signature, unsigned] = rest;
  if (!signature) throw new Unexpected("a signature is missing");
  const attributes = readAttributes(signed.parts);
  return {
    digestAlgorithm: digestName,
    digestIdentifier: digest,
    signatureIdentifier: algorithm,
    signatureAlgorithm: signatureAlgorithm(algorithm, digestName),
    signedAttributes: encode(0x31, signed.content),
    attributes,
    signature: signature.octets(),
    tokens: unsigned ? (readAttributes(unsigned.want(1, CONTEXT).parts).get(ATTRIBUTE.timestampToken) ?? []).map((value) => value.der) : [],
    isSigner: signerTest(sid),
  };
}

/** Map from attribute type to its values; an attribute that comes twice gives both lists. */
function readAttributes(parts) {
  const found = new Map();
  for (const part of parts) {
    const [oid, values] = part.sequence(2);
    found.set(oid.oid(), [...(found.get(oid.oid()) ?? []), ...values.set()]);
  }
  return found;
}

function signerTest(sid) {
  if (sid.is(0, CONTEXT)) {
    return (certificate) => {
      const identifier = certificate.extension(OID.keyIdentifier);
      return Boolean(identifier) && equal(identifier.octets(), sid.content);
    };
  }
  const [issuer, serial] = sid.sequence(2);
  const [name, number] = [issuer.der, serial.integer()];
  return (certificate) => certificate.serial === number && equal(certificate.issuer, name);
}

function only(read, name) {
  const values = read.attributes.get(ATTRIBUTE[name]) ?? [];
  if (values.length !== 1) throw new Unexpected(`${name} once expected`);
  return values[0];
}

/** The messageDigest attribute; Unexpected when it is not there once. */
export const messageDigest = (read) => only(read, "messageDigest").octets();

/** Whether the signature is by the certificate over the signed attributes. */
export function checkSignature(read) {
  return verifies(read.certificate.spki, read.signatureAlgorithm, read.signature, read.signedAttributes);
}

/**
 * Whether the signed attributes belong to this content and certificate: content type, message digest; signing
 * certificate (RFC 2634, RFC 5035) and algorithm protection (RFC 6211) where they are there.
 */
export async function checkAttributes(read) {
  if (only(read, "contentType").oid() !== read.contentType) return false;
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest(read.digestAlgorithm, read.content));
  if (!equal(messageDigest(read), digest)) return false;
  if (read.attributes.has(ATTRIBUTE.protection) && !protectionHolds(read)) return false;
  const second = read.attributes.get(ATTRIBUTE.signingCertificateV2) ?? [];
  const first = read.attributes.get(ATTRIBUTE.signingCertificate) ?? [];
  if (second.length > 1 || first.length > 1) return false;
  if (second.length === 1 && !(await namesCertificate(second[0], read.certificate, false))) return false;
  return first.length === 0 || namesCertificate(first[0], read.certificate, true);
}

function protectionHolds(read) {
  const parts = only(read, "protection").sequence(2);
  const signature = parts.find((value) => value.is(1, CONTEXT));
  if (!signature) return false;
  const same = (one, other) => one.sequence(1)[0].oid() === other;
  const algorithm = signature.parts[0]?.oid();
  return same(parts[0], read.digestIdentifier.sequence(1)[0].oid()) && same(read.signatureIdentifier, algorithm);
}

async function namesCertificate(value, certificate, old) {
  const identifier = [...value.sequence(1)[0].sequence(1)[0].sequence(1)];
  let name = old ? "SHA-1" : "SHA-256";
  if (!old && identifier[0].is(TAG.SEQUENCE)) name = digestAlgorithm(identifier.shift());
  const digest =
    name === "SHA-256"
      ? sha256Sync(certificate.der)
      : new Uint8Array(await globalThis.crypto.subtle.digest(name, certificate.der));
  return equal(identifier[0].octets(), digest);
}
