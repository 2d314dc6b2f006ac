import { BrokenAnswer } from './broken-answer.ts';
import type { HttpAnswer } from './client.ts';

/** A JSON object as it came. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object of an answer in JSON; why it is none, in words that hold nothing of it. */
export function readJson({ body }: Pick<HttpAnswer, 'body'>): JsonObject | string {
  const start = body
    .subarray(0, 500)
    .toString('latin1')
    .replace(/^[\s\u00ef\u00bb\u00bf]+/, '');
  if (start === '') return 'it is empty';
  if (/^<(?:!doctype\s+)?html[\s>]/i.test(start)) return 'it is a web page, such as one to log in';
  if (start.startsWith('<')) return 'it is XML, with or without a DOCTYPE, and not JSON';
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8').decode(body));
    return isJsonObject(value) ? value : 'it is JSON, but no object';
  } catch (error) {
    if (error instanceof SyntaxError) return 'it is no JSON, or was cut';
    // A stack that is too deep for nested JSON.
    if (error instanceof RangeError) return 'it is nested too deeply';
    throw error;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error of an answer whose content cannot be used; asking again may bring another. */
export function unusableAnswer(place: string, doing: string, why: string, { body }: HttpAnswer): BrokenAnswer {
  const message = `the answer of ${place} to ${doing} cannot be used: ${why}; if it stays so, check connection.url`;
  return new BrokenAnswer('protocol', message, [body]);
}
