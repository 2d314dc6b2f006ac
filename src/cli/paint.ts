import { styleText } from 'node:util';

/** Colours for people at a terminal; everywhere else the text as it is. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

/** Colours only on a terminal and where NO_COLOR (no-color.org) is not set. */
export function createPaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const colours = isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const style =
    (name: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      colours && text !== '' ? styleText(name, text, { validateStream: false }) : text;
  return { bold: style('bold'), dim: style('dim'), good: style('green'), warn: style('yellow'), bad: style('red') };
}

const good = new Set(['ok', 'completed', 'linked', 'present', 'on']);
const warning = new Set([
  'paused',
  'held',
  'completed-with-rejects',
  'warning',
  'waiting',
  'question',
  'disabled',
  'off',
]);
const bad = new Set(['failed', 'failing', 'gone', 'cancelled']);

/** A state in its colour. */
export function paintState(paint: Paint, state: string): string {
  if (good.has(state)) return paint.good(state);
  if (warning.has(state)) return paint.warn(state);
  return bad.has(state) ? paint.bad(state) : state;
}
