import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import { formatProblem } from './errors.ts';
import type { ConfigurationProblem } from './errors.ts';
import { keyPath } from './key-path.ts';

/** A configuration as it is written: plain values, and where each stands. */
export interface RawConfiguration {
  /** Mappings have no prototype, so that no key of the file can mean anything else than a key. */
  readonly value: unknown;
  /** By key path: `FILE:LINE`, later also `environment variable NAME`. */
  readonly origins: Map<string, string>;
  readonly problems: readonly ConfigurationProblem[];
}

interface Reading {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly origins: Map<string, string>;
  readonly problems: ConfigurationProblem[];
  /** Nodes read so far, those that aliases repeat included. */
  nodes: number;
}

/** More nesting than this is no configuration, and a chain of aliases could be made of it. */
const maximumDepth = 20;
/** Aliases of aliases multiply: a few lines can stand for millions of values. */
const maximumNodes = 50_000;

/** Reads YAML text and remembers the line of every key. `file` is the name shown in messages. */
export function parseConfiguration(text: string, file: string): RawConfiguration {
  const lines = new LineCounter();
  // Pretty errors quote the line at fault, and a line at fault may hold a password.
  // The library compares each key with all before it; below it is asked of a set.
  const document = parseDocument(text, {
    ...{ lineCounter: lines, prettyErrors: false, stringKeys: true, strict: true, uniqueKeys: false },
  });
  const origins = new Map<string, string>([['', file]]);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const told = faults.map((fault) => toProblem(fault, file, lines, text));
    // What is wrong with a line is said once, however often the parser stumbles over it.
    return {
      value: null,
      origins,
      problems: [...new Map(told.map((problem) => [formatProblem(problem), problem])).values()],
    };
  }
  try {
    const problems: ConfigurationProblem[] = [];
    const value = toPlain(document.contents, [], { file, document, lines, origins, problems, nodes: 0 });
    return { value: value ?? emptyMapping(), origins, problems };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { value: null, origins, problems: [{ key: '', origin: file, message: error.message }] };
  }
}

function toPlain(node: Node | null, path: readonly PropertyKey[], reading: Reading): unknown {
  if (path.length > maximumDepth) throw new RangeError(`is nested deeper than ${maximumDepth} levels`);
  reading.nodes += 1;
  if (reading.nodes > maximumNodes) throw new RangeError(`has more than ${maximumNodes} values, aliases counted`);
  const target = isAlias(node) ? node.resolve(reading.document) : node;
  if (target === undefined) reading.problems.push(aliasOfNothing(path, reading));
  if (isMap(target)) return mapToPlain(target.items as readonly Pair<Node, Node | null>[], path, reading);
  if (isSeq(target)) return target.items.map((item, index) => itemToPlain(item as Node, [...path, index], reading));
  return isScalar(target) ? target.value : null;
}

function mapToPlain(
  pairs: readonly Pair<Node, Node | null>[],
  path: readonly PropertyKey[],
  reading: Reading,
): unknown {
  const mapping = emptyMapping();
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? String(key.value) : '';
    if (Object.hasOwn(mapping, name)) reading.problems.push(keyTwice(key, reading));
    remember(key, [...path, name], reading);
    mapping[name] = toPlain(value, [...path, name], reading);
  }
  return mapping;
}

function itemToPlain(item: Node, path: readonly PropertyKey[], reading: Reading): unknown {
  remember(item, path, reading);
  return toPlain(item, path, reading);
}

function remember(node: Node, path: readonly PropertyKey[], { file, lines, origins }: Reading): void {
  origins.set(keyPath(path), `${file}:${lines.linePos(node.range?.[0] ?? 0).line}`);
}

function keyTwice(key: Node, { file, lines }: Reading): ConfigurationProblem {
  const origin = `${file}:${String(lines.linePos(key.range?.[0] ?? 0).line)}`;
  return { key: '', origin, message: 'is not valid YAML here: the same key stands twice in one mapping' };
}

function aliasOfNothing(path: readonly PropertyKey[], { file, origins }: Reading): ConfigurationProblem {
  const key = keyPath(path);
  const message = 'refers to an anchor that does not exist; put a value that begins with * in quotes';
  return { key, origin: origins.get(key) ?? file, message };
}

function emptyMapping(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function toProblem(fault: YAMLError, file: string, lines: LineCounter, text: string): ConfigurationProblem {
  const { line } = lines.linePos(fault.pos[0]);
  // A cron expression, above all: what begins with * is an alias in YAML.
  const beginsWithStar = /^[^#'"]*[:-]\s+\*/.test(text.split('\n')[line - 1] ?? '');
  const hint = beginsWithStar ? '; put a value that begins with * in quotation marks' : '';
  return { key: '', origin: `${file}:${line}`, message: `is not valid YAML here: ${describe(fault)}${hint}` };
}

/** The library's texts for these codes quote what was written, which may be a password that lacks its quotes. */
function describe(fault: YAMLError): string {
  switch (fault.code) {
    case 'TAG_RESOLVE_FAILED':
      return 'a value that begins with ! is a tag that is not known; put it in quotes';
    case 'BAD_DIRECTIVE':
      return 'a line that begins with % is a directive that is not known';
    case 'MULTIPLE_DOCS':
      return 'a second document begins; one file is one configuration';
    default:
      return withoutQuotation(fault.message);
  }
}

function withoutQuotation(message: string): string {
  const [statement = message] = message.split(/[:"'`\n]/);
  return statement.trim().replace(/^./, (first) => first.toLowerCase());
}
