import { carryOut } from './communication-manager.ts';
import type { AnsweredObject, CommunicationManager, Model } from './communication-manager.ts';
import { passed } from './delivery.ts';
import type { Reply } from './delivery.ts';
import type { Fault, FaultSwitch, Operation } from './faults.ts';
import type { Counters, Sessions } from './sessions.ts';
import { writeAnswer, writeFault } from './soap-answer.ts';
import type { Answer } from './soap-answer.ts';
import { NotUnderstood, readCall } from './soap-request.ts';
import type { SoapCall } from './soap-request.ts';

/** What the service stands on. */
export type ServiceParts = {
  readonly cm: CommunicationManager;
  readonly sessions: Sessions;
  readonly faults: FaultSwitch;
  readonly login: string;
  readonly password: string;
  readonly cmHosts: readonly string[];
  readonly wrongLogin: 'http-401' | 'soap-fault';
  /** Where a redirect leads. */
  readonly elsewhere: string;
};

type Submit = Extract<SoapCall, { readonly name: 'submitRequest' }>;
type Credentials = { readonly login: string; readonly cmHost: string; readonly password: string };

/** The service refuses a call, in the words of a SOAP fault. */
class Refused extends Error {
  override readonly name = 'Refused';
}

const READING = ['list', 'display'];
const WRITING = ['add', 'change', 'remove', 'duplicate'];
const MODELS = ['Agent', 'HuntGroup'];

/** The service behind HTTP: log-in, sessions, commands, and the faults that a test has switched on. */
export class Service {
  readonly #parts: ServiceParts;
  #byOperation: Record<string, number> = {};
  #refusedLogins = 0;
  #writes = 0;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  counters(): Pick<Counters, 'byOperation' | 'refusedLogins' | 'writes'> {
    return { byOperation: { ...this.#byOperation }, refusedLogins: this.#refusedLogins, writes: this.#writes };
  }

  resetCounters(): void {
    this.#byOperation = {};
    this.#refusedLogins = 0;
    this.#writes = 0;
  }

  /** The CM that a request is for, whoever sends it; undefined without a well-formed user name. */
  cmHostOf(authorization: string | undefined): string | undefined {
    return credentialsOf(authorization)?.cmHost;
  }

  /** The answer to a request. Rejects as soon as the client has gone. */
  async reply(authorization: string | undefined, body: string, gone: AbortSignal): Promise<Reply> {
    const call = understood(body);
    const operation = call instanceof NotUnderstood ? undefined : operationOf(call);
    if (operation !== undefined) this.#byOperation[operation] = (this.#byOperation[operation] ?? 0) + 1;
    const fault = this.#parts.faults.take({ operation, cmHost: this.cmHostOf(authorization) });
    if (fault?.kind === 'slow') await passed(fault.ms, gone);
    const reply = this.#front(fault) ?? this.#loggedIn(authorization, call, fault);
    return { ...reply, line: `${operation ?? 'not understood'} → ${fault?.kind ?? reply.line}` };
  }

  /** What goes wrong before the service sees the request. */
  #front(fault: Fault | undefined): Reply | undefined {
    switch (fault?.kind) {
      case 'http':
        return failure(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
      case 'redirect':
        return { ...failure(302), headers: { location: this.#parts.elsewhere } };
      case 'garbage':
        return { ...failure(200), body: '<html><body><h1>It works!</h1><br></body></html>' };
      case 'soap-fault':
        return faultReply('Server', fault.text);
      case 'no-free-session':
        return faultReply('Server', 'Too many connections: no free session to the Communication Manager');
      case 'never-answers':
        return { ...failure(200), delivery: 'never' };
      case 'reset':
        return { ...failure(200), delivery: 'reset' };
      case undefined:
      default:
        return undefined;
    }
  }

  #loggedIn(authorization: string | undefined, call: SoapCall | NotUnderstood, fault: Fault | undefined): Reply {
    const { login, password, cmHosts, wrongLogin } = this.#parts;
    const given = credentialsOf(authorization);
    const known = given?.login === login && given.password === password;
    if (!known) this.#refusedLogins += 1;
    if (given === undefined || (!known && wrongLogin === 'http-401')) return failure(401);
    if (!known) return faultReply('Server', 'Login to the Communication Manager failed: invalid login or password');
    if (!cmHosts.includes(given.cmHost)) return faultReply('Server', 'Unable to connect to the Communication Manager');
    if (call instanceof NotUnderstood) return faultReply('Client', call.message);
    if (fault?.kind === 'expired-session') this.#parts.sessions.expire(call.sessionId);
    try {
      const answer = call.name === 'release' ? this.#release(call.sessionId) : this.#submit(call, given.cmHost, fault);
      return answerReply(answer, fault);
    } catch (error) {
      if (error instanceof Refused) return faultReply('Server', error.message);
      throw error;
    }
  }

  #release(sessionId: string): Answer {
    this.#parts.sessions.release(sessionId);
    return { call: 'release', sessionId: '', resultCode: 0, messageText: '', objects: [] };
  }

  #submit(call: Submit, cmHost: string, fault: Fault | undefined): Answer {
    if (WRITING.includes(call.operation)) {
      this.#writes += 1;
      throw new Refused('This login may not change anything');
    }
    if (!MODELS.includes(call.model)) throw new Refused(`Unknown model ${call.model}`);
    if (!READING.includes(call.operation)) throw new Refused(`Unknown operation ${call.operation}`);
    const answer = { call: 'submitRequest', sessionId: this.#session(call.sessionId, cmHost) } as const;
    if (fault?.kind === 'result-code') {
      return { ...answer, resultCode: fault.resultCode, messageText: fault.messageText, objects: [] };
    }
    const result = carryOut(this.#parts.cm, {
      model: call.model as Model,
      operation: call.operation as 'list' | 'display',
      qualifier: call.qualifier.trim(),
      fields: call.fields,
    });
    if ('refused' in result)
      return { ...answer, resultCode: result.resultCode, messageText: result.refused, objects: [] };
    return { ...answer, resultCode: 0, ...partOf(result.objects, fault) };
  }

