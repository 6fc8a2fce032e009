// Certification paths (RFC 5280, section 6) from a certificate to a trust anchor, at one moment.

import { equal } from "./bytes.js";
import { OID, USAGE } from "./x509_certificate.js";
import { verifies } from "./x509_keys.js";

const LONGEST_PATH = 8;
const MOST_CHECKS = 60;
const UNSUPPORTED = [OID.nameConstraints, OID.policyConstraints, OID.inhibitAnyPolicy];

/** Why no path holds: a sub-indication of step 7 and a reason. */
export class PathProblem extends Error {
  constructor(subIndication, reason, { undecided = false } = {}) {
    super(reason);
    this.subIndication = subIndication;
    this.undecided = undecided;
  }
}

/** Whether `issuer`'s key made the certificate's signature, by an algorithm that counts. */
export async function issued(issuer, certificate) {
  try {
    return await verifies(issuer.spki, certificate.signedBy, certificate.signature, certificate.tbs);
  } catch {
    return false;
  }
}

/**
 * Judge the path of a certificate: `anchors` (Anchor) are trusted, `intermediates` help. `revoked(certificate, issuer)` is asked
 * for every certificate below the anchor, from the anchor down, and throws PathProblem. Returns the path, the certificate
 * first. Throws PathProblem NO_CERTIFICATE_CHAIN_FOUND or what `revoked` throws.
 */
export async function judgePath(certificate, { anchors, intermediates, moment, revoked }) {
  if (anchors.some((anchor) => equal(anchor.der, certificate.der))) return [certificate];
  const others = intermediates.filter((item) => !anchors.some((anchor) => sameAuthority(anchor, item)));
  const budget = { left: MOST_CHECKS };
  let first = null;
  for await (const path of paths([certificate], anchors, others, budget)) {
    try {
      await checkPath(path, moment, revoked);
      return path;
    } catch (error) {
      if (!(error instanceof PathProblem)) throw error;
      first ??= error;
    }
  }
  throw first ?? new PathProblem("NO_CERTIFICATE_CHAIN_FOUND", "no path to a trusted authority");
}

/** Whether both are one authority: the same name, the same key. */
export const sameAuthority = (one, other) => equal(one.subject, other.subject) && equal(one.spki, other.spki);

/** Every path whose signatures hold, depth first, anchors before certificates at hand; the signature checks are limited. */
async function* paths(path, anchors, intermediates, budget) {
  const last = path.at(-1);
  if (path.length > LONGEST_PATH) return;
  for (const issuer of [...anchors, ...intermediates]) {
    if (!equal(issuer.subject, last.issuer) || path.some((item) => equal(item.der, issuer.der))) continue;
    budget.left -= 1;
    if (budget.left < 0) return;
    if (!(await issued(issuer, last))) continue;
    if (anchors.includes(issuer)) yield [...path, issuer];
    else yield* paths([...path, issuer], anchors, intermediates, budget);
  }
}

async function checkPath(path, moment, revoked) {
  const fail = (reason) => {
    throw new PathProblem("NO_CERTIFICATE_CHAIN_FOUND", reason);
  };
  let allowed = Infinity; // intermediate certificates that may still follow
  for (let place = path.length - 2; place >= 0; place -= 1) {
    const [certificate, issuer] = [path[place], path[place + 1]];
    if (!certificate.validAt(moment)) fail(`${certificate.subjectText} was not valid`);
    await revoked(certificate, issuer);
    if (place > 0) {
      const { ca, pathLength } = certificate.basicConstraints;
      if (!ca) fail(`${certificate.subjectText} is no authority`);
      if (!certificate.selfIssued && (allowed -= 1) < 0) fail("the path is longer than allowed");
      allowed = Math.min(allowed, pathLength);
      if (!certificate.mayUse(USAGE.keyCertSign, true)) fail(`${certificate.subjectText} may not sign certificates`);
      if (UNSUPPORTED.some((oid) => certificate.extensions.has(oid))) {
        throw new PathProblem("UNSUPPORTED", "name or policy constraints", { undecided: true });
      }
    }
    if (certificate.unprocessed.length > 0) fail(`critical extension ${certificate.unprocessed[0]}`);
  }
}
