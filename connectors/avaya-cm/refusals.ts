import { SourceError } from '../../src/connector-kit/errors.ts';
import type { SourceErrorClass, SourceErrorCode } from '../../src/connector-kit/errors.ts';

/** What a refusal means, by its words, and what to do. */
interface Meaning {
  readonly words: RegExp;
  readonly class: SourceErrorClass;
  readonly code: SourceErrorCode;
  readonly remedy: string;
}

const login = 'check connection.username (LOGIN@CM-HOST) and connection.password, and whether the login is locked';

/**
 * The service has no codes for its faults, only words, and which ones is documented nowhere: these are guesses, the first
 * that fits decides. A log-in that was refused comes first, because trying again locks the login.
 */
const meanings: readonly Meaning[] = [
  {
    words: /password|credential|authenticat|(?:invalid|incorrect|wrong|unknown|bad) (?:login|user)|locked/i,
    class: 'fatal',
    code: 'login-refused',
    remedy: login,
  },
  {
    words: /too many|no free|maximum|\bbusy\b|in use|exhausted|try again|no more (?:sessions|connections)/i,
    class: 'retryable',
    code: 'busy',
    remedy: 'all sessions of the Communication Manager for the service are in use',
  },
  {
    words: /session/i,
    class: 'retryable',
    code: 'unreachable',
    remedy: 'the service has lost the session; the next run opens another',
  },
  {
    words: /connect|unreachable|timed? ?out|no route|unknown host|not respond/i,
    class: 'retryable',
    code: 'unreachable',
    remedy:
      'the service does not reach the Communication Manager: check the host in connection.username, and its port 5022',
  },
  {
    words: /permission|not (?:authori[sz]ed|allowed|permitted)|denied|privilege|may not/i,
    class: 'fatal',
    code: 'right-missing',
    remedy:
      "give the login a profile that may list and display agent-loginID and hunt-group, as the connector's README says",
  },
  { words: /log-?in|log-?on/i, class: 'fatal', code: 'login-refused', remedy: login },
];

/** The typed error of what the service said, or undefined where its words are none of those that are known. */
export function refusalOf(said: string, message: string): SourceError | undefined {
  const meaning = meanings.find(({ words }) => words.test(said));
  if (meaning === undefined) return undefined;
  return new SourceError(meaning.class, meaning.code, `${message}: ${meaning.remedy}`);
}

/** Of `display` for a login id that is free (seen in a public client). */
export function isNotAssigned(message: string): boolean {
  return /identifier not assigned/i.test(message);
}
