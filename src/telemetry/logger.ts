import { pino } from 'pino';
import type { Level, Logger } from 'pino';
import { product } from './product.ts';
import { readableLine } from './readable-line.ts';
import type { Redactor } from './redactor.ts';

export type { Logger } from 'pino';

/** Where log lines go; standard output and standard error are such destinations. */
interface LogDestination {
  write(line: string): unknown;
  readonly isTTY?: boolean;
}

export interface LoggerOptions {
  readonly level: Level | 'silent';
  /** Takes secrets out of every line. */
  readonly redactor: Redactor;
  /** Standard output by default. A terminal gets short readable lines, everything else one JSON object per line. */
  readonly destination?: LogDestination;
}

/**
 * The process log: one JSON object per line with `time` (ISO, UTC), `level` by name, `msg`, `service` and `version`. It
 * carries ids, not names of people. What people ask about users is in the history, not here.
 */
export function createLogger({ level, redactor, destination = process.stdout }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service: product.name, version: product.version, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // The finished line, so that nothing goes past it: messages, bindings of children, what serializers made of errors.
      hooks: { streamWrite: (line) => lineWithoutSecrets(line, redactor) },
    },
    destination.isTTY === true ? readable(destination) : { write: (line: string) => destination.write(line) },
  );
}

function lineWithoutSecrets(line: string, redactor: Redactor): string {
  const changed = redactor.redact(line);
  if (changed === line) return line;
  try {
    // Within the values, so that the line stays JSON whatever the secret is made of.
    return `${JSON.stringify(redactor.redactDeep(JSON.parse(line)))}\n`;
  } catch {
    // Better a line that is no JSON than a secret in it.
    return changed;
  }
}

function readable(destination: LogDestination): { write(line: string): void } {
  const colours = !process.env['NO_COLOR'];
  return { write: (line) => destination.write(readableLine(line, { colours })) };
}
