// Revocation at a moment from OCSP responses (RFC 6960) and CRLs (RFC 5280, section 5) that are at hand.

import { CONTEXT, TAG, decode } from "./cms_der.js";
import { equal, sha256Sync } from "./bytes.js";
import { Certificate, OID, USAGE } from "./x509_certificate.js";
import { signatureAlgorithm, verifies } from "./x509_keys.js";
import { PathProblem, issued, sameAuthority } from "./x509_path.js";

const BASIC = "1.3.6.1.5.5.7.48.1.1";
const OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
const REASON = "2.5.29.21";
const REMOVED = 8; // removeFromCRL
const DELTA = "2.5.29.27";
const DISTRIBUTION_POINT = "2.5.29.28";
const CRL_EXTENSIONS = new Set(["2.5.29.18", "2.5.29.20", "2.5.29.35", "2.5.29.46", DISTRIBUTION_POINT, OID.informationAccess]);
const ENTRY_EXTENSIONS = new Set([REASON, "2.5.29.23", "2.5.29.24", "2.5.29.29"]);
const HALF_HOUR = 30 * 60_000;
const NODES = 1_000_000;
const HASHES = {
  "1.3.14.3.2.26": "SHA-1",
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};

const hash = async (name, data) =>
  name === "SHA-256" ? sha256Sync(data) : new Uint8Array(await globalThis.crypto.subtle.digest(name, data));

const freshestFirst = (one, other) => other.thisUpdate - one.thisUpdate;

/** Parsed single responses and lists, the freshest first; PathProblem where one can't be read, for nobody knows what it would have said. */
export function readMaterial({ crls, ocsps }) {
  try {
    const singles = ocsps.map(readOcsp).flatMap((response) => response.responses.map((single) => ({ ...single, response })));
    return { crls: crls.map(readCrl).sort(freshestFirst), ocsps: singles.sort(freshestFirst) };
  } catch (error) {
    throw new PathProblem("NO_CERTIFICATE_CHAIN_FOUND", `revocation information can't be read: ${error.message}`);
  }
}

/** An OCSP response; one without an answer has no single responses. */
export function readOcsp(der) {
  const [status, holder] = decode(der).sequence(1);
  if (status.want(TAG.ENUMERATED).content[0] !== 0) return { responses: [] };
  const [type, octets] = holder.explicit(0).sequence(2);
  if (type.oid() !== BASIC) return { responses: [] };
  const [tbs, algorithm, signature, extra] = decode(octets.octets()).sequence(3);
  const parts = [...tbs.sequence(3)];
  if (parts[0].is(0, CONTEXT)) parts.shift();
  const [responder, , list] = parts;
  return {
    tbs: tbs.der,
    algorithm,
    signature: signature.bits(),
    byKey: responder.is(2, CONTEXT) ? responder.explicit(2).octets() : null,
    byName: responder.is(1, CONTEXT) ? responder.explicit(1).der : null,
    certificates: extra ? extra.explicit(0).sequence().map((value) => new Certificate(value.der)) : [],
    responses: list.sequence(1).map(readSingle),
  };
}

function readSingle(value) {
  const [id, status, thisUpdate, ...rest] = value.sequence(3);
  const [algorithm, nameHash, keyHash, serial] = id.sequence(4);
  const next = rest.find((item) => item.is(0, CONTEXT));
  return {
    hash: HASHES[algorithm.sequence(1)[0].oid()],
    nameHash: nameHash.octets(),
    keyHash: keyHash.octets(),
    serial: serial.integer(),
    good: status.is(0, CONTEXT),
    revoked: status.is(1, CONTEXT) ? status.parts[0].time() : null,
    thisUpdate: thisUpdate.time(),
    nextUpdate: next ? next.explicit(0).time() : null,
  };
}

function readCrl(der) {
  const [tbs, algorithm, signature] = decode(der, NODES).sequence(3);
  const parts = [...tbs.sequence(4)];
  if (parts[0].is(TAG.INTEGER)) parts.shift();
  const [, issuer, thisUpdate, ...rest] = parts;
  const isTime = (value) => value?.is(TAG.UTC) || value?.is(TAG.GENERALIZED);
  const nextUpdate = isTime(rest[0]) ? rest.shift().time() : null;
  const entries = rest[0]?.is(TAG.SEQUENCE) ? rest.shift().parts : [];
  const extensions = rest[0]?.is(0, CONTEXT) ? readExtensions(rest[0].explicit(0)) : new Map();
  return {
    tbs: tbs.der,
    algorithm,
    signature: signature.bits(),
    issuer: issuer.der,
    thisUpdate: thisUpdate.time(),
    nextUpdate,
    entries,
    extensions,
  };
}

function readExtensions(list) {
  const found = new Map();
  for (const item of list.sequence()) {
    const [oid, second, third] = item.sequence(2);
    found.set(oid.oid(), { critical: third ? second.boolean() : false, value: (third ?? second).octets() });
  }
  return found;
}

