import { SourceError } from '../errors.ts';
import type { Result } from './messages.ts';

/** The result codes that this client tells apart (RFC 4511, section 4.1.9). */
export const resultCode = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccess: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
} as const;

/** The codes that end a list early: what came is right, but it is not all (spec 3.2). */
const truncating: ReadonlySet<number> = new Set([
  resultCode.timeLimitExceeded,
  resultCode.sizeLimitExceeded,
  resultCode.adminLimitExceeded,
  resultCode.referral,
]);

/** An operation that a server answered with another code than success. */
export class ResultFailure extends SourceError {
  readonly resultCode: number;

  constructor(result: Result, like: SourceError) {
    super(like.class, like.code, like.message);
    this.resultCode = result.code;
  }

  /** The list that it ended is right as far as it goes. */
  get truncates(): boolean {
    return truncating.has(this.resultCode);
  }
}

/** The hexadecimal number after `data` in what Active Directory says of a refused bind. */
export function bindSubCode(diagnostic: string): string | undefined {
  return /\bdata ([0-9a-f]+)\b/i.exec(diagnostic)?.[1]?.toLowerCase();
}

/** What a bind was refused for: the hexadecimal number after `data` in Active Directory's answer [MS-ADTS 5.1.1.1, Win32 error codes]. */
const bindRefusals: Readonly<Record<string, string>> = {
  '525': 'there is no such account: correct connection.bindDn',
  '52e': 'the password is wrong: correct connection.bindPassword',
  '530': 'the account may not log on at this hour: widen its log-on hours',
  '531': 'the account may not log on from this machine: widen its log-on workstations',
  '532': "the account's password has expired: set a new one and put it into connection.bindPassword",
  '533': 'the account is disabled: enable it',
  '701': 'the account has expired: extend it',
  '773': "the account's password must be changed at the next log-on: set one without that flag",
  '775': 'the account is locked out: unlock it, and find out who tries wrong passwords',
};

const longestDiagnostic = 200;

/** A server's own words, fit for a log: without control characters, cut, and without the secrets that it might echo. */
function cleanDiagnostic(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '*****');
  clean = clean.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return clean.length > longestDiagnostic ? `${clean.slice(0, longestDiagnostic)}…` : clean;
}

/** A refused log-in: fatal, and never tried again by itself, because repetition locks the service account. */
export function bindFailure(result: Result, bindDn: string, password: string): SourceError {
  const said = cleanDiagnostic(result.diagnostic, [password]);
  if (result.code !== resultCode.invalidCredentials && result.code !== resultCode.inappropriateAuthentication) {
    return resultFailure({ code: result.code, diagnostic: said }, `the log-in of ${bindDn}`);
  }
  const subCode = bindSubCode(said);
  const why = subCode === undefined ? undefined : bindRefusals[subCode];
  const explained = why ?? 'check connection.bindDn and connection.bindPassword';
  const sub = subCode === undefined ? '' : `, data ${subCode}`;
  const like = new SourceError(
    'fatal',
    'login-refused',
    `the directory refused the log-in of ${bindDn} (result ${result.code}${sub}): ${explained}`,
  );
  return new ResultFailure(result, like);
}

/** The typed error of a result code; `doing` says what was asked, for people; `secrets` are taken out of the server's words. */
export function resultFailure(result: Result, doing: string, secrets: readonly string[] = []): ResultFailure {
  return new ResultFailure(result, describe(result, doing, secrets));
}

function describe(result: Result, doing: string, secrets: readonly string[]): SourceError {
  const said = cleanDiagnostic(result.diagnostic, secrets);
  const saying = said === '' ? '' : `: "${said}"`;
  const refused = `the directory answered ${doing} with result ${result.code}${saying}`;
  switch (result.code) {
    case resultCode.timeLimitExceeded:
      return new SourceError(
        'retryable',
        'timeout',
        `time limit: ${refused}; raise connection.timeoutMs or the server's time limit`,
      );
    case resultCode.sizeLimitExceeded:
    case resultCode.adminLimitExceeded:
      return new SourceError(
        'fatal',
        'configuration',
        `size or administrative limit: ${refused}; raise the server's limit for connection.bindDn (slapd: ` +
          '`limits dn.exact="…" size=unlimited size.prtotal=unlimited`)',
      );
    case resultCode.referral:
      return new SourceError(
        'fatal',
        'configuration',
        `${refused}: it refers to another server, which is never followed; name that server in connection.url or correct baseDn`,
      );
    case resultCode.strongerAuthRequired:
    case resultCode.confidentialityRequired:
      return new SourceError(
        'fatal',
        'configuration',
        `${refused}: it wants an encrypted connection; use ldaps:// in connection.url or connection.startTls: true`,
      );
    case resultCode.unavailableCriticalExtension:
      return new SourceError(
        'fatal',
        'protocol',
        `${refused}: it lacks a control that is needed (paged results, 1.2.840.113556.1.4.319)`,
      );
    case resultCode.noSuchObject:
      return new SourceError(
        'fatal',
        'configuration',
        `${refused}: there is no such entry, or connection.bindDn may not see it; check baseDn and its rights`,
      );
    case resultCode.invalidDnSyntax:
      return new SourceError('fatal', 'configuration', `${refused}: a DN is not written as one; check baseDn`);
    case resultCode.insufficientAccess:
      return new SourceError(
        'fatal',
        'right-missing',
        `${refused}: connection.bindDn lacks the right; grant it as the connector's README says`,
      );
    case resultCode.operationsError:
      return /bind/i.test(said)
        ? new SourceError('fatal', 'right-missing', `${refused}: it wants a log-in first; check connection.bindDn`)
        : new SourceError('fatal', 'protocol', refused);
    case resultCode.busy:
      return new SourceError('retryable', 'busy', refused);
    case resultCode.unavailable:
      return new SourceError('retryable', 'unreachable', refused);
    case resultCode.unwillingToPerform:
      return new SourceError('fatal', 'configuration', `${refused}: it is unwilling; its own log says why`);
    default:
      return new SourceError('fatal', 'protocol', refused);
  }
}

/**
 * The typed error of an answer that is no LDAP: whatever a reader threw that met unexpected bytes, those of ldapts included,
 * is the server's fault. `where` is host and port.
 */
export function notLdap(error: unknown, where: string): SourceError {
  const why = error instanceof Error ? error.message : 'it cannot be read';
  return new SourceError('fatal', 'protocol', `${where} does not speak LDAP as expected: ${why}`, { cause: error });
}
