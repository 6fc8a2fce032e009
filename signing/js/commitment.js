// The opened commitment (DESIGN §3): its form, its digest, and what the page signs about it.

import { equal, hex, sha256, unhex, utf8 } from "./bytes.js";
import { canonical } from "./jcs.js";
import { demand } from "./errors.js";
import { preimage } from "./eip712.js";

const BYTES = ["contract_id", "prev", "clause_root", "base_pdf_sha256", "template_sha256", "salt"];
const FIELDS = ["v", "log_origin", "version", "renderer_id", ...BYTES];
export const ROLE_WORKER = 2;

/** The commitment that this opening hides; refuses missing, superfluous or malformed fields. */
export async function commitmentOf(opening) {
  const names = Object.keys(opening).sort();
  demand(names.join() === [...FIELDS].sort().join() && opening.v === 1, "commitment.fields_differ");
  for (const field of BYTES) demand(/^[0-9a-f]{64}$/.test(opening[field]), "commitment.field_refused", { field });
  for (const field of ["log_origin", "renderer_id"]) {
    demand(/^[\x20-\x7e]{1,200}$/.test(opening[field]), "commitment.field_refused", { field });
  }
  demand(Number.isInteger(opening.version) && opening.version >= 1 && opening.version < 2 ** 32, "commitment.field_refused", { field: "version" });
  return sha256(canonical(opening));
}

/** Demand that the opening yields this commitment and names the base file that stands at the head of the shown bytes. */
export async function checkOpening(opening, commitment, baseDigest) {
  demand(equal(await commitmentOf(opening), commitment), "commitment.opening_differs");
  demand(equal(unhex(opening.base_pdf_sha256, 32), baseDigest), "commitment.other_document");
}

/**
 * The 66-byte preimage of the worker's Consent, rebuilt from the opening alone. The domain must be this
 * installation's: its salt is the digest of the log origin that the commitment names, TEST is said in its name.
 */
export async function consentPreimage({ domain, opening, spki, expiry, test }) {
  const origin = await sha256(utf8(opening.log_origin));
  demand(equal(unhex(domain.salt, 32), origin), "consent.other_installation");
  demand(domain.name === (test ? "Concord TEST" : "Concord") && domain.version === "1", "consent.domain_refused");
  const commitment = await commitmentOf(opening);
  return preimage(domain, "Consent", {
    commitment: hex(commitment),
    contractId: opening.contract_id,
    version: opening.version,
    prev: opening.prev,
    role: ROLE_WORKER,
    signerKeyHash: hex(await sha256(spki)),
    expiry,
  });
}
