// Outcomes of a step (docs/evidence-spec.md §5, after ETSI EN 319 102-1): passed, indeterminate, failed.
// A step returns `Passed` or throws `Failed` / `Undecided`; any other exception is indeterminate UNREADABLE.

export const PASSED = "passed";
export const INDETERMINATE = "indeterminate";
export const FAILED = "failed";

/** A step's way to end without passing; `subIndication` is one of the spec's words, `facts` fill its text. */
export class Judgement extends Error {
  constructor(outcome, subIndication, facts = {}) {
    super(subIndication);
    this.name = "Judgement";
    this.outcome = outcome;
    this.subIndication = subIndication;
    this.facts = facts;
  }
}

/** The evidence contradicts itself or the trust root. */
export class Failed extends Judgement {
  constructor(subIndication, facts) {
    super(FAILED, subIndication, facts);
  }
}

/** What is there neither proves nor disproves. */
export class Undecided extends Judgement {
  constructor(subIndication, facts) {
    super(INDETERMINATE, subIndication, facts);
  }
}

/** A step that held; `subIndication` is empty or a note such as DISPUTED. */
export class Passed {
  constructor(facts = {}, subIndication = "") {
    this.facts = facts;
    this.subIndication = subIndication;
  }
}
