import { BindRequest, ExtendedRequest, SearchRequest, UnbindRequest } from 'ldapts';
import type { Control } from 'ldapts';
import type { Socket } from 'node:net';
import { placeOf } from '../connect/endpoint.ts';
import type { Endpoint } from '../connect/endpoint.ts';
import { connectionFailure } from '../connect/failures.ts';
import { openTcp, openTls } from '../connect/socket.ts';
import { SourceError } from '../errors.ts';
import type { SourceErrorCode } from '../errors.ts';
import { MalformedAnswer, tag } from './ber.ts';
import type { DirectoryConnection } from './connection-config.ts';
import { endpointsOf } from './connection-config.ts';
import { bindFailure, notLdap, resultCode, resultFailure } from './failures.ts';
import type { Filter } from './filter.ts';
import { MessageFramer, readControls, readEntry, readResult } from './messages.ts';
import type { Entry, Result, ServerMessage } from './messages.ts';

/** What to search for. */
export interface Search {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: Filter;
  /** Asked for by name: nothing else is transferred. */
  readonly attributes: readonly string[];
  /** Lower-case names of those among them whose values are bytes. */
  readonly binary?: ReadonlySet<string>;
  /** The most entries to be sent; the answer's failure has code 4 when there are more. */
  readonly sizeLimit?: number;
  readonly controls?: readonly Control[];
}

/** All that a search brought, also when it failed half-way: nothing that arrived is lost. */
export interface SearchAnswer {
  readonly entries: readonly Entry[];
  /** Continuation references: counted, never followed, since following can hand the password to another server. */
  readonly references: number;
  /** The controls of the search that the server answered. */
  readonly answered: ReadonlySet<Control>;
  /** Why it did not end with success: a ResultFailure, a SourceError of the connection, or the reason of the abort. */
  readonly failure?: Error;
}

interface Pending {
  readonly take: (message: ServerMessage) => void;
  readonly fail: (error: Error) => void;
}

const startTlsOid = '1.3.6.1.4.1.1466.20037';
const noControls: ReadonlySet<Control> = new Set();

/**
 * One LDAP connection over a socket that is already open and, where configured, encrypted. Messages, filters and controls are
 * those of ldapts; its Client is not used, because it ends paging at an empty page whatever the cookie says, throws away the
 * entries that came before a failure, and reconnects by itself without log-in or StartTLS.
 */
export class LdapConnection {
  readonly #socket: Socket;
  readonly #place: string;
  readonly #timeoutMs: number;
  readonly #framer = new MessageFramer();
  readonly #pending = new Map<number, Pending>();
  /** Whether anything has come from the server. */
  #heard = false;
  #lastId = 0;
  #ended: Error | undefined;
  /** What a server might echo. */
  #secrets: readonly string[] = [];

