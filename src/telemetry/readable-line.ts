import { styleText } from 'node:util';
import { cleanText } from './clean-text.ts';

/** What every line carries and nobody at a terminal needs to read again. */
const leftOut = new Set(['time', 'level', 'msg', 'service', 'version', 'pid', 'err']);

const colours: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

/** One JSON line of the process log as a person at a terminal reads it: time of day, level, message, the rest, the stack. */
export function readableLine(line: string, options: { readonly colours: boolean }): string {
  const entry = parsed(line);
  if (entry === undefined) return `${cleanText(line)}\n`;
  const level = text(entry['level']);
  const paint = (style: Parameters<typeof styleText>[0], shown: string): string =>
    options.colours ? styleText(style, shown, { validateStream: false }) : shown;
  const rest = Object.entries(entry)
    .filter(([key]) => !leftOut.has(key))
    .map(([key, value]) => paint('dim', `${key}=${cleanText(text(value))}`));
  const head = [timeOfDay(text(entry['time'])), paint(colours[level] ?? 'bold', level.toUpperCase().padEnd(5))];
  return `${[...head, cleanText(text(entry['msg']), 2000), ...rest].join(' ')}\n${stackOf(entry['err'])}`;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? { ...entry } : undefined;
  } catch {
    // No JSON, so not from the logger: shown as it is.
    return undefined;
  }
}

function timeOfDay(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? '--:--:--' : time.toTimeString().slice(0, 8);
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const shown = 'stack' in error ? text(error.stack) : 'message' in error ? text(error.message) : '';
  return shown === ''
    ? ''
    : `${shown
        .split('\n')
        .map((line) => `  ${cleanText(line)}`)
        .join('\n')}\n`;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}
