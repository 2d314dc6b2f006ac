import { Buffer } from 'node:buffer';
import type { SourceFile } from './file.ts';
import type { Entry } from './ldap/messages.ts';

/** One record of an LDIF file (RFC 2849), with those attributes only that were asked for. */
export interface LdifEntry extends Entry {
  /** The line on which it begins. */
  readonly line: number;
  /** `add`, `delete` and the like for a change record. */
  readonly changeType?: string;
  /** Why it cannot be used, without anything of its values. */
  readonly flaw?: string;
}

/** How a file ended. */
export interface LdifEnd {
  /** Why the file does not provably hold everything that was exported; for people. */
  readonly cut?: string;
  /** Continuation references that ldapsearch wrote into the file. */
  readonly references: number;
}

/** What is kept of each record; names in lower case, with options where they are wanted with options. */
export interface LdifSelection {
  readonly attributes: ReadonlySet<string>;
  /** Of these, the ones whose values are bytes rather than text. */
  readonly binary: ReadonlySet<string>;
}

/** In bytes as well as in characters: what is mapped is far shorter, and photographs and members are not kept. */
const longestValue = 1024 * 1024;
const lineFeed = 0x0a;

/** Reads the records of an LDIF file, some at a time. There is no well-kept library for LDIF on npm. */
export async function* readLdif(
  file: SourceFile,
  selection: LdifSelection,
  signal?: AbortSignal,
): AsyncGenerator<readonly LdifEntry[], LdifEnd, void> {
  const lines = new Lines();
  const records = new Records(selection);
  for await (const chunk of file.chunks(signal)) {
    let cut = lines.willCut;
    for (const line of lines.push(chunk)) {
      records.line(line, cut);
      cut = false;
    }
    yield records.take();
  }
  const end = records.end(lines.rest());
  yield records.take();
  return end;
}

/**
 * Cuts pieces of a file into lines; of a line beyond all measure only the beginning is kept. A character of a line stands for
 * one byte, because exporters fold lines in the middle of a letter.
 */
class Lines {
  #carry: Buffer[] = [];
  #carried = 0;

  /** Whether the first line that `push` gives next will be only the beginning of what stands in the file. */
  get willCut(): boolean {
    return this.#carried > longestValue;
  }