  constructor(socket: Socket, place: string, timeoutMs: number) {
    this.#socket = socket;
    this.#place = place;
    this.#timeoutMs = timeoutMs;
    socket.on('data', this.#receive).on('error', this.#broken).on('close', this.#closed);
  }

  /** Simple bind. Throws a SourceError; a refused one is fatal and must not be repeated by itself. */
  async bind(bindDn: string, password: string, signal: AbortSignal): Promise<void> {
    const result = await this.askBind(bindDn, password, signal);
    if (result.code !== resultCode.success) throw bindFailure(result, bindDn, password);
  }

  /** The same, with the server's answer whatever it is. */
  askBind(bindDn: string, password: string, signal: AbortSignal): Promise<Result> {
    this.#secrets = [password];
    return this.#ask(new BindRequest({ messageId: this.#nextId(), dn: bindDn, password }), tag.bindResponse, signal);
  }

  /**
   * Asks the server to start TLS and hands back the bare socket; this object is of no use after that. Bytes that came along
   * with the answer were injected before the encryption, and end the connection.
   */
  async startTls(signal: AbortSignal): Promise<Socket> {
    const request = new ExtendedRequest({ messageId: this.#nextId(), oid: startTlsOid });
    const result = await this.#ask(request, tag.extendedResponse, signal);
    const refused = result.code !== resultCode.success;
    if (refused || this.#framer.pendingBytes > 0) {
      this.destroy();
      const why = refused ? resultFailure(result, 'StartTLS').message : 'there was data in clear behind the answer';
      throw new SourceError(
        'fatal',
        'tls',
        `${this.#place} does not start TLS: ${why}; use ldaps:// if the server has it`,
      );
    }
    this.#socket.off('data', this.#receive).off('error', this.#broken).off('close', this.#closed);
    return this.#socket;
  }

  /** Searches, and always resolves; see SearchAnswer. */
  search(search: Search, signal: AbortSignal): Promise<SearchAnswer> {
    const messageId = this.#nextId();
    const controls = [...(search.controls ?? [])];
    const binary = search.binary ?? new Set<string>();
    const entries: Entry[] = [];
    let references = 0;
    const request = new SearchRequest({
      messageId,
      baseDN: search.base,
      scope: search.scope,
      filter: search.filter,
      attributes: [...search.attributes],
      sizeLimit: search.sizeLimit ?? 0,
      timeLimit: Math.ceil(this.#timeoutMs / 1_000),
      controls,
    });
    return new Promise((resolve) => {
      const operation = this.#begin(messageId, signal, {
        take: (message) => {
          if (message.operation === tag.searchEntry) entries.push(readEntry(message.body, binary));
          else if (message.operation === tag.searchReference) references += 1;
          else if (message.operation === tag.searchDone) {
            const result = readResult(message.body);
            const answered = readControls(message.rest, controls);
            const failure =
              result.code === resultCode.success
                ? {}
                : { failure: resultFailure(result, `the search below ${search.base}`, this.#secrets) };
            operation.end();
            resolve({ entries, references, answered, ...failure });
          }
        },
        fail: (failure) => resolve({ entries, references, answered: noControls, failure }),
      });
      this.#send(request.write());
    });
  }

  /** Says goodbye and closes; never fails, since there is nothing left to lose. */
  close(): Promise<void> {
    if (this.#ended === undefined) this.#socket.write(new UnbindRequest({ messageId: this.#nextId() }).write());
    this.#socket.destroySoon();
    this.#end(new SourceError('retryable', 'unreachable', `the connection to ${this.#place} is closed`));
    return Promise.resolve();
  }

  /** Closes without a word. */
  destroy(): void {
    this.#end(new SourceError('retryable', 'unreachable', `the connection to ${this.#place} is closed`));
    this.#socket.destroy();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** One request with one answer. */
  #ask(
    request: { readonly messageId: number; write(): Buffer },
    operationTag: number,
    signal: AbortSignal,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const operation = this.#begin(request.messageId, signal, {
        take: (message) => {
          if (message.operation !== operationTag)
            throw new MalformedAnswer(`an answer of kind 0x${message.operation.toString(16)}`);
          const result = readResult(message.body);
          operation.end();
          resolve(result);
        },
        fail: reject,
      });
      this.#send(request.write());
    });
  }

  /** Registers an operation, with its time limit and the abort; both end the connection, whose state is unknown then. */
  #begin(id: number, signal: AbortSignal, pending: Pending): { end(): void } {
    const late = (): void => {
      const message = `${this.#place} did not answer within ${this.#timeoutMs} ms (connection.timeoutMs)`;
      this.#fail(new SourceError('retryable', 'timeout', message));
    };
    const aborted = (): void => this.#fail(abortError(signal));
    const timer = setTimeout(late, this.#timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.#pending.delete(id);
    };
    signal.addEventListener('abort', aborted, { once: true });
    this.#pending.set(id, {
      take: pending.take,
      fail: (error) => {
        end();
        pending.fail(error);
      },
    });
    if (signal.aborted) aborted();
    return { end };
  }

  #send(bytes: Buffer): void {
    if (this.#ended === undefined) this.#socket.write(bytes);
    else this.#failPending(this.#ended);
  }

  readonly #receive = (chunk: Buffer): void => {
    // An alert of TLS (RFC 8446, section 5.1).
    if (!this.#heard && chunk[0] === 0x15 && chunk[1] === 0x03) {
      this.#fail(new SourceError('fatal', 'tls', `${this.#place} speaks TLS from the start: use ldaps://`));
      return;
    }
    this.#heard = true;
    try {
      this.#framer.push(chunk, (message) => this.#dispatch(message));
    } catch (error) {
      this.#fail(error instanceof SourceError ? error : notLdap(error, this.#place));
    }
  };

  #dispatch(message: ServerMessage): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) this.#unasked(message);
    else pending.take(message);
  }

  /** Message 0 is the notice of disconnection (RFC 4511, section 4.4.1); other unasked messages are late and harmless. */
  #unasked(message: ServerMessage): void {
    if (message.id !== 0 || message.operation !== tag.extendedResponse) return;
    throw resultFailure(readResult(message.body), 'by ending the connection', this.#secrets);
  }

  readonly #broken = (error: Error): void => this.#fail(this.#withHint(connectionFailure(error, this.#place)));

  readonly #closed = (): void =>
    this.#end(this.#withHint(new SourceError('retryable', 'unreachable', `${this.#place} closed the connection`)));

  /** A port for TLS hangs up on whoever speaks in clear. */
  #withHint(error: SourceError): SourceError {
    if (this.#heard || 'encrypted' in this.#socket || error.code !== 'unreachable') return error;
    const message = `${error.message} without an answer; where this port speaks TLS from the start, use ldaps://`;
    return new SourceError('retryable', 'unreachable', message, { cause: error });
  }

  #fail(error: Error): void {
    this.#end(error);
    this.#socket.destroy();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#failPending(this.#ended);
  }

  #failPending(error: Error): void {
    for (const pending of [...this.#pending.values()]) pending.fail(error);
  }
}

