import { SourceError } from '../errors.ts';

/** What makes a certificate unacceptable, by Node's error code, and what to do about it with which keys. */
const certificateFaults: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed; put it, or the CA that should have signed it, into {caFile}',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by a CA that is not trusted here; put that CA into {caFile}',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is signed by a CA that is not trusted here; put that CA into {caFile}',
  UNABLE_TO_GET_ISSUER_CERT: 'the CA of its certificate is not trusted here; put it into {caFile}',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA of its certificate is not trusted here; put it into {caFile}',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the CA in {caFile}',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it at the server (or the CA in {caFile})',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clocks, and the CA in {caFile}',
  CERT_REVOKED: 'its certificate is revoked',
  HOSTNAME_MISMATCH: 'its certificate is for another host name',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another host name; use a name of the certificate in {url} (and check {caFile})',
};

/** The keys of a configuration that decide whom a connection trusts. */
interface TrustKeys {
  readonly url: string;
  readonly caFile: string;
}

const connectionKeys: TrustKeys = { url: 'connection.url', caFile: 'connection.tls.caFile' };

/** What is wrong with TLS and what to do, where an error of a socket says so; null for every other error. */
export function tlsFault(error: unknown, keys: TrustKeys): string | null {
  const code = codeOf(error);
  const fault = certificateFaults[code];
  if (fault !== undefined)
    return `${fault.replaceAll('{url}', keys.url).replaceAll('{caFile}', keys.caFile)} (${code})`;
  return /^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO|CERT_|INVALID_)/.test(code)
    ? `the port may not speak TLS, or no common version; check ${keys.url} and ${keys.caFile} (${code})`
    : null;
}

/** Errors of the connection itself, by Node's error code. */
const connectionFaults: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is unknown; check connection.url and the DNS',
  EAI_AGAIN: 'the DNS does not answer',
  ECONNREFUSED: 'nothing listens there; check host and port in connection.url',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
};

/** The typed error of a socket or of TLS; `where` is host and port. */
export function connectionFailure(error: unknown, where: string): SourceError {
  if (error instanceof SourceError) return error;
  const code = codeOf(error);
  const fault = tlsFault(error, connectionKeys);
  if (fault !== null) return new SourceError('fatal', 'tls', `TLS with ${where} failed: ${fault}`, { cause: error });
  const known = connectionFaults[code] ?? 'the connection failed';
  const errorCode = code === 'ETIMEDOUT' ? 'timeout' : 'unreachable';
  return new SourceError('retryable', errorCode, `${where}: ${known}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
  });
}

/** A socket that tries several addresses reports them together; the first tells enough. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
