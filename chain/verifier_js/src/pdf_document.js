// A PDF as a row of revisions: which object each revision holds under a number, resolved as of any revision.
// Classic cross-reference tables only (evidence-spec, section 5.1): the layout has already been read.

import { Name, Ref, Stream, Syntax, Unreadable, BUDGET } from "./pdf_syntax.js";

const PAGES = 500;
const CHAIN = 16;

export class PdfDocument {
  #parsed = new Map();

  /** `layout` as readLayout gives it; revision 0 is the base. Throws Unreadable for a base table of another form. */
  constructor(pdf, { base, revisions }) {
    this.pdf = pdf;
    this.base = base;
    this.budget = { left: BUDGET, bytes: 2 * pdf.length };
    this.last = revisions.length;
    this.sizes = [base.size, ...revisions.map((revision) => revision.size)];
    this.held = [readBaseTable(pdf, base)];
    for (const { objects } of revisions) {
      this.held.push(new Map(objects.map((item) => [item.number, item])));
    }
  }

  /** The object under a number as of a revision; undefined when no revision up to it holds one. */
  object(number, revision = this.last) {
    for (let at = revision; at >= 0; at -= 1) {
      const found = this.held[at].get(number);
      if (found) return this.#read(found);
    }
    return undefined;
  }

  /** Every object as of a revision. */
  objects(revision) {
    const latest = new Map();
    for (const held of this.held.slice(0, revision + 1)) for (const item of held.values()) latest.set(item.number, item);
    return [...latest.values()].map((item) => this.#read(item));
  }

  #read({ number, start, stop }) {
    let found = this.#parsed.get(start);
    if (found === undefined) {
      const syntax = new Syntax(this.pdf, start, stop, this.budget);
      found = syntax.indirect(number);
      syntax.skip();
      if (syntax.place !== stop && start >= this.base.table) throw new Unreadable(`more than an object at ${start}`);
      this.budget.bytes -= syntax.place - start; // objects that overlap would be read again and again
      if (this.budget.bytes < 0) throw new Unreadable("objects that overlap");
      this.#parsed.set(start, found);
    }
    return found;
  }

  /** A value, with references followed; null where they lead nowhere. */
  resolve(value, revision = this.last) {
    let found = value;
    for (let i = 0; found instanceof Ref; i += 1) {
      if (i === CHAIN || found.generation !== 0) throw new Unreadable("references that lead in a circle");
      found = this.object(found.number, revision) ?? null;
    }
    return found;
  }

  /** The dictionary that a value is or refers to; Unreadable otherwise. */
  dictionary(value, revision = this.last) {
    const found = this.resolve(value, revision);
    if (!(found instanceof Map)) throw new Unreadable("a dictionary expected");
    return found;
  }

  array(value, revision = this.last) {
    const found = this.resolve(value, revision);
    if (!Array.isArray(found)) throw new Unreadable("an array expected");
    return found;
  }

  catalog(revision = this.last) {
    return this.dictionary(new Ref(this.base.root, 0), revision);
  }

  /** [{number, page}] in page order, as of a revision. Each page and node stands in the tree once. */
  pages(revision = this.last) {
    const found = [];
    const seen = new Set();
    const waiting = [this.catalog(revision).get("Pages")];
    while (waiting.length > 0) {
      const node = waiting.pop();
      if (!(node instanceof Ref) || seen.has(node.number)) throw new Unreadable("the page tree");
      seen.add(node.number);
      const value = this.dictionary(node, revision);
      const type = value.get("Type");
      if (type instanceof Name && type.value === "Pages") {
        for (const kid of this.array(value.get("Kids"), revision).toReversed()) waiting.push(kid);
      } else if (type instanceof Name && type.value === "Page") {
        found.push({ number: node.number, page: value });
      } else {
        throw new Unreadable("the page tree");
      }
      if (found.length > PAGES || seen.size > 4 * PAGES) throw new Unreadable("too many pages");
    }
    return found;
  }

  /** Decoded bytes of a stream (no filter, or FlateDecode alone), at most `most`. */
  async bytes(stream, most) {
    if (!(stream instanceof Stream)) throw new Unreadable("a stream expected");
    const raw = this.pdf.subarray(stream.start, stream.end);
    let filter = this.resolve(stream.dictionary.get("Filter") ?? null);
    if (Array.isArray(filter) && filter.length < 2) filter = this.resolve(filter[0] ?? null);
    if (stream.dictionary.has("DecodeParms") || stream.dictionary.has("F")) throw new Unreadable("a filter");
    if (filter === null) {
      if (raw.length > most) throw new Unreadable("a stream that is too long");
      return raw;
    }
    if (!(filter instanceof Name) || filter.value !== "FlateDecode") throw new Unreadable("a filter");
    return inflate(raw, most);
  }

  /** Every number that a revision's objects refer to must be an object by then: nothing is left for later to fill in. */
  checkReferences() {
    const known = new Set();
    for (const held of this.held) {
      for (const number of held.keys()) known.add(number);
      for (const item of held.values()) {
        for (const { number, generation } of references(this.#read(item))) {
          if (!known.has(number) || generation !== 0) return number;
        }
      }
    }
    return 0;
  }
}

/** All references inside one value. */
export function references(value) {
  const found = [];
  const waiting = [value];
  while (waiting.length > 0) {
    const item = waiting.pop();
    if (item instanceof Ref) found.push(item);
    else if (item instanceof Stream) waiting.push(item.dictionary);
    else if (Array.isArray(item)) for (const entry of item) waiting.push(entry);
    else if (item instanceof Map) for (const entry of item.values()) waiting.push(entry);
  }
  return found;
}

/** The base's one section `0 n`, entries of twenty bytes, up to its trailer. */
function readBaseTable(pdf, base) {
  const first = base.trailer - 20 * base.size;
  const head = `xref\n0 ${base.size}\n`;
  if (first - head.length !== base.table) throw new Unreadable("the base's table");
  const text = (place, length) => String.fromCharCode(...pdf.subarray(place, place + length));
  if (text(base.table, head.length) !== head) throw new Unreadable("the base's table");
  const held = new Map();
  for (let number = 0; number < base.size; number += 1) {
    const entry = /^([0-9]{10}) ([0-9]{5}) ([nf])(?: \n|\r\n| \r)$/.exec(text(first + 20 * number, 20));
    if (!entry) throw new Unreadable(`the base's table, entry ${number}`);
    if (entry[3] === "f") continue;
    const start = Number(entry[1]);
    if (entry[2] !== "00000" || start >= base.table || number === 0) {
      throw new Unreadable(`the base's table, entry ${number}`);
    }
    held.set(number, { number, start, stop: base.table });
  }
  return held;
}

/** zlib data, unpacked by the platform; never more than `most` bytes. */
async function inflate(data, most) {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > most) {
        await reader.cancel();
        throw new Unreadable("a stream that unpacks too far");
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable("a stream that can't be unpacked");
  }
  const whole = new Uint8Array(length);
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
