import { readXml, UnusableXml } from '../soap/xml.ts';
import type { XmlElement } from '../soap/xml.ts';
import type { HttpAnswer } from './client.ts';

/** A body that is neither XML nor JSON as they are accepted here; the message holds nothing of its content. */
export class UnusableDocument extends Error {
  override readonly name = 'UnusableDocument';
}

/** A list of people has some six levels. */
const deepest = 50;

/**
 * The root of an answer in XML or JSON, whatever its header says it is. JSON becomes the same tree: a list is several elements
 * of one name, `@name` an attribute, null an empty element; the root has no name. Throws UnusableDocument.
 */
export function readDocument({ body, headers }: Pick<HttpAnswer, 'body' | 'headers'>): XmlElement {
  const type = headers['content-type'] ?? '';
  const start = body
    .subarray(0, 500)
    .toString('latin1')
    .replace(/^[\s\u00ef\u00bb\u00bf]+/, '');
  if (/^<(?:!doctype\s+)?html[\s>]/i.test(start)) throw new UnusableDocument('it is a web page, such as one to log in');
  if (start === '') throw new UnusableDocument('it is empty');
  if (/^[{[]/.test(start)) return fromJson(body);
  try {
    return readXml(body, /;\s*charset="?([A-Za-z0-9._-]{1,40})/i.exec(type)?.[1]);
  } catch (error) {
    if (error instanceof UnusableXml) throw new UnusableDocument(error.message);
    throw error;
  }
}

/** The children of these names, in order and without case: releases of one product spell their elements differently. */
export function elementsOf(parent: XmlElement | undefined, ...names: readonly string[]): XmlElement[] {
  return parent?.children.filter((child) => names.includes(child.name.toLowerCase())) ?? [];
}

/** The first child of these names, without case. */
export function elementOf(parent: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return elementsOf(parent, ...names)[0];
}

/** The text of the first child of these names, untrimmed; undefined where there is none. */
export function wordsOf(parent: XmlElement | undefined, ...names: readonly string[]): string | undefined {
  return elementOf(parent, ...names)?.text;
}

function fromJson(body: Buffer): XmlElement {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8').decode(body));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UnusableDocument('it is no JSON, or was cut');
    throw error;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return asElement('', value, 0);
  throw new UnusableDocument('it is JSON, but no object');
}

function asElement(name: string, value: unknown, depth: number): XmlElement {
  if (depth > deepest) throw new UnusableDocument(`it is deeper than ${String(deepest)} levels`);
  if (typeof value !== 'object' || value === null)
    return { name, attributes: new Map(), children: [], text: textOf(value) };
  const entries = Object.entries(value);
  const attributes = entries.filter(([key]) => key.startsWith('@'));
  const children = entries.filter(([key]) => !/^[@#$]/.test(key));
  const [, text] = entries.find(([key]) => key === '#text' || key === '$') ?? [];
  return {
    name,
    attributes: new Map(attributes.map(([key, each]) => [key.slice(1), textOf(each)])),
    children: children.flatMap(([key, each]) =>
      (Array.isArray(each) ? (each as unknown[]) : [each]).map((one) => asElement(key, one, depth + 1)),
    ),
    text: textOf(text),
  };
}

/** A number that JSON cannot hold exactly becomes U+FFFD, so that its record is rejected and not mistaken for another. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return '';
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? '\ufffd' : String(value);
}
