// What one revision may change (evidence-spec, section 5.2): form fields for signatures, their widgets on pages, the
// document security store. Every object that is replaced must be one of those, in its own role, or stay what it was.

import { Failed } from "./outcome.js";
import { references } from "./pdf_document.js";
import { Name, Ref, Stream, Text, Unreadable } from "./pdf_syntax.js";

const STORE = new Set(["Type", "VRI", "Certs", "CRLs", "OCSPs"]);
const RELATED = new Set(["Type", "TU", "TS", "Cert", "CRL", "OCSP"]);

function changed(revision, text) {
  throw new Failed("MODIFIED_AFTER_SIGNING", { revision, text });
}

/** Deep equality of two values; references are equal when they name the same object. */
export function same(one, other, pdf) {
  const waiting = [[one, other]];
  while (waiting.length > 0) {
    const [a, b] = waiting.pop();
    if (a === b) continue;
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
    if (a.constructor !== b.constructor) return false;
    if (a instanceof Name || a instanceof Text) {
      if (a.value !== b.value) return false;
    } else if (a instanceof Ref) {
      if (a.number !== b.number || a.generation !== b.generation) return false;
    } else if (a instanceof Stream) {
      const [left, right] = [pdf.subarray(a.start, a.end), pdf.subarray(b.start, b.end)];
      if (left.length !== right.length || left.some((octet, i) => octet !== right[i])) return false;
      waiting.push([a.dictionary, b.dictionary]);
    } else if (Array.isArray(a)) {
      if (a.length !== b.length) return false;
      a.forEach((item, i) => waiting.push([item, b[i]]));
    } else {
      if (a.size !== b.size) return false;
      for (const [key, value] of a) {
        if (!b.has(key)) return false;
        waiting.push([value, b.get(key)]);
      }
    }
  }
  return true;
}

function sameExcept(one, other, keys, pdf) {
  const rest = (map) => new Map([...map].filter(([key]) => !keys.includes(key)));
  return same(rest(one), rest(other), pdf);
}

const isName = (value, text) => value instanceof Name && value.value === text;

/** One step from revision `at - 1` to `at`. */
class Step {
  constructor(document, at) {
    Object.assign(this, { document, at, size: document.sizes[at - 1], added: [] });
    this.replaced = new Set();
    for (const number of document.held[at].keys()) {
      if (number >= this.size) continue;
      if (document.object(number, at - 1) === undefined) changed(at, `object ${number} did not exist`);
      this.replaced.add(number);
    }
  }

  old(value) {
    return this.document.resolve(value ?? null, this.at - 1);
  }

  new(value) {
    return this.document.resolve(value ?? null, this.at);
  }

  /** A value that may be kept under a reference: the same one as before, or a number never used before. */
  place(before, after, what) {
    if (before instanceof Ref) {
      if (!(after instanceof Ref) || after.number !== before.number) changed(this.at, `${what} was moved`);
      if (this.replaced.delete(before.number) && this.uses(before.number) > 1) changed(this.at, `${what} is used twice`);
    } else if (after instanceof Ref && after.number < this.size) {
      changed(this.at, `${what} takes the place of another object`);
    }
  }

  /** How often the objects of the older revision refer to a number. */
  uses(number) {
    if (!this.counted) {
      this.counted = new Map();
      for (const value of this.document.objects(this.at - 1)) {
        for (const item of references(value)) this.counted.set(item.number, (this.counted.get(item.number) ?? 0) + 1);
      }
    }
    return this.counted.get(number) ?? 0;
  }

  check() {
    const { document, at } = this;
    const [before, after] = [document.catalog(at - 1), document.catalog(at)];
    if (!sameExcept(before, after, ["AcroForm", "DSS", "Extensions"], document.pdf)) changed(at, "the catalog");
    for (const key of ["AcroForm", "DSS", "Extensions"]) {
      if (before.has(key) && !after.has(key)) changed(at, `${key} was deleted`);
    }
    if (after.has("Extensions")) this.place(before.get("Extensions"), after.get("Extensions"), "Extensions");
    this.replaced.delete(document.base.root);
    if (after.has("AcroForm")) this.checkForm(before.get("AcroForm"), after.get("AcroForm"));
    if (this.added.length > 0) this.checkPages();
    if (after.has("DSS")) this.checkStore(before.get("DSS"), after.get("DSS"));
    for (const number of this.replaced) {
      if (!same(document.object(number, at - 1), document.object(number, at), document.pdf)) {
        changed(at, `object ${number} was replaced`);
      }
    }
    return this.added;
  }

  checkForm(rawBefore, rawAfter) {
    const { document, at } = this;
    this.place(rawBefore, rawAfter, "the form");
    const after = document.dictionary(rawAfter, at);
    let before = new Map();
    if (rawBefore === undefined) {
      if ([...after.keys()].toSorted().join() !== "Fields,SigFlags") changed(at, "the first form");
    } else {
      before = document.dictionary(rawBefore, at - 1);
      if (!sameExcept(before, after, ["Fields"], document.pdf)) changed(at, "the form");
    }
    this.place(before.get("Fields"), after.get("Fields"), "the list of fields");
    const [older, newer] = [this.old(before.get("Fields")) ?? [], document.array(after.get("Fields"), at)];
    this.added = this.extended(older, newer, "fields");
    for (const field of this.added) {
      if (field.number < this.size) changed(at, "a field takes the place of another object");
      const value = document.dictionary(field, at);
      if (!isName(value.get("FT"), "Sig") || !(value.get("T") instanceof Text) || value.has("Parent")) {
        changed(at, "a field that is no signature field");
      }
    }
  }

