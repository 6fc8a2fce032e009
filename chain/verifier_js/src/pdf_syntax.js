// PDF objects (ISO 32000-1, 7.3): one object from bytes, strictly, with bounded depth and a budget of values per file.
// Values: null, boolean, number, Name, Text (a string's bytes), Ref, array, Map (dictionary, keys without slash), Stream.

export const DEPTH = 64;
export const BUDGET = 200_000;
const LONGEST_TEXT = 1_000_000; // bytes of a string as written

/** The bytes are not a PDF object of the kind that is read here. */
export class Unreadable extends Error {}

export class Name {
  constructor(value) {
    this.value = value;
  }
}

export class Text {
  constructor(value) {
    this.value = value;
  }
}

export class Ref {
  constructor(number, generation) {
    this.number = number;
    this.generation = generation;
  }
}

export class Stream {
  constructor(dictionary, start, end) {
    Object.assign(this, { dictionary, start, end });
  }
}

const SPACE = new Uint8Array(256);
for (const code of [0, 9, 10, 12, 13, 32]) SPACE[code] = 1;
const DELIMITER = new Uint8Array(256);
for (const letter of "()<>[]{}/%") DELIMITER[letter.charCodeAt(0)] = 1;
const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "(": "(", ")": ")", "\\": "\\" };

const hexDigit = (code) => {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
};

/** Reads objects out of one file; `budget.left` is shared by all readers of the file. */
export class Syntax {
  constructor(bytes, start, end, budget) {
    Object.assign(this, { bytes, place: start, end, budget });
  }

  fail(what) {
    throw new Unreadable(`${what} at ${this.place}`);
  }

  skip() {
    for (;;) {
      const code = this.bytes[this.place];
      if (this.place >= this.end) return;
      if (SPACE[code]) {
        this.place += 1;
      } else if (code === 0x25) {
        while (this.place < this.end && this.bytes[this.place] !== 10 && this.bytes[this.place] !== 13) this.place += 1;
      } else {
        return;
      }
    }
  }

  /** A run of regular characters. */
  word() {
    const start = this.place;
    while (this.place < this.end && !SPACE[this.bytes[this.place]] && !DELIMITER[this.bytes[this.place]]) {
      this.place += 1;
    }
    if (this.place - start > 127) this.fail("a word that is too long");
    return String.fromCharCode(...this.bytes.subarray(start, this.place));
  }

  keyword(text) {
    this.skip();
    if (this.word() !== text) this.fail(`${text} expected`);
  }

  integer() {
    this.skip();
    const text = this.word();
    if (!/^[0-9]{1,10}$/.test(text)) this.fail("a number expected");
    return Number(text);
  }

