import type { SourceFile } from './file.ts';

/**
 * Which of these attributes (lower case) occur in the file at all: one that does not was not exported, or may not be read,
 * so that it is *not read* rather than empty (spec 2.3).
 */
export async function occurringAttributes(
  file: SourceFile,
  attributes: Iterable<string>,
  signal: AbortSignal,
): Promise<Set<string>> {
  const missing = new Set(attributes);
  const found = new Set<string>();
  let tail = '';
  for await (const chunk of file.chunks(signal)) {
    if (missing.size === 0) break;
    // Names are ASCII, and this is the cheapest way to look at the bytes.
    const text = `${tail}${chunk.toString('latin1')}`;
    const lineStart = text.lastIndexOf('\n') + 1;
    tail = text.slice(lineStart, lineStart + longestName);
    let pattern = linesOf(missing);
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const name = (match[1] ?? '').toLowerCase();
      missing.delete(name);
      found.add(name);
      if (missing.size === 0) break;
      const at = pattern.lastIndex;
      pattern = linesOf(missing);
      pattern.lastIndex = at;
    }
  }
  return found;
}

const longestName = 300;

function linesOf(attributes: ReadonlySet<string>): RegExp {
  const names = [...attributes].map((name) => name.replace(/[^A-Za-z0-9]/g, '\\$&'));
  return new RegExp(`^(${names.join('|')}):`, 'gim');
}
