import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';

/** An element with its names resolved, so that the prefixes which a client chose do not matter. */
type Element = {
  readonly namespace: string;
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
};

/** A call as the service understands it. */
export type SoapCall =
  | { readonly name: 'release'; readonly sessionId: string }
  | {
      readonly name: 'submitRequest';
      readonly sessionId: string;
      readonly model: string;
      /** The fields that the model's element names. */
      readonly fields: readonly string[];
      readonly operation: string;
      readonly qualifier: string;
    };

/** A request that the service does not understand; the message is what its fault says. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

export const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
export const SESSION = 'http://xml.avaya.com/ws/session';
export const SERVICE = 'http://xml.avaya.com/ws/SystemManagementService/2008/07/01';

type Parsed = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
});

/**
 * Reads a SOAP 1.1 request of the service.
 *
 * @throws NotUnderstood
 */
export function readCall(body: string): SoapCall {
  const envelope = rootOf(body);
  expectName(envelope, SOAP, 'Envelope');
  const header = envelope.children.find(({ namespace, name }) => namespace === SOAP && name === 'Header');
  const content = envelope.children.find(({ namespace, name }) => namespace === SOAP && name === 'Body');
  const call = content?.children[0];
  if (call?.namespace !== SERVICE) throw new NotUnderstood('Function is not a valid method for this service');
  const session = header?.children.find(({ namespace, name }) => namespace === SESSION && name === 'sessionID');
  const sessionId = session?.text ?? '';
  if (call.name === 'release') return { name: 'release', sessionId };
  if (call.name !== 'submitRequest') throw new NotUnderstood(`Function ("${call.name}") is not a valid method`);
  return { name: 'submitRequest', sessionId, ...parametersOf(call) };
}

function parametersOf(call: Element): { model: string; fields: string[]; operation: string; qualifier: string } {
  const parameter = (name: string): Element | undefined =>
    call.children.find((child) => child.name === name && child.namespace === '');
  const model = parameter('modelFields')?.children[0];
  const operation = parameter('operation')?.text ?? '';
  if (model === undefined || operation === '') throw new NotUnderstood('modelFields and operation are needed');
  return {
    model: model.name,
    fields: [...new Set(model.children.map(({ name }) => name))],
    operation,
    qualifier: parameter('qualifier')?.text ?? '',
  };
}

function rootOf(body: string): Element {
  let nodes: Parsed[];
  try {
    // The parser alone takes half a document for a whole one.
    new SyntaxValidator().validate(body);
    nodes = parser.parse(body) as Parsed[];
  } catch (error) {
    throw new NotUnderstood(`Bad Request: ${error instanceof Error ? error.message : String(error)}`);
  }
  const root = nodes.map((node) => elementOf(node, { '': '' })).find((element) => element !== undefined);
  if (root === undefined) throw new NotUnderstood('Bad Request: no document');
  return root;
}

/** Resolves a node of the parser ({@link XMLParser} with preserveOrder); undefined for text and declarations. */
function elementOf(node: Parsed, outer: Readonly<Record<string, string>>): Element | undefined {
  const tag = Object.keys(node).find((key) => key !== ':@');
  if (tag === undefined || tag === '#text' || tag.startsWith('?')) return undefined;
  const scope = { ...outer, ...declared((node[':@'] ?? {}) as Readonly<Record<string, string>>) };
  const [prefix, name] = tag.includes(':') ? (tag.split(':', 2) as [string, string]) : ['', tag];
  const namespace = scope[prefix];
  if (namespace === undefined) throw new NotUnderstood(`Bad Request: the prefix ${prefix} is not declared`);
  const inside = node[tag] as readonly Parsed[];
  return {
    namespace,
    name,
    text: inside.map((child) => (typeof child['#text'] === 'string' ? decoded(child['#text']) : '')).join(''),
    children: inside.map((child) => elementOf(child, scope)).filter((child) => child !== undefined),
  };
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Predefined and numeric references (XML 1.0, sections 4.1 and 4.6). */
function decoded(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex?: string, decimal?: string, name?: string) =>
    name === undefined
      ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
      : (PREDEFINED[name] ?? ''),
  );
}

function declared(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const declarations: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'xmlns') declarations[''] = value;
    else if (name.startsWith('xmlns:')) declarations[name.slice('xmlns:'.length)] = value;
  }
  return declarations;
}

function expectName(element: Element, namespace: string, name: string): void {
  if (element.namespace !== namespace || element.name !== name) throw new NotUnderstood(`Bad Request: no ${name}`);
}
