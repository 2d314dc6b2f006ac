import type { Kit } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import { BrokenAnswer } from '../../src/connector-kit/http/broken-answer.ts';
import type { HttpClient } from '../../src/connector-kit/http/client.ts';
import { callSoap, SoapFault } from '../../src/connector-kit/soap/soap-client.ts';
import type { SoapAnswer, SoapCall } from '../../src/connector-kit/soap/soap-client.ts';
import { childOf, childrenOf, escapeXml, textOf } from '../../src/connector-kit/soap/xml.ts';
import type { XmlElement } from '../../src/connector-kit/soap/xml.ts';
import { refusalOf } from './refusals.ts';
import { resultCode } from './schema.ts';
import { Turns } from './turns.ts';

const service = 'http://xml.avaya.com/ws/SystemManagementService/2008/07/01';
const sessionNamespace = 'http://xml.avaya.com/ws/session';

/** A release that takes longer is not waited for: the service ends idle sessions by itself. */
const longestReleaseMs = 10_000;
const releaseAttempts = 2;

/** One command of the SAT, as the service takes it. */
export interface Command {
  readonly operation: 'list' | 'display';
  readonly model: 'Agent' | 'HuntGroup';
  /** The fields that are answered; none would mean all, passwords included. */
  readonly fields: readonly [string, ...string[]];
  /** A login id, or words of the SAT such as `count 1`. */
  readonly qualifier?: string;
}

/** What the Communication Manager answered inside HTTP 200; only with code 0 it is whole. */
export interface Result {
  readonly code: number;
  /** One line, cut. */
  readonly message: string;
  readonly objects: readonly XmlElement[];
}

/** Sessions of the service are few, and a Communication Manager does one thing at a time, whichever source asks. */
const turns = new Turns();

/**
 * Opens a session when its turn has come, and ends it whatever happens. Throws what `work` throws, and a SourceError where
 * no session is to be had.
 */
export async function withSession<T>(
  { client, cm, log }: { readonly client: HttpClient; readonly cm: string; readonly log: Kit['log'] },
  signal: AbortSignal,
  work: (session: SmsSession) => Promise<T>,
): Promise<T> {
  const leave = await turns.take(cm, signal);
  const session = new SmsSession(client);
  try {
    return await work(session);
  } finally {
    if (!(await session.release())) log.warn('a session of the Avaya service could not be released; it ends when idle');
    leave();
  }
}

/** A session of the service with one Communication Manager. The service gives the id with its first answer. */
export class SmsSession {
  readonly #client: HttpClient;
  #id = '';

  constructor(client: HttpClient) {
    this.#client = client;
  }

  /**
   * Opens the session by the smallest command there is: an id that is known before the long list begins can be released
   * whatever becomes of that. The CM's own answer does not matter here.
   */
  async open(signal: AbortSignal): Promise<Result> {
    return this.ask({ operation: 'list', model: 'Agent', fields: ['Login_ID', 'Name'], qualifier: 'count 1' }, signal);
  }

  /** Throws a SourceError; a code other than 0 is for the caller to judge. */
  async ask(command: Command, signal: AbortSignal): Promise<Result> {
    const doing = `${command.operation} ${command.model}`;
    const answer = await this.#call({ action: 'submitRequest', doing, body: submitRequest(command) }, signal);
    return this.#resultOf(answer, command.model, doing);
  }

  /** True when there is nothing left to release. Never throws. */
  async release(): Promise<boolean> {
    for (let attempt = 0; this.#id !== '' && attempt < releaseAttempts; attempt += 1) {
      try {
        const body = `<ns2:release xmlns:ns2="${service}"/>`;
        await this.#call({ action: 'release', doing: 'release', body }, AbortSignal.timeout(longestReleaseMs));
        this.#id = '';
      } catch (error) {
        // What was refused, a log-in above all, is not asked for again.
        if (error instanceof SourceError && error.class === 'fatal') return false;
      }
    }
    return this.#id === '';
  }

  async #call(
    call: Pick<SoapCall, 'doing' | 'body'> & { readonly action: string },
    signal: AbortSignal,
  ): Promise<SoapAnswer> {
    const { doing, body } = call;
    const header = `<ns1:sessionID xmlns:ns1="${sessionNamespace}">${escapeXml(this.#id)}</ns1:sessionID>`;
    try {
      const action = `${service}#soap_webservice#${call.action}`;
      const answer = await callSoap(this.#client, { action, doing, header, body }, signal);
      this.#remember(textOf(answer.header, 'sessionID'));
      return answer;
    } catch (error) {
      if (error instanceof BrokenAnswer) this.#remember(sessionIn(error.received));
      // A fault has no header: the old id stays the right one.
      throw error instanceof SoapFault ? refused(error, doing) : error;
    }
  }

  #resultOf({ content }: SoapAnswer, model: Command['model'], doing: string): Result {
    const returned = childOf(content, 'return');
    const code = resultCode.safeParse(textOf(returned, 'result_code'));
    if (!code.success) {
      const message = `the service answered ${doing} without a result_code; make sure that connection.url is right`;
      throw new SourceError('fatal', 'protocol', message);
    }
    const data = childOf(returned, 'result_data');
    return {
      code: code.data,
      message: this.#client.shown(textOf(returned, 'message_text') ?? ''),
      objects: data === undefined ? [] : childrenOf(data, model),
    };
  }

  #remember(id: string | undefined): void {
    if (id !== undefined && id !== '') this.#id = id;
  }
}

function submitRequest({ operation, model, fields, qualifier = '' }: Command): string {
  const wanted = fields.map((field) => `<${field}/>`).join('');
  return [
    `<ns2:submitRequest xmlns:ns2="${service}">`,
    `<modelFields><${model}>${wanted}</${model}></modelFields>`,
    `<operation>${operation}</operation><objectname/><qualifier>${escapeXml(qualifier)}</qualifier>`,
    '</ns2:submitRequest>',
  ].join('');
}

function refused(fault: SoapFault, doing: string): SourceError {
  const known = refusalOf(fault.text, fault.message);
  if (known !== undefined) return known;
  // A fault of the client is one of this connector; anything else may pass.
  if (fault.code === 'Client') return new SourceError('fatal', 'protocol', fault.message);
  return new SourceError('retryable', 'protocol', `${fault.message}; the log of the AES may say why (${doing})`);
}

/** The session that an answer opened although it broke off: the header comes first. */
function sessionIn(received: Buffer): string | undefined {
  return /<(?:[\w.-]+:)?sessionID\b[^>]{0,500}>\s*([\w.+/=-]{1,200})\s*</.exec(received.toString('latin1'))?.[1];
}
