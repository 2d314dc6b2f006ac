import type { CiscoRequest } from '../../src/connector-kit/cisco/api.ts';
import { askCisco, askForOne } from '../../src/connector-kit/cisco/api.ts';
import { asPathPart } from '../../src/connector-kit/cisco/address.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { HttpClient } from '../../src/connector-kit/http/client.ts';
import { elementOf, elementsOf, wordsOf } from '../../src/connector-kit/http/document.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { interfaceOf } from './config.ts';
import type { Config } from './config.ts';
import { count } from './schema.ts';

/** Kind of object → its collection and its element, without case. */
const collections = { agent: ['agents', 'agent'], agentteam: ['agentteams', 'agentteam'] } as const;

export type Kind = keyof typeof collections;

/** Names in lower case: the manual's own samples write `startIndex` and `startindex`. */
export type Query = Readonly<Record<string, string>>;

/** One page of a list, as the interface says it. */
export interface ListPage {
  readonly items: readonly XmlElement[];
  /** Undefined where `pageInfo` does not say. */
  readonly total: number | undefined;
  readonly startIndex: number | undefined;
  /** What the link to the next page asks for, in lower case; undefined on the last page. Its host means nothing. */
  readonly next: Query | undefined;
  /** The role of the account that asks, as `permissionInfo` has it. */
  readonly role: string | undefined;
}

/** The administration interface of one system. */
export class Api {
  readonly client: HttpClient;
  readonly #start: string;

  private constructor(client: HttpClient, start: string) {
    this.client = client;
    this.#start = start;
  }

  /** Sends nothing yet. */
  static async open(settings: Config): Promise<Api> {
    const start = interfaceOf(settings);
    return new Api(await HttpClient.open(settings.connection, start), start);
  }

  /** Throws a SourceError. */
  async page(kind: Kind, query: Query, signal: AbortSignal): Promise<ListPage> {
    const doing = `list ${kind}`;
    const parameters = Object.entries(query).map(([name, value]) => `${wireName(name)}=${encodeURIComponent(value)}`);
    const root = await askCisco(this.client, this.#request(doing, `${kind}?${parameters.join('&')}`), signal);
    const [collection, item] = collections[kind];
    const holder = root.name.toLowerCase() === collection ? root : elementOf(root, collection);
    const info = elementOf(root, 'pageinfo');
    if (holder === undefined && info === undefined) {
      const message = `${this.client.place} answered ${doing} with something else than ${collection}; make sure that connection.url is right`;
      throw new SourceError('fatal', 'protocol', message);
    }
    return {
      items: elementsOf(holder, item),
      total: count.safeParse(wordsOf(info, 'totalresults')).data,
      startIndex: count.safeParse(wordsOf(info, 'startindex')).data,
      next: queryOf(wordsOf(info, 'nextpage')),
      role: wordsOf(elementOf(root, 'permissioninfo'), 'role')?.trim(),
    };
  }

  /** One agent; undefined where the answer is 404, which alone proves nothing. Throws a SourceError. */
  async agent(id: string, signal: AbortSignal): Promise<XmlElement | undefined> {
    const part = asPathPart(id);
    if (part === undefined) return undefined;
    const root = await askForOne(this.client, this.#request('get agent', `agent/${part}`), signal);
    return elementOf(root, 'agent') ?? root;
  }

  #request(doing: string, path: string): CiscoRequest {
    return { doing, address: `${this.#start}/${path}`, accept: 'application/xml' };
  }
}

/** As the manual spells them in its text. */
const wireNames: Readonly<Record<string, string>> = {
  startindex: 'startIndex',
  resultsperpage: 'resultsPerPage',
  ignorerole: 'ignoreRole',
};

function wireName(name: string): string {
  return wireNames[name] ?? encodeURIComponent(name);
}

function queryOf(link: string | undefined): Query | undefined {
  const text = link?.trim() ?? '';
  if (text === '') return undefined;
  const query = new URLSearchParams(text.includes('?') ? text.slice(text.indexOf('?')) : '');
  return Object.fromEntries([...query].map(([name, value]) => [name.toLowerCase(), value]));
}
