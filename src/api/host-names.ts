import { isLoopback } from '../loopback.ts';
import { ApiError } from './problem.ts';

/**
 * Answers are given under the loopback's names and the configured ones only (spec 19.3): a web page whose name has been
 * pointed at this machine (DNS rebinding) is not served. `rawHeaders` as they came: of two Host headers a proxy may have
 * looked at the other one.
 */
export function hostNameProblem(rawHeaders: readonly string[], hostNames: readonly string[]): ApiError | null {
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
  if (hosts.length > 1) return new ApiError(400, 'request-invalid', 'The request has more than one Host header.');
  const name = hostNameOf(hosts[0] ?? '');
  if (name !== null && (isLoopback(name) || hostNames.some((known) => normalise(known) === name))) return null;
  return new ApiError(
    421,
    'host-name-unknown',
    'Requests under this host name are not answered; http.hostNames lists those that are.',
  );
}

/** The name in a Host header without its port; null where it is no such header. */
function hostNameOf(header: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  const name = bracketed ?? plain;
  return name === undefined ? null : normalise(name);
}

function normalise(name: string): string {
  return name.replace(/^\[|\]$|\.$/g, '').toLowerCase();
}