/** Usable at the moment: not past its next update (none: half an hour); later information counts backwards. */
const fresh = ({ thisUpdate, nextUpdate }, moment) => moment <= (nextUpdate ?? thisUpdate + HALF_HOUR);

/**
 * Say nothing when the material shows that the certificate was not revoked at the moment. An OCSP response that says good
 * ends the search; throws PathProblem REVOKED, or TRY_LATER (undecided) where nothing decides.
 */
export async function checkRevocation(certificate, issuer, moment, material, helpers) {
  if (certificate.namesOcsp) {
    for (const single of material.ocsps) {
      if (await saysGood(single, certificate, issuer, moment, material, helpers)) return;
    }
  }
  for (const list of material.crls) {
    if (await listsNothing(list, certificate, issuer, moment)) return;
  }
  throw new PathProblem("TRY_LATER", "no revocation information decides", { undecided: true });
}

function revokedAt(certificate, when) {
  throw new PathProblem("REVOKED", `${certificate.subjectText} was revoked at ${new Date(when).toISOString()}`);
}

/** Whether a response or list is signed by that certificate's key, by an algorithm that counts. */
async function signedBy(signer, { algorithm, signature, tbs }) {
  let known;
  try {
    known = signatureAlgorithm(algorithm);
  } catch {
    return false;
  }
  return verifies(signer.spki, known, signature, tbs);
}

async function saysGood(single, certificate, issuer, moment, material, helpers) {
  const { response } = single;
  if (single.serial !== certificate.serial || !single.hash || !fresh(single, moment)) return false;
  if (!equal(single.nameHash, await hash(single.hash, certificate.issuer))) return false;
  if (!equal(single.keyHash, await hash(single.hash, issuer.key))) return false;
  const responder = await findResponder(response, issuer, helpers);
  if (!responder || !(await signedBy(responder, response))) return false;
  if (!(await mayAnswer(responder, issuer, moment, material))) return false;
  if (single.revoked !== null && single.revoked <= moment) revokedAt(certificate, single.revoked);
  return single.good;
}

async function findResponder(response, issuer, helpers) {
  for (const candidate of [...response.certificates, issuer, ...helpers]) {
    if (response.byName && equal(candidate.subject, response.byName)) return candidate;
    if (response.byKey && equal(response.byKey, await hash("SHA-1", candidate.key))) return candidate;
  }
  return null;
}

/** The issuer itself, or whom it certified for OCSP: itself marked as not to be checked, or not on the issuer's list. */
async function mayAnswer(responder, issuer, moment, material) {
  if (sameAuthority(responder, issuer)) return true;
  if (!responder.extendedUsages.includes(OCSP_SIGNING) || !equal(responder.issuer, issuer.subject)) return false;
  if (!responder.validAt(moment) || responder.unprocessed.length > 0 || !(await issued(issuer, responder))) return false;
  if (responder.extensions.has(OID.noCheck)) return true;
  for (const list of material.crls) {
    if (await listsNothing(list, responder, issuer, moment)) return true;
  }
  return false;
}

async function listsNothing(list, certificate, issuer, moment) {
  if (!equal(list.issuer, certificate.issuer) || list.extensions.has(DELTA) || !fresh(list, moment)) return false;
  for (const [oid, { critical }] of list.extensions) if (critical && !CRL_EXTENSIONS.has(oid)) return false;
  if (!issuer.mayUse(USAGE.cRLSign, true) || !inScope(list, certificate)) return false;
  if (!(await signedBy(issuer, list))) return false;
  for (const entry of list.entries) {
    const [serial, when, extensions] = entry.sequence(2);
    if (serial.integer() !== certificate.serial) continue;
    const found = extensions ? readExtensions(extensions) : new Map();
    for (const [oid, { critical }] of found) if (critical && !ENTRY_EXTENSIONS.has(oid)) return false;
    if (found.has(REASON) && decode(found.get(REASON).value).content[0] === REMOVED) continue;
    if (when.time() < moment) revokedAt(certificate, when.time());
  }
  return true;
}

/** Whether the list is about this certificate: no partial reasons, not indirect, of its kind, at its place. */
function inScope(list, certificate) {
  const point = list.extensions.get(DISTRIBUTION_POINT);
  if (!point) return true;
  const parts = new Map(decode(point.value).sequence().map((value) => [value.tag, value]));
  const flag = (tag) => parts.has(tag) && parts.get(tag).content[0] !== 0;
  if (parts.has(3) || flag(4) || flag(5)) return false;
  const { ca } = certificate.basicConstraints;
  if ((flag(1) && ca) || (flag(2) && !ca)) return false;
  const own = certificate.extensions.get(OID.distributionPoints);
  if (!parts.has(0) || !own) return true;
  const place = parts.get(0).parts[0]?.content ?? new Uint8Array();
  return contains(own.value, place);
}

function contains(whole, part) {
  for (let at = 0; at + part.length <= whole.length; at += 1) {
    if (equal(whole.subarray(at, at + part.length), part)) return true;
  }
  return false;
}
