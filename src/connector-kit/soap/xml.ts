import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { cleanText } from '../../telemetry/clean-text.ts';

/** An element of a document that another system sent. */
export interface XmlElement {
  /** Without prefix, since prefixes are the sender's own choice. */
  readonly name: string;
  /** By local name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** What stands in it directly, references decoded; a value where it has no children. */
  readonly text: string;
}

/** A document that is not XML as it is accepted here; the message holds nothing of its content. */
export class UnusableXml extends Error {
  override readonly name = 'UnusableXml';
}

/** A SOAP answer has some seven levels. */
const deepest = 50;

/** Opening and closing ones; 10,000 agents with 20 skills each have some 900,000. More would cost seconds and gigabytes. */
const mostTags = 2_000_000;

/** In characters; also of a tag with its attributes. The parser takes seconds for a text of some megabytes. */
const longestText = 1_000_000;

const textKey = '#text';
const cdataKey = '#cdata';
const attributesKey = ':@';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  // Everything is text: as numbers, ids would lose their leading zeros.
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  cdataPropName: cdataKey,
  ignorePiTags: true,
  ignoreDeclaration: true,
  // Decoded below, because the library limits their number for fear of definitions that are refused here altogether.
  processEntities: false,
  maxNestedTags: deepest,
  // Costs a third of the time, and nothing here asks for paths.
  jPath: false,
  onDangerousProperty: (name) => `${name}_`,
});

/**
 * The root of a document. Throws UnusableXml for one that is not well-formed or that was cut, for one deeper than 50
 * levels, and for every DOCTYPE, since it defines entities that grow without end or name files.
 */
export function readXml(bytes: Uint8Array, charset?: string): XmlElement {
  const sent = decode(bytes, charset).trimStart();
  refuseExcess(sent);
  const text = usable(sent);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new UnusableXml('it has a DOCTYPE, which is never read');
  const roots = parse(text).flatMap((node) => asElement(node) ?? []);
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw new UnusableXml('it has not exactly one root element');
  return root;
}

/** The children of that name, in order. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The first child of that name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The text of the first child of that name, trimmed; undefined where there is none. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text.trim();
}

/** Text as the content of an element or an attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** In the encoding that the transport or the declaration names, else UTF-8; what is not in it becomes U+FFFD. */
function decode(bytes: Uint8Array, charset: string | undefined): string {
  const declared = /^<\?xml[^>]{0,100}?encoding=["']([A-Za-z0-9._-]{1,40})["']/.exec(
    Buffer.from(bytes.subarray(0, 200)).toString('latin1'),
  )?.[1];
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe ? 'utf-16be' : undefined;
  const label = marked ?? charset ?? declared ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new UnusableXml(`its encoding ${cleanText(label, 40)} is not known`);
    throw error;
  }
}

const predefined: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }),
);

// eslint-disable-next-line no-control-regex -- they are what is looked for
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const cdataStart = '<![CDATA[';
const references = /&(?:#x([0-9a-f]{1,8})|#(\d{1,10})|(\w{1,30}));|&/gi;

/**
 * What is no XML character (XML 1.0, section 2.2), and what refers to none, becomes U+FFFD: the one record that has it is
 * rejected at the edge, where a strict parser would refuse the whole list.
 */
function usable(text: string): string {
  const legal = text.replace(illegal, '\ufffd');
  if (!legal.includes('&')) return legal;
  const [start = '', ...sections] = legal.split(cdataStart);
  return [withUsableReferences(start), ...sections.map(afterCdataStart)].join(cdataStart);
}

/** What is inside stays as it is, since there an ampersand is only an ampersand. */
function afterCdataStart(section: string): string {
  const end = section.indexOf(']]>');
  return end < 0 ? section : section.slice(0, end) + withUsableReferences(section.slice(end));
}

function withUsableReferences(text: string): string {
  return text.replace(references, (found, hex?: string, decimal?: string, name?: string) =>
    characterOf(hex, decimal, name) === '\ufffd' ? '\ufffd' : found,
  );
}

/** Predefined and numeric references (XML 1.0, sections 4.1 and 4.6); any other has no meaning without a DOCTYPE. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(references, (_, hex?: string, decimal?: string, name?: string) =>
    characterOf(hex, decimal, name),
  );
}

function characterOf(hex: string | undefined, decimal: string | undefined, name: string | undefined): string {
  if (name !== undefined) return predefined.get(name) ?? '\ufffd';
  const point = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  return point >= 0 && point <= 0x10ffff ? String.fromCodePoint(point).replace(illegal, '\ufffd') : '\ufffd';
}

type Node = Readonly<Record<string, unknown>>;

function parse(text: string): readonly Node[] {
  try {
    const nodes = parser.parse(text) as readonly Node[];
    // The parser alone takes a document that was cut for a whole one.
    new SyntaxValidator().validate(text);
    return nodes;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/nested/i.test(error.message)) throw new UnusableXml(`it is deeper than ${String(deepest)} levels`);
    throw new UnusableXml('it is not well-formed, or was cut');
  }
}

function refuseExcess(text: string): void {
  let tags = 0;
  let last = 0;
  let longest = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
    tags += 1;
    longest = Math.max(longest, at - last);
    last = at;
  }
  if (Math.max(longest, text.length - last) > longestText)
    throw new UnusableXml(`it has a text of more than ${String(longestText)} characters`);
  if (tags > mostTags) throw new UnusableXml(`it has more than ${String(mostTags)} tags`);
}

/** Undefined for what is no element: text between elements. */
function asElement(node: Node): XmlElement | undefined {
  const key = Object.keys(node).find((each) => each !== attributesKey);
  if (key === undefined || key === textKey || key === cdataKey) return undefined;
  const content = node[key] as readonly Node[];
  return {
    name: key,
    attributes: attributesOf(node[attributesKey] as Readonly<Record<string, string>> | undefined),
    children: content.flatMap((child) => asElement(child) ?? []),
    text: content.map(directText).join(''),
  };
}

function attributesOf(written: Readonly<Record<string, string>> | undefined): XmlElement['attributes'] {
  return new Map(Object.entries(written ?? {}).map(([name, value]) => [name, decodeReferences(value)]));
}

function directText(node: Node): string {
  const text = node[textKey];
  if (typeof text === 'string') return decodeReferences(text);
  const cdata = (node[cdataKey] ?? []) as readonly Node[];
  return cdata.map((part) => (typeof part[textKey] === 'string' ? part[textKey] : '')).join('');
}