  push(chunk: Buffer): readonly string[] {
    const lastBreak = chunk.lastIndexOf(lineFeed);
    if (lastBreak < 0) {
      this.#keep(chunk);
      return [];
    }
    const text = Buffer.concat([...this.#carry, chunk.subarray(0, lastBreak)]).toString('latin1');
    this.#carry = [];
    this.#carried = 0;
    this.#keep(chunk.subarray(lastBreak + 1));
    return text.split('\n');
  }

  /** What stands after the last line break. */
  rest(): string {
    return Buffer.concat(this.#carry).toString('latin1');
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.#carried > longestValue) return;
    this.#carry.push(bytes);
    this.#carried += bytes.length;
  }
}

/** A record that is being put together. */
interface Draft {
  readonly line: number;
  dn: string;
  readonly texts: Map<string, string[]>;
  readonly octets: Map<string, Buffer[]>;
  size: number;
  changeType?: string;
  flaw?: string;
  /** The latest attributes, for telling whether the last record of a file is whole. */
  lastName: string;
  nameBefore: string;
}

/** Blocks without a DN that ldapsearch writes between and after the entries. */
const asides: ReadonlySet<string> = new Set(['search', 'result', 'matcheddn', 'text', 'control', 'pagedresults']);

/** `# numEntries: 12` (ldapsearch) and `# 12 entries` (ldbsearch). */
const announcement = /^# (?:numEntries: (\d+)|(\d+) entries)\s*$/;

/** Lines, put together to records. */
class Records {
  readonly #selection: LdifSelection;
  readonly #lastAttributes = new LastAttributes();
  readonly #names = new Map<string, string>();
  #entries: LdifEntry[] = [];
  #draft: Draft | undefined;
  /** Inside a block that is no record. */
  #aside = false;
  #lineNumber = 0;
  /** The logical line that may still be continued by the next one. */
  #logical: string | undefined;
  #logicalLine = 0;
  /** Only the beginning of the logical line was kept. */
  #tooLong = false;
  #unannounced = 0;
  /** ldapsearch has begun with comments, and so ends with `# numResponses`. */
  #summaryDue = false;
  /** The last page that ldapsearch wrote had a cookie: another one should follow. */
  #pageDue = false;
  #references = 0;
  #incomplete: string | undefined;

  constructor(selection: LdifSelection) {
    this.#selection = selection;
  }

  take(): readonly LdifEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** `cut` where `raw` is only the beginning of a line beyond all measure. */
  line(raw: string, cut = false): void {
    this.#lineNumber += 1;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.startsWith(' ')) {
      this.#continue(line, cut);
      return;
    }
    this.#endLogical();
    this.#tooLong = cut;
    if (line === '') {
      this.#endRecord();
      this.#aside = false;
      return;
    }
    this.#logical = line;
    this.#logicalLine = this.#lineNumber;
    this.#lastAttributes.sawLine(line.length);
  }

  /** `rest` is what stands after the last line break. */
  end(rest: string): LdifEnd {
    const cutLine = rest.trim() !== '' && !rest.startsWith('#');
    const lastLength = this.#logicalLine === this.#lineNumber ? (this.#logical?.length ?? 0) : Number.POSITIVE_INFINITY;
    if (rest.startsWith('#')) this.line(rest);
    this.#endLogical();
    const draft = this.#draft;
    if (draft !== undefined) {
      if (cutLine || !this.#lastAttributes.prove(draft, lastLength)) {
        const line = String(draft.line);
        draft.flaw = 'the file ends inside this record';
        this.#incomplete ??= `the file may have been cut inside the record of line ${line}: no empty line follows it, as after the last record of a complete export`;
      }
      this.#endRecord();
    } else if (cutLine) {
      this.#incomplete ??= `the file ends inside line ${String(this.#lineNumber + 1)}`;
    }
    if (this.#summaryDue)
      this.#incomplete ??= 'the summary is missing that ldapsearch writes at the end (# numResponses)';
    if (this.#pageDue) this.#incomplete ??= 'the last page of the search is missing from the file';
    return { references: this.#references, ...(this.#incomplete === undefined ? {} : { cut: this.#incomplete }) };
  }

  #continue(line: string, cut: boolean): void {
    if (this.#logical === undefined) return;
    this.#lastAttributes.sawFold(this.#logicalLine === this.#lineNumber - 1);
    this.#tooLong ||= cut || this.#logical.length + line.length > longestValue;
    if (!this.#tooLong) this.#logical += line.slice(1);
  }

  #endLogical(): void {
    if (this.#logical === undefined) return;
    const line = fromBytes(this.#logical);
    this.#logical = undefined;
    if (line.startsWith('#')) this.#comment(line);
    else if (!this.#aside && line !== '-') this.#attribute(line);
    else if (this.#aside) this.#asideLine(line);
  }

  #comment(line: string): void {
    if (line === '# LDAPv3') this.#summaryDue = true;
    if (line.startsWith('# numResponses:')) this.#summaryDue = false;
    const match = announcement.exec(line);
    const announced = match?.[1] ?? match?.[2];
    if (announced === undefined) return;
    if (Number(announced) !== this.#unannounced) {
      this.#incomplete ??= `line ${String(this.#lineNumber)} announces ${announced} entries, but ${String(this.#unannounced)} came before it`;
    }
    this.#unannounced = 0;
  }

  #asideLine(line: string): void {
    const cookie = /^pagedresults: cookie=(.*)$/i.exec(line);
    if (cookie !== null) this.#pageDue = cookie[1] !== '';
    const result = /^result:\s*(\d+)\s*(.{0,80})/i.exec(line);
    if (result !== null && result[1] !== '0') {
      this.#incomplete ??= `the search that wrote the file ended with result ${String(result[1])} (${String(result[2])}): it does not hold all entries`;
    }
  }

  #attribute(line: string): void {
    const colon = line.indexOf(':');
    const name = this.#lowerCase(line.slice(0, Math.max(colon, 0)));
    const draft = this.#draft;
    if (name === 'dn') this.#begin(line, colon);
    else if (draft === undefined) this.#outside(name, line);
    else if (colon < 1 || name === '')
      draft.flaw ??= `line ${String(this.#logicalLine)} is not of the form "attribute: value"`;
    else this.#value(draft, name, line, colon);
  }

  #begin(line: string, colon: number): void {
    if (this.#draft !== undefined) {
      this.#draft.flaw ??= 'no empty line stands between it and the next record';
      this.#endRecord();
    }
    const draft: Draft = {
      line: this.#logicalLine,
      dn: '',
      texts: new Map<string, string[]>(),
      octets: new Map<string, Buffer[]>(),
      size: 0,
      lastName: 'dn',
      nameBefore: '',
    };
    const value = this.#tooLong ? tooLong : valueBytes(line, colon);
    if (typeof value === 'object' && 'flaw' in value) draft.flaw = `its dn ${value.flaw}`;
    else draft.dn = value.toString();
    this.#draft = draft;
  }

  /** A line before the `dn` of a record. */
  #outside(name: string, line: string): void {
    if (name === 'version') return;
    this.#aside = true;
    if (name === 'ref') this.#references += 1;
    else if (asides.has(name)) this.#asideLine(line);
    else {
      const flaw = 'it does not begin with "dn:"';
      this.#entries.push({ line: this.#logicalLine, dn: '', texts: new Map(), octets: new Map(), flaw });
    }
  }

  #value(draft: Draft, name: string, line: string, colon: number): void {
    draft.nameBefore = draft.lastName;
    draft.lastName = name;
    if (name === 'changetype')
      draft.changeType = line
        .slice(colon + 1)
        .trim()
        .toLowerCase();
    if (!this.#selection.attributes.has(name)) return;
    const value = this.#tooLong ? tooLong : valueBytes(line, colon);
    draft.size += line.length;
    if (typeof value === 'object' && 'flaw' in value) draft.flaw ??= `${name} ${value.flaw}`;
    else if (draft.size > longestValue) draft.flaw ??= `it is larger than ${String(longestValue)} characters`;
    else if (this.#selection.binary.has(name)) append(draft.octets, name, Buffer.from(value));
    else append(draft.texts, name, value.toString());
  }

  #endRecord(): void {
    const draft = this.#draft;
    if (draft === undefined) return;
    this.#draft = undefined;
    this.#unannounced += 1;
    this.#lastAttributes.add(draft);
    const { line, dn, texts, octets, changeType, flaw } = draft;
    this.#entries.push({
      line,
      dn,
      texts,
      octets,
      ...(changeType === undefined ? {} : { changeType }),
      ...(flaw === undefined ? {} : { flaw }),
    });
  }

  /** The lower-case form of a name; empty for what is none. A file has the same few names in every record. */
  #lowerCase(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const lower = /^[A-Za-z0-9][A-Za-z0-9.;_-]{0,255}$/.test(name) ? name.toLowerCase() : '';
    if (this.#names.size < 1000) this.#names.set(name, lower);
    return lower;
  }
}

/** A line as it was written, in UTF-8, from one character per byte. */
function fromBytes(line: string): string {
  return /[\u0080-\u00ff]/.test(line) ? Buffer.from(line, 'latin1').toString('utf8') : line;
}

const tooLong = { flaw: `is longer than ${String(longestValue)} characters` };

/** The value of a line: text as it stands, bytes where it is in base64. */
function valueBytes(line: string, colon: number): string | Buffer | { readonly flaw: string } {
  const kind = line[colon + 1];
  if (kind === '<') return { flaw: 'is given as a URL, and files that a file names are not read' };
  if (kind !== ':') return line.slice(colon + 1).replace(/^ +/, '');
  const base64 = line.slice(colon + 2).trim();
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return { flaw: 'is not in base64' };
  return Buffer.from(base64, 'base64');
}

function append<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

/**
 * With which attribute the records of each kind end, as evidence: RFC 2849 asks for no empty line after the last record, and
 * a file can be cut between two lines. The last record is whole when every record of the same object classes, and at least
 * two of them, ends with one attribute that has one value, and so does this one, in a line too short to be continued.
 */
class LastAttributes {
  readonly #most = 1000;
  /** Object classes → the attribute, or null where records of that kind end with different ones. */
  readonly #byKind = new Map<string, { name: string | null; records: number }>();
  #lineLength = 0;
  #shortestFolded = 76;

  sawLine(length: number): void {
    this.#lineLength = length;
  }

  /** The line before is continued by this one; `first` where this is its first continuation. */
  sawFold(first: boolean): void {
    if (first) this.#shortestFolded = Math.min(this.#shortestFolded, this.#lineLength);
  }

  add(draft: Draft): void {
    const kind = kindOf(draft);
    const name = draft.lastName === draft.nameBefore ? null : draft.lastName;
    const known = this.#byKind.get(kind);
    if (known === undefined) {
      if (this.#byKind.size < this.#most) this.#byKind.set(kind, { name, records: 1 });
    } else {
      known.records += 1;
      if (known.name !== name) known.name = null;
    }
  }

  prove(draft: Draft, lastLineLength: number): boolean {
    const known = this.#byKind.get(kindOf(draft));
    if (known === undefined || known.records < 2 || known.name === null) return false;
    return (
      known.name === draft.lastName && draft.lastName !== draft.nameBefore && lastLineLength < this.#shortestFolded
    );
  }
}

function kindOf(draft: Draft): string {
  return (draft.texts.get('objectclass') ?? []).join(',').toLowerCase();
}