  /** The session that a request goes on with: its own, or with an empty id a new one. */
  #session(id: string, cmHost: string): string {
    if (id !== '') {
      if (!this.#parts.sessions.use(id, cmHost)) throw new Refused('Invalid or expired session ID');
      return id;
    }
    const opened = this.#parts.sessions.open(cmHost);
    if (opened === undefined) throw new Refused('Too many connections: no free session to the Communication Manager');
    return opened;
  }
}

function understood(body: string): SoapCall | NotUnderstood {
  try {
    return readCall(body);
  } catch (error) {
    if (error instanceof NotUnderstood) return error;
    throw error;
  }
}

function operationOf(call: SoapCall): Operation {
  if (call.name === 'release') return 'release';
  const limited = call.operation === 'list' && call.qualifier.includes('count') ? ' count' : '';
  return `${call.operation}${limited} ${call.model}` as Operation;
}

/** HTTP Basic with `login@cm-host[:port]`; undefined for anything else. */
function credentialsOf(authorization: string | undefined): Credentials | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const parts = /^([^@:]+)@([^@:]+)(?::\d+)?:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8'));
  if (parts === null) return undefined;
  const [, login = '', cmHost = '', password = ''] = parts;
  return { login, cmHost, password };
}

function partOf(
  objects: readonly AnsweredObject[],
  fault: Fault | undefined,
): { readonly objects: readonly AnsweredObject[]; readonly messageText: string } {
  if (fault?.kind === 'empty-list') return { objects: [], messageText: '' };
  if (fault?.kind !== 'half-list') return { objects, messageText: '' };
  const half = objects.slice(0, objects.length >> 1);
  return { objects: half, messageText: fault.announced ? `${half.length} of ${objects.length} records returned` : '' };
}

function answerReply(answer: Answer, fault: Fault | undefined): Reply {
  const broken = fault?.kind === 'reset-in-body' ? 'reset-in-body' : undefined;
  return {
    status: 200,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: writeAnswer(answer),
    delivery: fault?.kind === 'cut' ? `cut-${fault.framing}` : (broken ?? 'whole'),
    line: answer.resultCode === 0 ? `${answer.objects.length} objects` : answer.messageText,
  };
}

function faultReply(code: 'Client' | 'Server', text: string): Reply {
  return {
    status: 500,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: writeFault(code, text),
    delivery: 'whole',
    line: text,
  };
}

/** What the web server itself says. */
function failure(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html',
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="SMS"' } : {}),
      ...headers,
    },
    body: `<html><body>${status}</body></html>\n`,
    delivery: 'whole',
    line: `HTTP ${status}`,
  };
}