  value(depth = 0) {
    if (depth > DEPTH) this.fail("nesting");
    this.budget.left -= 1;
    if (this.budget.left < 0) this.fail("too many values");
    this.skip();
    if (this.place >= this.end) this.fail("end");
    const code = this.bytes[this.place];
    if (code === 0x2f) return this.name();
    if (code === 0x28) return this.literal();
    if (code === 0x5b) return this.array(depth);
    if (code === 0x3c) return this.bytes[this.place + 1] === 0x3c ? this.dictionary(depth) : this.hexadecimal();
    const word = this.word();
    if (word === "true") return true;
    if (word === "false") return false;
    if (word === "null") return null;
    if (/^[0-9]{1,10}$/.test(word)) return this.reference(Number(word));
    if (/^[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})$/.test(word)) return Number(word);
    return this.fail("an object expected");
  }

  /** `n g R` or the number alone. */
  reference(number) {
    const back = this.place;
    this.skip();
    const second = this.bytes[this.place];
    if (second >= 48 && second <= 57) {
      const generation = this.word();
      this.skip();
      if (/^[0-9]{1,5}$/.test(generation) && this.bytes[this.place] === 0x52) {
        const after = this.place + 1;
        if (after >= this.end || SPACE[this.bytes[after]] || DELIMITER[this.bytes[after]]) {
          this.place = after;
          return new Ref(number, Number(generation));
        }
      }
    }
    this.place = back;
    return number;
  }

  name() {
    this.place += 1;
    const text = this.word();
    if (!text.includes("#")) return new Name(text);
    return new Name(
      text.replace(/#(..)?/g, (all, pair) => {
        if (!/^[0-9A-Fa-f]{2}$/.test(pair ?? "")) this.fail("a name");
        return String.fromCharCode(parseInt(pair, 16));
      }),
    );
  }

  literal() {
    this.place += 1;
    const parts = [];
    let open = 1;
    const last = Math.min(this.end, this.place + LONGEST_TEXT);
    while (this.place < last) {
      const letter = String.fromCharCode(this.bytes[this.place]);
      this.place += 1;
      if (letter === "\\") {
        parts.push(this.escape());
        continue;
      }
      if (letter === "(") open += 1;
      if (letter === ")" && --open === 0) return new Text(parts.join(""));
      if (letter === "\r") {
        if (this.bytes[this.place] === 10) this.place += 1;
        parts.push("\n");
      } else {
        parts.push(letter);
      }
    }
    return this.fail("a string without end");
  }

  escape() {
    const letter = String.fromCharCode(this.bytes[this.place]);
    this.place += 1;
    if (letter in ESCAPES) return ESCAPES[letter];
    if (letter === "\r") {
      if (this.bytes[this.place] === 10) this.place += 1;
      return "";
    }
    if (letter === "\n") return "";
    if (letter < "0" || letter > "7") return letter;
    let value = letter.charCodeAt(0) - 48;
    for (let i = 0; i < 2; i += 1) {
      const digit = this.bytes[this.place] - 48;
      if (!(digit >= 0 && digit <= 7)) break;
      value = value * 8 + digit;
      this.place += 1;
    }
    return String.fromCharCode(value & 255);
  }

  hexadecimal() {
    this.place += 1;
    const parts = [];
    let high = -1;
    const last = Math.min(this.end, this.place + LONGEST_TEXT);
    for (; this.place < last; this.place += 1) {
      const code = this.bytes[this.place];
      if (code === 0x3e) {
        this.place += 1;
        if (high >= 0) parts.push(String.fromCharCode(high * 16));
        return new Text(parts.join(""));
      }
      if (SPACE[code]) continue;
      const digit = hexDigit(code);
      if (digit < 0) this.fail("a hexadecimal string");
      if (high < 0) {
        high = digit;
      } else {
        parts.push(String.fromCharCode(high * 16 + digit));
        high = -1;
      }
    }
    return this.fail("a string without end");
  }

  array(depth) {
    this.place += 1;
    const items = [];
    for (;;) {
      this.skip();
      if (this.bytes[this.place] === 0x5d && this.place < this.end) {
        this.place += 1;
        return items;
      }
      items.push(this.value(depth + 1));
    }
  }

  dictionary(depth) {
    this.place += 2;
    const found = new Map();
    for (;;) {
      this.skip();
      if (this.place + 1 < this.end && this.bytes[this.place] === 0x3e && this.bytes[this.place + 1] === 0x3e) {
        this.place += 2;
        return found;
      }
      if (this.bytes[this.place] !== 0x2f || this.place >= this.end) this.fail("a key expected");
      const key = this.name().value;
      if (found.has(key)) this.fail(`key ${key} twice`);
      found.set(key, this.value(depth + 1));
    }
  }

  /** A whole indirect object `n g obj … endobj`; streams must give their length directly. */
  indirect(number) {
    if (this.integer() !== number || this.integer() !== 0) this.fail(`object ${number} expected`);
    this.keyword("obj");
    let found = this.value();
    this.skip();
    if (this.bytes[this.place] === 0x73 && found instanceof Map) {
      this.keyword("stream");
      if (this.bytes[this.place] === 13) this.place += 1;
      if (this.bytes[this.place] !== 10) this.fail("a line end expected");
      const start = this.place + 1;
      const length = found.get("Length");
      if (!Number.isInteger(length) || length < 0 || start + length > this.end) this.fail("a stream's length");
      this.place = start + length;
      found = new Stream(found, start, this.place);
      this.keyword("endstream");
    }
    this.keyword("endobj");
    return found;
  }
}
