import type { CiscoRequest } from '../../src/connector-kit/cisco/api.ts';
import { askCisco, askForOne } from '../../src/connector-kit/cisco/api.ts';
import { asPathPart } from '../../src/connector-kit/cisco/address.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import { elementOf, elementsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import type { Config } from './config.ts';
import { interfacesOf } from './config.ts';

/** Kind of object → its collection and its element, without case. */
const collections = {
  resource: ['resources', 'resource'],
  team: ['teams', 'team'],
  skill: ['skills', 'skill'],
} as const;

type Kind = keyof typeof collections;

/** One node of the cluster. */
export class Node {
  readonly client: HttpClient;
  readonly #start: string;
  readonly #accept: string;

  constructor(client: HttpClient, start: string, format: Config['format']) {
    this.client = client;
    this.#start = start;
    this.#accept = `application/${format}`;
  }

  /** Everything of a kind: the interface has no pages. Throws a SourceError. */
  async list(kind: Kind, signal: AbortSignal): Promise<readonly XmlElement[]> {
    const doing = `list ${kind}`;
    const root = await askCisco(this.client, this.#request(doing, kind), signal);
    const [collection, item] = collections[kind];
    const holder = root.name.toLowerCase() === collection ? root : (elementOf(root, collection) ?? root);
    const items = elementsOf(holder, item);
    if (items.length > 0 || holder !== root || root.name.toLowerCase() === collection || isEmptyJson(root))
      return items;
    const message = `${this.client.place} answered ${doing} with something else than ${collection}; make sure that connection.url is right`;
    throw new SourceError('fatal', 'protocol', message);
  }

  /** One resource; undefined where the answer is 404, which alone proves nothing. Throws a SourceError. */
  async resource(id: string, signal: AbortSignal): Promise<XmlElement | undefined> {
    const part = asPathPart(id);
    if (part === undefined) return undefined;
    const root = await askForOne(this.client, this.#request('get resource', `resource/${part}`), signal);
    return elementOf(root, 'resource') ?? root;
  }

  #request(doing: string, path: string): CiscoRequest {
    return { doing, address: `${this.#start}/${path}`, accept: this.#accept };
  }
}

/** A list in JSON has no name of its own. */
function isEmptyJson(root: XmlElement): boolean {
  return root.name === '' && root.children.length === 0;
}

/** Opens the nodes, of which the first one is asked unless it fails. Sends nothing yet. */
export async function openNodes(settings: Config): Promise<readonly [Node, ...Node[]]> {
  const [first, ...others] = interfacesOf(settings);
  const open = async (start: string): Promise<Node> =>
    new Node(await HttpClient.open(settings.connection, start), start, settings.format);
  return [await open(first), ...(await Promise.all(others.map(open)))];
}

/** What was asked, and what to tell of how. */
export interface Asked<T> {
  readonly value: T;
  readonly notes: readonly string[];
}

/**
 * Asks the first node, and the second where that one cannot answer now. All that belongs together comes from one node. What is
 * refused, and a wait that the server asks for, holds for both.
 */
export async function askNodes<T>(
  [first, second]: readonly [Node, ...Node[]],
  ask: (node: Node) => Promise<T>,
): Promise<Asked<T>> {
  try {
    return { value: await ask(first), notes: [] };
  } catch (error) {
    if (second === undefined || !(error instanceof SourceError) || !passesOver(error)) throw error;
    const value = await askSecond(second, ask, error);
    return {
      value,
      notes: [`read from the second node, ${second.client.place}, since the first failed: ${error.message}`],
    };
  }
}

async function askSecond<T>(node: Node, ask: (node: Node) => Promise<T>, first: SourceError): Promise<T> {
  try {
    return await ask(node);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { retryAfterMs } = error;
    const message = `${first.message}; the second node: ${error.message}`;
    throw new SourceError(error.class, error.code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
}

function passesOver({ class: errorClass, code, retryAfterMs }: SourceError): boolean {
  return errorClass === 'retryable' && !(code === 'busy' && retryAfterMs !== undefined);
}
