import type { CertificateKind } from '../../../support/simulators/avaya-sms/certificates.ts';
import type { RestFault, RestFaultScope } from '../../../support/simulators/rest/faults.ts';

/** A simulator that faults are tried on; a kind joins the table by one file beside this one and a line in the test. */
export interface Subject {
  readonly kind: string;
  readonly start: () => Promise<RunningSubject>;
  /** What a run over all pages asks for, behind what it asks beforehand. */
  readonly list: RestFaultScope;
  /** Its second page; undefined where the list has none. */
  readonly secondPage?: RestFaultScope;
  /** Faults that end otherwise than for the other kinds, by name; or why a fault has no meaning here. */
  readonly otherwise: Readonly<Record<string, FaultEnd | string>>;
}

/** A simulator with people in it. */
export interface RunningSubject {
  /** The keys of the source, as an operator writes them, but for `id` and `kind`. `passwordFile` has the password. */
  readonly source: (passwordFile: string) => Record<string, unknown>;
  readonly password: string;
  readonly add: (index: number) => void;
  readonly remove: (index: number) => void;
  readonly fault: (fault: RestFault, scope: RestFaultScope) => void;
  readonly useCertificate: (kind: CertificateKind) => Promise<void>;
  readonly off: () => void;
  /** Requests that would have changed something, and those to where a redirect led. */
  readonly forbidden: () => number;
  readonly close: () => Promise<void>;
}

/** How a run under a fault fails: exit code, code of the error, and what its message says. */
export interface FaultEnd {
  readonly exit: number;
  readonly code: string;
  readonly says: RegExp;
}

/** A fault, and where it meets the run. */
export interface FaultCase {
  readonly name: string;
  readonly fault: RestFault | CertificateKind;
  readonly where: 'everywhere' | 'list' | 'second page';
  readonly end: FaultEnd;
}

function ends(exit: number, code: string, says: RegExp): FaultEnd {
  return { exit, code, says };
}

const broken = ends(7, 'unreachable', /in the middle of its answer/);

/** Every fault of every simulator (issue 9, to show 6). */
export const faultCases: readonly FaultCase[] = [
  { name: '401', fault: { kind: 'http', status: 401 }, where: 'everywhere', end: ends(4, 'login-refused', /password/) },
  { name: '403', fault: { kind: 'http', status: 403 }, where: 'everywhere', end: ends(4, 'right-missing', /grant/) },
  {
    name: '429, Retry-After 1',
    fault: { kind: 'http', status: 429, retryAfter: '1' },
    where: 'list',
    end: ends(1, 'busy', /busy/),
  },
  {
    name: '429, Retry-After 3600',
    fault: { kind: 'http', status: 429, retryAfter: '3600' },
    where: 'list',
    end: ends(1, 'busy', /busy/),
  },
  { name: '500', fault: { kind: 'http', status: 500 }, where: 'list', end: ends(7, 'unreachable', /500/) },
  { name: '503', fault: { kind: 'http', status: 503 }, where: 'list', end: ends(1, 'busy', /busy/) },
  {
    name: 'slower than timeoutMs',
    fault: { kind: 'slow', ms: 60_000 },
    where: 'list',
    end: ends(7, 'timeout', /timeoutMs/),
  },
  { name: 'never answers', fault: { kind: 'never-answers' }, where: 'list', end: ends(7, 'timeout', /timeoutMs/) },
  { name: 'reset', fault: { kind: 'reset' }, where: 'list', end: ends(7, 'unreachable', /reset/) },
  { name: 'reset in mid-body', fault: { kind: 'reset-in-body' }, where: 'list', end: broken },
  { name: 'cut, Content-Length', fault: { kind: 'cut', framing: 'content-length' }, where: 'list', end: broken },
  { name: 'cut, chunked', fault: { kind: 'cut', framing: 'chunked' }, where: 'list', end: broken },
  {
    name: 'cut in a record',
    fault: { kind: 'cut', framing: 'document' },
    where: 'list',
    end: ends(1, 'protocol', /was cut/),
  },
  {
    name: 'cut between records',
    fault: { kind: 'cut', framing: 'between-records' },
    where: 'list',
    end: ends(1, 'protocol', /was cut/),
  },
  { name: 'empty', fault: { kind: 'empty-list' }, where: 'list', end: ends(1, 'incomplete-read', /empty/) },
  { name: 'half', fault: { kind: 'half-list' }, where: 'list', end: ends(1, 'incomplete-read', /./) },
  {
    name: 'repeated page',
    fault: { kind: 'repeated-page' },
    where: 'second page',
    end: ends(1, 'incomplete-read', /./),
  },
  {
    name: 'shifted page',
    fault: { kind: 'shifted-page' },
    where: 'second page',
    end: ends(1, 'incomplete-read', /shifted|announced/),
  },
  { name: 'wrong total', fault: { kind: 'wrong-total' }, where: 'list', end: ends(1, 'incomplete-read', /announced/) },
  {
    name: 'error inside 200',
    fault: { kind: 'error-inside' },
    where: 'list',
    end: ends(1, 'protocol', /internal error/),
  },
  { name: 'HTML log-in page', fault: { kind: 'login-page' }, where: 'list', end: ends(1, 'protocol', /web page/) },
  {
    name: 'expired session',
    fault: { kind: 'redirect' },
    where: 'list',
    end: ends(1, 'configuration', /never followed/),
  },
  { name: 'entity bomb', fault: { kind: 'entity-bomb' }, where: 'list', end: ends(1, 'protocol', /DOCTYPE/) },
  { name: 'self-signed certificate', fault: 'self-signed', where: 'everywhere', end: ends(7, 'tls', /self-signed/) },
  { name: 'expired certificate', fault: 'expired', where: 'everywhere', end: ends(7, 'tls', /expired/) },
  { name: "another host's certificate", fault: 'wrong-host', where: 'everywhere', end: ends(7, 'tls', /another host/) },
];
