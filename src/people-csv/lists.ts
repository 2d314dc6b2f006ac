import { fold, normalise } from '../domain/text.ts';

/** Several names in one cell (spec 17.1); one that has a semicolon or a quotation mark itself stands in quotation marks. */
export function joinList(names: readonly string[]): string {
  return names.map((name) => (/[;"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(';');
}

/** The names of such a cell, each once whatever its case; null where a quotation mark is left open. */
export function splitList(text: string): string[] | null {
  const names = new Map<string, string>();
  for (let rest = text; rest !== '';) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(?:;|$)/.exec(rest);
    const plain = /^([^;]*)(?:;|$)/.exec(rest);
    if (quoted === null && /^\s*"/.test(rest)) return null;
    const name = normalise(quoted === null ? (plain?.[1] ?? '') : (quoted[1] ?? '').replaceAll('""', '"'));
    if (name !== '' && !names.has(fold(name))) names.set(fold(name), name);
    rest = rest.slice((quoted ?? plain)?.[0].length ?? rest.length);
  }
  return [...names.values()];
}
