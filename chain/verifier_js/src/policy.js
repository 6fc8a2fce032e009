// Policies: what a verdict needs (spec §6). Functions of the finished steps that compose; an empty AllOf fails.

import { FAILED, INDETERMINATE, PASSED } from "./outcome.js";

const RANK = [PASSED, INDETERMINATE, FAILED];
const worse = (one, other) => (RANK.indexOf(one) >= RANK.indexOf(other) ? one : other);
const better = (one, other) => (RANK.indexOf(one) <= RANK.indexOf(other) ? one : other);

/** Every member must pass; the worst outcome counts. Without members it fails. */
export const allOf = (...members) => (steps) =>
  members.length > 0 ? members.map((member) => member(steps)).reduce(worse) : FAILED;

/** One member must pass; the best outcome counts. Without members it fails. */
export const anyOf = (...members) => (steps) =>
  members.length > 0 ? members.map((member) => member(steps)).reduce(better) : FAILED;

/** This step must have passed; a step that the package's kind does not have is indeterminate. */
export const requireStep = (no) => (steps) => steps.get(no)?.outcome ?? INDETERMINATE;

/** No step at all may have failed. Fails when there are no steps. */
export const noStepFailed = () => (steps) =>
  steps.size === 0 || [...steps.values()].some((step) => step.outcome === FAILED) ? FAILED : PASSED;

/** The worker's identity was checked at this level or a higher one (step 8). */
export const atLeastLevel = (level) => (steps) => {
  const step = steps.get(8);
  if (!step) return INDETERMINATE;
  if (step.outcome !== PASSED) return step.outcome;
  return step.facts.level >= level ? PASSED : FAILED;
};

/** At least `count` witnesses of the trust root have cosigned (step 15). */
export const witnessesAtLeast = (count) => (steps) => {
  const step = steps.get(15);
  if (!step) return INDETERMINATE;
  if (step.outcome === FAILED) return FAILED;
  return (step.facts.valid ?? 0) >= count ? PASSED : INDETERMINATE;
};

/** The judicial chain has the checkpoint (step 18). */
export const judicialReceipt = () => requireStep(18);

const REQUIRED = {
  contract: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 19, 24],
  supervision: [1, 2, 3, 13, 14, 16],
  clause: [1, 2, 3, 8, 13, 14, 16, 21],
  figure: [1, 2, 3, 22],
};

/** The documented policy of a kind under a trust root. */
export function defaultPolicy(kind, { value: root }) {
  const required = [...REQUIRED[kind]];
  if (root.witness_threshold > 0 && kind !== "figure") required.push(15);
  if (root.page_release_keys.length > 0 && kind === "contract") required.push(23);
  return allOf(noStepFailed(), ...required.map(requireStep));
}
