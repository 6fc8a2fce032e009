// The byte layout of a signed PDF (evidence-spec, section 5.1): the base revision, then whole revisions in one fixed
// form, read from the end of the file before any PDF object is parsed. One pass, no backtracking over the input.

import { sha256 } from "@noble/hashes/sha2.js";

import { indexOf } from "./bytes.js";
import { checkDer } from "./der.js";
import { Failed } from "./outcome.js";

export const REVISIONS = 32;
const HIGHEST = 1_000_000;
const FREE = "0000000000 65535 f \n";

class Broken extends Error {}

/** A reader of ASCII at a place: every method either takes what it names or refuses. */
class Tape {
  constructor(bytes, place, end) {
    Object.assign(this, { bytes, place, end });
  }

  at(text) {
    if (this.place + text.length > this.end) return false;
    for (let i = 0; i < text.length; i += 1) if (this.bytes[this.place + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  maybe(text) {
    if (!this.at(text)) return false;
    this.place += text.length;
    return true;
  }

  take(text) {
    if (!this.maybe(text)) throw new Broken(`expected ${JSON.stringify(text)} at ${this.place}`);
  }

  number(most, exactly = 0) {
    let value = 0;
    const start = this.place;
    while (this.place < this.end && this.place - start < most) {
      const digit = this.bytes[this.place] - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.place += 1;
    }
    const taken = this.place - start;
    if (taken === 0 || (exactly && taken !== exactly)) throw new Broken(`expected a number at ${start}`);
    return value;
  }

  hexadecimal(alphabet, least, most) {
    const start = this.place;
    while (this.place < this.end && this.place - start <= most && alphabet[this.bytes[this.place]]) this.place += 1;
    const taken = this.place - start;
    if (taken < least || taken > most) throw new Broken(`expected hexadecimal digits at ${start}`);
    return [start, this.place];
  }
}

const table = (text) => {
  const found = new Uint8Array(256);
  for (const letter of text) found[letter.charCodeAt(0)] = 1;
  return found;
};
const LOWER = table("0123456789abcdef");
const UPPER = table("0123456789ABCDEF");

/**
 * Read the layout: {base: {table, size, root, info}, revisions, signatures}, signatures in the order of revisions.
 * Throws Failed FORMAT_FAILURE, SIGNER_SET_MISMATCH, MODIFIED_AFTER_SIGNING or HASH_FAILURE as section 5.1 says.
 */
export function readLayout(pdf, baseLength) {
  let base, revisions, signatures;
  try {
    base = readBase(pdf.subarray(0, baseLength));
    revisions = readRevisions(pdf, baseLength, base);
    signatures = revisions.flatMap((revision, index) => readSignatures(pdf, index + 1, revision));
  } catch (error) {
    if (error instanceof Broken) throw new Failed("FORMAT_FAILURE", { reason: error.message });
    throw error;
  }
  const own = signatures.filter((item) => !item.timestamp).map((item) => item.revision);
  if (own.length !== 2) throw new Failed("SIGNER_SET_MISMATCH", { signatures: own.length });
  const bearers = new Set(signatures.map((item) => item.revision));
  if (own[0] !== 1 || own[1] !== 2 || bearers.size !== signatures.length) {
    throw new Failed("MODIFIED_AFTER_SIGNING", { revisions: own });
  }
  const soFar = sha256.create();
  let read = 0;
  for (const item of signatures) {
    soFar.update(pdf.subarray(read, item.before));
    read = item.before;
    const rest = pdf.subarray(item.after, revisions[item.revision - 1].end);
    item.digest = soFar.clone().update(rest).digest();
    if (!holdsDigest(item)) throw new Failed("HASH_FAILURE", { revision: item.revision });
  }
  return { base, revisions, signatures };
}

/** Whether the DER holds the digest as messageDigest (SET, OCTET STRING), a token as imprint (OCTET STRING). */
function holdsDigest({ timestamp, der, digest }) {
  const head = timestamp ? [0x04, 0x20] : [0x31, 0x22, 0x04, 0x20];
  return indexOf(der, new Uint8Array([...head, ...digest])) >= 0;
}

/** The place of the last `startxref <n> %%EOF` that ends exactly at `end`. */
function tableBefore(pdf, end) {
  for (let digits = 1; digits <= 8; digits += 1) {
    const tape = new Tape(pdf, end - 17 - digits, end);
    if (tape.place < 0 || !tape.maybe("startxref\n")) continue;
    const place = tape.number(8, digits);
    if (tape.maybe("\n%%EOF\n") && tape.place === end) return { place, start: end - 17 - digits };
  }
  throw new Broken(`no end of a revision at ${end}`);
}

export function readBase(base) {
  const end = tableBefore(base, base.length);
  const tape = new Tape(base, end.place, end.start);
  tape.take("xref\n0 ");
  const limit = end.start - 1;
  const word = [..."trailer"].map((letter) => letter.charCodeAt(0));
  let place = tape.place;
  while (place < limit && !word.every((letter, i) => base[place + i] === letter)) place += 1;
  const text = String.fromCharCode(...base.subarray(place, Math.min(end.start, place + 420)));
  const found = /^trailer[\r\n]{1,2}<<([^<>]{0,400})>>[\r\n]{1,2}$/.exec(text);
  if (!found || place + text.length !== end.start || /\/(Prev|XRefStm|Encrypt)/.test(found[1])) {
    throw new Broken("the base's trailer");
  }
  const numbers = (pattern) => [...found[1].matchAll(pattern)].map((match) => Number(match[1]));
  const [size, root, info] = [/\/Size (\d{1,7})/g, /\/Root (\d{1,7}) 0 R/g, /\/Info (\d{1,7}) 0 R/g].map(numbers);
  if (size.length !== 1 || root.length !== 1) throw new Broken("the base's trailer");
  return { table: end.place, size: size[0], root: root[0], info: info[0] ?? 0, trailer: place };
}

function readRevisions(pdf, baseLength, base) {
  const found = [];
  let end = pdf.length;
  while (end > baseLength) {
    if (found.length === REVISIONS) throw new Broken("too many revisions");
    const revision = readRevision(pdf, end);
    if (revision.start < baseLength || revision.start >= revision.table) {
      throw new Broken(`a revision reaches into the base at ${revision.start}`);
    }
    found.push(revision);
    end = revision.start;
  }
  if (end !== baseLength) throw new Broken("no revision begins where the base ends");
  found.reverse();
  let before = base;
  for (const revision of found) {
    const { root, info, size } = revision;
    if (revision.previous !== before.table || root !== base.root || info !== base.info) {
      throw new Broken(`the trailer at ${revision.table} continues another file`);
    }
    if (size < before.size || size > HIGHEST || revision.objects.some((item) => item.number >= size)) {
      throw new Broken(`the size in the trailer at ${revision.table}`);
    }
    before = revision;
  }
  return found;
}

function readRevision(pdf, end) {
  const place = tableBefore(pdf, end).place;
  const tape = new Tape(pdf, place, end);
  tape.take("xref\n");
  const objects = [];
  let following = 0;
  while (!tape.at("trailer\n")) {
    const first = tape.number(7);
    tape.take(" ");
    const count = tape.number(7);
    tape.take("\n");
    if (first < following || count < 1 || (following === 0 && first !== 0)) {
      throw new Broken(`sections of the table at ${place}`);
    }
    for (let number = first; number < first + count; number += 1) {
      if (number === 0) {
        tape.take(FREE);
      } else {
        objects.push({ number, start: tape.number(10, 10), stop: place });
        tape.take(" 00000 n \n");
      }
    }
    following = first + count;
  }
  const trailer = readTrailer(tape);
  if (tape.place !== end || trailer.table !== place || objects.length === 0) {
    throw new Broken(`the trailer behind the table at ${place}`);
  }
  objects.forEach((item, index) => {
    if (index + 1 < objects.length) item.stop = objects[index + 1].start;
    const within = new Tape(pdf, item.start, Math.min(item.stop, pdf.length));
    const tail = new Tape(pdf, item.stop - 8, item.stop);
    if (item.start >= item.stop || !within.at(`${item.number} 0 obj\n`) || !tail.at("\nendobj\n")) {
      throw new Broken(`object ${item.number} at ${item.start}`);
    }
  });
  return { ...trailer, start: objects[0].start, end, objects };
}

function readTrailer(tape) {
  tape.take("trailer\n<<\n/Size ");
  const size = tape.number(7);
  tape.take("\n/Root ");
  const root = tape.number(7);
  tape.take(" 0 R\n");
  let info = 0;
  if (tape.maybe("/Info ")) {
    info = tape.number(7);
    tape.take(" 0 R\n");
  }
  tape.take("/ID [ <");
  tape.hexadecimal(LOWER, 2, 256);
  tape.take("> <");
  tape.hexadecimal(LOWER, 32, 32);
  tape.take("> ]\n/Prev ");
  const previous = tape.number(8);
  tape.take("\n>>\nstartxref\n");
  const place = tape.number(8);
  tape.take("\n%%EOF\n");
  return { size, root, info, previous, table: place };
}

function readSignatures(pdf, revision, { objects, end }) {
  const found = [];
  for (const { number, start, stop } of objects) {
    if (!mentionsByteRange(pdf, start, stop)) continue;
    const tape = new Tape(pdf, start, stop);
    tape.take(`${number} 0 obj\n<<\n/Contents <`);
    const [first, last] = tape.hexadecimal(UPPER, 2, pdf.length);
    tape.take(">\n/ByteRange [0 ");
    const before = tape.number(8);
    tape.take(" ");
    const after = tape.number(8);
    tape.take(" ");
    const length = tape.number(8);
    tape.take("]");
    while (tape.maybe(" "));
    tape.take("\n/Type /");
    const timestamp = tape.maybe("DocTimeStamp");
    if (!timestamp) tape.take("Sig");
    tape.take(`\n/Filter /Adobe.PPKLite\n/SubFilter /${timestamp ? "ETSI.RFC3161" : "ETSI.CAdES.detached"}\n`);
    if (tape.maybe("/M (D\\072")) {
      tape.number(14, 14);
      tape.take("Z)\n");
    }
    tape.take(">>\nendobj\n");
    if (tape.place !== stop || before !== first - 1 || after !== last + 1 || after + length !== end) {
      throw new Broken(`the byte range at ${start}`);
    }
    found.push({ revision, number, timestamp, before, after, der: packageIn(pdf, first, last) });
  }
  return found;
}

function mentionsByteRange(pdf, start, stop) {
  const object = pdf.subarray(start, stop);
  for (let place = object.indexOf(0x2f); place >= 0; place = object.indexOf(0x2f, place + 1)) {
    if (new Tape(object, place, object.length).at("/ByteRange")) return true;
  }
  return false;
}

/** The DER object in hexadecimal; at least one byte of zeros behind it, and only zeros. */
function packageIn(pdf, first, last) {
  if ((last - first) % 2) throw new Broken(`the contents at ${first}`);
  const nibble = (place) => pdf[place] - (pdf[place] < 58 ? 48 : 55);
  const data = new Uint8Array((last - first) / 2);
  for (let i = 0; i < data.length; i += 1) data[i] = nibble(first + 2 * i) * 16 + nibble(first + 2 * i + 1);
  if (data.length < 8 || data[0] !== 0x30 || data[1] === 0x80 || data[1] > 0x84) {
    throw new Broken(`the contents at ${first}`);
  }
  let size = data[1];
  let head = 2;
  if (size > 0x80) {
    head += size - 0x80;
    size = data.subarray(2, head).reduce((sum, octet) => sum * 256 + octet, 0);
  }
  size += head;
  if (size >= data.length || data.subarray(size).some((octet) => octet !== 0)) {
    throw new Broken(`the contents at ${first}`);
  }
  const der = data.slice(0, size);
  try {
    checkDer(der);
  } catch (error) {
    throw new Broken(`the contents at ${first}: ${error.message}`);
  }
  return der;
}