/** The reason of an abort, as an error. */
function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}

/**
 * Opens a connection to a directory: TCP, encryption as configured, log-in. Of several servers the next one is tried where
 * one cannot be reached; a refused log-in would be refused there too, and count there too. Throws a SourceError.
 */
export async function connectDirectory(connection: DirectoryConnection, signal: AbortSignal): Promise<LdapConnection> {
  const password = await connection.bindPassword.read();
  const opened = await openFirst(connection, signal);
  try {
    await opened.bind(connection.bindDn, password, signal);
    return opened;
  } catch (error) {
    opened.destroy();
    throw error;
  }
}

/** Opens a connection to a directory as {@link connectDirectory} does, without logging in. Throws a SourceError. */
export async function openFirst(connection: DirectoryConnection, signal: AbortSignal): Promise<LdapConnection> {
  const failures: SourceError[] = [];
  for (const endpoint of endpointsOf(connection)) {
    try {
      return await openEncrypted(endpoint, connection, signal);
    } catch (error) {
      if (signal.aborted || !isDown(error)) throw error;
      failures.push(error);
    }
  }
  const message = failures.map((each) => each.message).join('; ');
  throw new SourceError('retryable', failures[0]?.code ?? 'unreachable', message, { cause: failures[0] });
}

/** What makes connectDirectory go on to the next server. */
export const serverDown: ReadonlySet<SourceErrorCode> = new Set(['unreachable', 'timeout']);

function isDown(error: unknown): error is SourceError {
  return error instanceof SourceError && serverDown.has(error.code);
}

async function openEncrypted(
  endpoint: Endpoint,
  connection: DirectoryConnection,
  signal: AbortSignal,
): Promise<LdapConnection> {
  const place = placeOf(endpoint);
  let socket = await openTcp(endpoint, connection, signal);
  if (endpoint.encryption === 'start-tls') {
    socket = await new LdapConnection(socket, place, connection.timeoutMs).startTls(signal);
  }
  if (endpoint.encryption !== 'none') socket = await openTls(socket, endpoint, connection, signal);
  return new LdapConnection(socket, place, connection.timeoutMs);
}
