// The form of the finished file (evidence-spec, section 5.2): who signed in which order, fields of a plain shape inside
// their reserved boxes, and no annotation on any page that the base did not have.

import { Failed } from "./outcome.js";
import { Name, Ref, Text, Unreadable } from "./pdf_syntax.js";

const KEYS = new Set(["FT", "T", "V", "Ff", "Type", "Subtype", "Rect", "P", "F", "AP", "MK", "DA"]);
const TOLERANCE = 0.01; // points: numbers are rounded when written

/**
 * The signed fields of the last revision: [{name, field, reference, signature}] in the order of revisions.
 * A field whose value is no signature object of the layout is not signed. Throws Unreadable for a field without name.
 */
export function signedFields(document, signatures) {
  const form = document.resolve(document.catalog().get("AcroForm") ?? null);
  const list = form instanceof Map ? document.resolve(form.get("Fields") ?? null) : null;
  if (!Array.isArray(list)) return [];
  const found = [];
  for (const reference of list) {
    const field = document.resolve(reference);
    if (!(field instanceof Map) || !(field.get("FT") instanceof Name) || field.get("FT").value !== "Sig" || !field.has("V")) continue;
    const [name, value] = [field.get("T"), field.get("V")];
    const signature = value instanceof Ref ? signatures.find((item) => item.number === value.number) : undefined;
    if (!signature) continue; // signs nothing: a name is missing, or a field too many
    if (!(name instanceof Text) || !(reference instanceof Ref)) throw new Unreadable("a signature field's name");
    found.push({ name: name.value, field, reference, signature });
  }
  if (found.length === list.length && new Set(found.map(({ name }) => name)).size < found.length) {
    throw new Failed("MODIFIED_AFTER_SIGNING", { fields: found.map(({ name }) => name) });
  }
  return found.sort((one, other) => one.signature.revision - other.signature.revision);
}

/** The expected names in the expected order, document timestamps aside; Failed SIGNER_SET_MISMATCH otherwise. */
export function checkNames(fields, names) {
  const own = fields.filter((item) => !item.signature.timestamp).map((item) => item.name);
  if (own.length !== names.length || own.some((name, index) => name !== names[index])) {
    throw new Failed("SIGNER_SET_MISMATCH", { fields: own });
  }
}

/** Fields and pages of the last revision; `boxes` maps each signer to {page, x1, y1, x2, y2} in points. */
export function checkFields(document, fields, boxes) {
  const pages = document.pages().map(({ page }) => document.array(page.get("Annots") ?? []));
  const known = new Map();
  for (const { name, field, reference, signature } of fields.filter((item) => !item.signature.timestamp)) {
    const more = [...field.keys()].filter((key) => !KEYS.has(key));
    if (more.length > 0) throw new Failed("MODIFIED_AFTER_SIGNING", { field: name, keys: more.sort() });
    checkBox(document, name, field, reference, pages, boxes[name]);
    known.set(reference.number, { name, signature });
  }
  for (const { name, field, reference, signature } of fields.filter((item) => item.signature.timestamp)) {
    const place = document.array(field.get("Rect") ?? []);
    if (field.has("Kids") || place.some((number) => number !== 0)) {
      throw new Failed("MODIFIED_AFTER_SIGNING", { field: name });
    }
    known.set(reference.number, { name, signature });
  }
  checkAnnotations(document, pages, known);
}

function checkBox(document, name, field, reference, pages, box) {
  const place = document.resolve(field.get("Rect") ?? null);
  const page = pages.findIndex((list) => list.some((item) => item instanceof Ref && item.number === reference.number));
  const corners = [box.x1, box.y1, box.x2, box.y2];
  const near =
    Array.isArray(place) &&
    place.length === 4 &&
    place.every((number, i) => typeof number === "number" && Math.abs(number - corners[i]) <= TOLERANCE);
  if (!near || page !== box.page) throw new Failed("OUTSIDE_RESERVED_BOX", { field: name, page });
}

/** Annotations are the known fields, each drawn once, or those of the base. */
function checkAnnotations(document, pages, known) {
  const before = new Set();
  for (const { page } of document.pages(0)) {
    for (const item of document.array(page.get("Annots") ?? [], 0)) if (item instanceof Ref) before.add(item.number);
  }
  const seen = new Set();
  for (const item of pages.flat()) {
    const number = item instanceof Ref ? item.number : -1;
    if (known.has(number)) {
      if (seen.has(number)) throw new Failed("MODIFIED_AFTER_SIGNING", { field: known.get(number).name });
      seen.add(number);
    } else if (!before.has(number)) {
      throw new Failed("MODIFIED_AFTER_SIGNING", { annotation: number });
    }
  }
}
