import { isSecretSource } from '../connector-kit/secret.ts';
import type { ConfigurationProblem } from './errors.ts';
import { suggestion } from './explain.ts';
import { isMapping, keyPath } from './key-path.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Override {
  readonly path: readonly [string] | readonly [string, string];
  /** From the variable's name and text to what the file would say. */
  readonly parse: (text: string, name: string) => unknown;
}

const asText = (text: string): string => text;
const asNumber = (text: string): number | string => (/^\d{1,9}$/.test(text) ? Number(text) : text);
/** An address in a variable may hold a password, so the value itself stays in the variable. */
const wordOrReference =
  (word: string) =>
  (text: string, name: string): unknown =>
    text === word ? word : { env: name };

const overrides: Readonly<Record<string, Override>> = {
  ROSTERD_DATABASE: { path: ['database'], parse: wordOrReference('embedded') },
  ROSTERD_QUEUE: { path: ['queue'], parse: wordOrReference('database') },
  ROSTERD_DATA_DIR: { path: ['dataDir'], parse: asText },
  ROSTERD_HTTP_HOST: { path: ['http', 'host'], parse: asText },
  ROSTERD_HTTP_ALLOW_PLAINTEXT: { path: ['http', 'allowPlaintext'], parse: (text) => (text === 'true' ? true : text) },
  ROSTERD_HTTP_PORT: { path: ['http', 'port'], parse: asNumber },
  ROSTERD_LOG_LEVEL: { path: ['log', 'level'], parse: asText },
};

/** Read elsewhere: the command line's token and configuration file. */
const otherNames = ['ROSTERD_TOKEN', 'ROSTERD_URL', 'ROSTERD_CONFIG'];

/**
 * Puts the `ROSTERD_…` variables over the values of the file (changes both arguments' contents); an empty variable counts
 * as not set. Returns a problem for every variable that nobody reads: a misspelt one would silently do nothing.
 */
export function applyEnvironment(
  value: Record<string, unknown>,
  origins: Map<string, string>,
  env: Environment,
): ConfigurationProblem[] {
  for (const [name, { path, parse }] of Object.entries(overrides)) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    if (put(value, path, parse(text, name))) origins.set(keyPath(path), `environment variable ${name}`);
  }
  return unknownVariables(env, referencedNames(value));
}

/** False where the file has something else than a mapping in the way; the schema will name that. */
function put(value: Record<string, unknown>, [first, second]: Override['path'], found: unknown): boolean {
  if (second === undefined) {
    value[first] = found;
    return true;
  }
  const section = (value[first] ??= {});
  if (!isMapping(section)) return false;
  section[second] = found;
  return true;
}

function unknownVariables(env: Environment, referenced: ReadonlySet<string>): ConfigurationProblem[] {
  const known = [...Object.keys(overrides), ...otherNames];
  return Object.keys(env)
    .filter((name) => name.startsWith('ROSTERD_') && !name.startsWith('ROSTERD_TEST_'))
    .filter((name) => !known.includes(name) && !referenced.has(name) && !isOfPlatform(name, env[name] ?? ''))
    .map((name) => ({
      key: '',
      origin: `environment variable ${name}`,
      message: `is not known and no secret refers to it${suggestion(name, known)}; allowed are ${known.join(', ')}`,
    }));
}

/**
 * Kubernetes sets these in every container beside a service named rosterd, or rosterd-something (architecture 8). A port that
 * a person has written is a number, and stays an error.
 */
function isOfPlatform(name: string, text: string): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name))
    return true;
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text);
}

/** The variables that `{env: NAME}` anywhere in the file refers to. */
function referencedNames(value: unknown): ReadonlySet<string> {
  if (isSecretSource(value)) return new Set('env' in value ? [value.env] : []);
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.values(value).flatMap((each) => [...referencedNames(each)]));
}
