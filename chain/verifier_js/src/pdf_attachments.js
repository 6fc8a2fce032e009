// Files attached to the base revision: its data and its reserved boxes (evidence-spec, section 5.2).

import { fromUtf8 } from "./bytes.js";
import { Text, Unreadable } from "./pdf_syntax.js";

export const BOXES = "signature-boxes.json";
const MOST = 4 * 1024 * 1024;
const DEPTH = 8;
const MEMBERS = ["field", "page", "x1", "x2", "y1", "y2"];

/** Bytes of the one attachment of that name in the base revision; Unreadable when there is none, or several. */
export async function attachment(document, name) {
  const names = document.dictionary(document.catalog(0).get("Names"), 0);
  const found = [];
  const waiting = [{ node: names.get("EmbeddedFiles"), depth: 0 }];
  for (let count = 0; waiting.length > 0; count += 1) {
    const { node, depth } = waiting.pop();
    if (depth > DEPTH || count > 1000) throw new Unreadable("the name tree");
    const value = document.dictionary(node, 0);
    const pairs = document.array(value.get("Names") ?? [], 0);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = document.resolve(pairs[i], 0);
      const embedded = document.dictionary(document.dictionary(pairs[i + 1], 0).get("EF"), 0);
      if (key instanceof Text && key.value === name) found.push(document.resolve(embedded.get("F") ?? null, 0));
    }
    for (const kid of document.array(value.get("Kids") ?? [], 0)) waiting.push({ node: kid, depth: depth + 1 });
  }
  if (found.length !== 1) throw new Unreadable(`${found.length} attachments of that name`);
  return document.bytes(found[0], MOST);
}

/** {field: {page, x1, y1, x2, y2}} in points; null where the attachment is not what the specification says. */
export async function reservedBoxes(document) {
  try {
    const items = JSON.parse(fromUtf8(await attachment(document, BOXES))).boxes;
    const boxes = Object.create(null);
    for (const item of items) {
      const numbers = MEMBERS.slice(1).map((key) => item[key]);
      if (Object.keys(item).sort().join() !== MEMBERS.join() || !numbers.every(Number.isSafeInteger)) return null;
      const { field, page, x1, y1, x2, y2 } = item;
      boxes[String(field)] = { page, x1: x1 / 1000, y1: y1 / 1000, x2: x2 / 1000, y2: y2 / 1000 };
    }
    return boxes;
  } catch {
    return null;
  }
}
