// Step 7: both certificates led to an authority of the trust root, valid and not revoked, when their token was made.

import { Failed, Undecided } from "./outcome.js";
import { Certificate, USAGE } from "./x509_certificate.js";
import { PathProblem, judgePath } from "./x509_path.js";
import { checkRevocation, readMaterial } from "./x509_revocation.js";

const MOST = 200; // certificates, lists and responses at hand

/** Judge the certificates of both signatures. Returns {facts}; throws Failed or Undecided. */
export async function judgeCertificates({ trustRoot, revocation }, document, timestamps) {
  const { certificates, crls, ocsps } = document.store;
  const given = (kind) => revocation.filter((item) => item.kind === kind).map((item) => item.der);
  const all = { crls: [...given("crl"), ...crls], ocsps: [...given("ocsp"), ...ocsps] };
  if (certificates.length + all.crls.length + all.ocsps.length > MOST) {
    throw new Failed("NO_CERTIFICATE_CHAIN_FOUND", { reason: "too much validation material" });
  }
  let material = null; // read when the first certificate's dates have been judged
  const read = () => (material ??= readMaterial(all));
  const shown = [];
  for (const signature of document.signatures) {
    const moment = timestamps[signature.field].genTime;
    shown.push(await judgeOne(signature, moment, trustRoot.cas, [...certificates, ...signature.certificates], read));
  }
  return { facts: { certificates: shown } };
}

async function judgeOne({ field, certificate: der }, moment, cas, others, read) {
  const certificate = new Certificate(der);
  const facts = { field, subject: certificate.subjectText };
  if (moment < certificate.notBefore) throw new Failed("NOT_YET_VALID", facts);
  if (moment > certificate.notAfter) throw new Failed("EXPIRED", facts);
  try {
    const [intermediates, material] = [readAll(others), read()];
    await judgePath(certificate, {
      anchors: cas,
      intermediates,
      moment,
      revoked: (item, issuer) => checkRevocation(item, issuer, moment, material, intermediates),
    });
  } catch (error) {
    if (!(error instanceof PathProblem)) throw error;
    const Kind = error.undecided ? Undecided : Failed;
    throw new Kind(error.subIndication, { ...facts, reason: error.message });
  }
  if (!certificate.mayUse(USAGE.nonRepudiation, false)) throw new Failed("CERTIFICATE_CONSTRAINTS", facts);
  return {
    ...facts,
    issuer: certificate.issuerText,
    serial: certificate.serial,
    not_before: new Date(certificate.notBefore).toISOString(),
    not_after: new Date(certificate.notAfter).toISOString(),
    revocation_checked: true,
  };
}

function readAll(list) {
  try {
    return list.map((der) => new Certificate(der));
  } catch {
    throw new PathProblem("NO_CERTIFICATE_CHAIN_FOUND", "a certificate at hand can't be read");
  }
}
