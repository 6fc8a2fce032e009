// What these modules throw: a code that the page translates, and facts for the log. Never a message for people.

export class Refused extends Error {
  constructor(code, facts = {}) {
    super(`${code} ${JSON.stringify(facts)}`);
    this.name = "Refused";
    this.code = code;
    this.facts = facts;
  }
}

/** Throw Refused(code) unless the condition holds. */
export function demand(condition, code, facts) {
  if (!condition) throw new Refused(code, facts);
}