  /** What `newer` has behind all of `older`: references only. */
  extended(older, newer, what) {
    if (!Array.isArray(older) || !Array.isArray(newer)) changed(this.at, `${what} are no list`);
    if (!same(older, newer.slice(0, older.length), this.document.pdf)) changed(this.at, `${what} were removed`);
    const more = newer.slice(older.length);
    if (!more.every((item) => item instanceof Ref)) changed(this.at, `${what} are no references`);
    return more;
  }

  checkPages() {
    const { document, at } = this;
    const widgets = new Set(this.added.map((field) => field.number));
    for (const { number, page: before } of document.pages(at - 1)) {
      const after = document.dictionary(new Ref(number, 0), at);
      const [older, newer] = [before.get("Annots"), after.get("Annots")];
      if (newer === undefined) continue;
      const [oldList, newList] = [this.old(older) ?? [], this.new(newer)];
      if (same(oldList, newList, document.pdf)) continue;
      if (!sameExcept(before, after, ["Annots"], document.pdf)) changed(at, `page object ${number}`);
      if (!this.extended(oldList, newList, "annotations").every((item) => widgets.has(item.number))) {
        changed(at, "an annotation that is no signature field");
      }
      this.place(older, newer, "a page's annotations");
      this.replaced.delete(number);
    }
  }

  checkStore(rawBefore, rawAfter) {
    this.place(rawBefore, rawAfter, "the security store");
    const before = this.old(rawBefore) ?? new Map();
    const after = this.new(rawAfter);
    if (!(after instanceof Map)) changed(this.at, "the security store");
    for (const key of after.keys()) if (!STORE.has(key)) changed(this.at, `key ${key} in the security store`);
    for (const key of ["Certs", "CRLs", "OCSPs"]) this.checkList(before.get(key), after.get(key), key);
    if (before.has("VRI") || after.has("VRI")) this.checkRelated(before.get("VRI"), after.get("VRI"));
  }

  checkList(rawBefore, rawAfter, key) {
    if (rawAfter === undefined) return;
    this.place(rawBefore, rawAfter, key);
    const list = this.new(rawAfter);
    if (!Array.isArray(list)) changed(this.at, `${key} in the security store`);
    for (const item of list) {
      if (!(item instanceof Ref) || !(this.new(item) instanceof Stream)) changed(this.at, `${key} in the security store`);
    }
  }

  checkRelated(rawBefore, rawAfter) {
    if (rawAfter === undefined) changed(this.at, "VRI was deleted");
    this.place(rawBefore, rawAfter, "VRI");
    const [before, after] = [this.old(rawBefore) ?? new Map(), this.new(rawAfter)];
    if (!(after instanceof Map)) changed(this.at, "VRI");
    for (const [key, value] of before) {
      if (!after.has(key) || !same(value, after.get(key), this.document.pdf)) changed(this.at, `VRI key ${key}`);
    }
    for (const [key, value] of after) {
      if (before.has(key)) continue;
      const item = this.new(value);
      if (!/^[A-Z0-9]{40}$/.test(key) || !(item instanceof Map)) changed(this.at, `VRI key ${key}`);
      for (const inner of item.keys()) if (!RELATED.has(inner)) changed(this.at, `VRI key ${inner}`);
      for (const inner of ["Cert", "CRL", "OCSP"]) this.checkList(undefined, item.get(inner), inner);
    }
  }
}

/**
 * Judge all steps: revision 1 and 2 add exactly the named fields, later ones document timestamps without appearance.
 * Throws Failed MODIFIED_AFTER_SIGNING.
 */
export function checkChanges(document, names) {
  const taken = new Set();
  for (let at = 1; at <= document.last; at += 1) {
    const added = new Step(document, at).check();
    const fields = added.map((field) => document.dictionary(field, at));
    for (const field of fields) {
      const name = field.get("T").value;
      if (taken.has(name)) changed(at, `a second field ${name}`);
      taken.add(name);
    }
    if (at <= names.length) {
      if (fields.length !== 1 || fields[0].get("T").value !== names[at - 1]) changed(at, "other fields than its own");
    } else {
      for (const field of fields) {
        const value = document.resolve(field.get("V") ?? null, at);
        if (!(value instanceof Map) || !isName(value.get("Type"), "DocTimeStamp") || visible(document, field, at)) {
          changed(at, "a field that is no document timestamp");
        }
      }
    }
  }
}

function visible(document, field, at) {
  if (field.has("AP") || field.has("Kids")) return true;
  const box = document.resolve(field.get("Rect") ?? null, at) ?? [];
  if (!Array.isArray(box)) throw new Unreadable("a field's place");
  return box.some((number) => number !== 0);
}
