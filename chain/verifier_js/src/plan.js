// The numbered plan (spec §5): same numbers, names and dependencies as the text.

import { authority } from "./steps/authority.js";
import { commitment, installation, manifest, structure } from "./steps/container.js";
import { clauses, rendering } from "./steps/content.js";
import { clause, figure } from "./steps/disclosed.js";
import { certificates, document, timestamps } from "./steps/document.js";
import { intent } from "./steps/intent.js";
import { checkpoint, inclusion, witnesses } from "./steps/log.js";
import { longevity } from "./steps/longevity.js";
import { process } from "./steps/process.js";
import { chainRecord, judicial } from "./steps/records.js";
import { releases } from "./steps/releases.js";
import { employerConsent, identity, workerConsent } from "./steps/statements.js";

const all = (...needs) => ({ contract: needs, supervision: needs, clause: needs, figure: needs });
const logged = (...needs) => ({ contract: needs, supervision: needs, clause: needs });
const contract = (...needs) => ({ contract: needs });

/** [number, name, the steps that must have passed by kind of package, the step] */
export const PLAN = [
  [1, "structure", all(), structure],
  [2, "manifest", all(1), manifest],
  [3, "installation", all(2), installation],
  [4, "commitment", contract(3), commitment],
  [5, "document", contract(4), document],
  [6, "timestamps", contract(5), timestamps],
  [7, "certificates", contract(6), certificates],
  [8, "identity", { contract: [4], clause: [3] }, identity],
  [9, "worker-consent", contract(7, 8), workerConsent],
  [10, "employer-consent", contract(7), employerConsent],
  [11, "authority", contract(10), authority],
  [12, "intent", contract(9), intent],
  [13, "process", { contract: [5], supervision: [3], clause: [3] }, process],
  [14, "checkpoint", logged(3), checkpoint],
  [15, "witnesses", logged(14), witnesses],
  [16, "inclusion", logged(13, 14), inclusion],
  [17, "chain-record", { contract: [3], supervision: [3] }, chainRecord],
  [18, "judicial", logged(14), judicial],
  [19, "clauses", contract(4), clauses],
  [20, "rendering", contract(4), rendering],
  [21, "clause", { clause: [8, 13] }, clause],
  [22, "figure", { figure: [3] }, figure],
  [23, "releases", contract(13, 16), releases],
  [24, "longevity", contract(6, 14), longevity],
];
