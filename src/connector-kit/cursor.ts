import type { ZodType } from 'zod';
import { SourceError } from './errors.ts';

/** Reads what an earlier import left as its cursor. Throws a SourceError `cursor-unusable` where it is none of this version. */
export function parseCursor<T>(schema: ZodType<T>, text: string): T {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw unusable('the last import left no place to go on from that this version understands');
  return parsed.data;
}

/** A reason why only a full read can go on. */
export function unusable(reason: string): SourceError {
  return new SourceError('fatal', 'cursor-unusable', reason);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no cursor of ours: the caller says so
  }
}
