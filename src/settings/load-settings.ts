import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SecretRef } from '../connector-kit/secret.ts';
import type { SecretPlace, SecretSource } from '../connector-kit/secret.ts';
import { managePrivilege } from '../domain/privileges.ts';
import { checkAuthority, completeAuthority } from './authority.ts';
import { webhookAddressProblem } from '../notify/webhook-address.ts';
import { applyEnvironment } from './environment.ts';
import { ConfigurationError } from './errors.ts';
import type { ConfigurationProblem } from './errors.ts';
import { explainIssues, problemAt } from './explain.ts';
import { defaultGuard, withLimits } from './guard.ts';
import { findInlinePasswords } from './inline-secrets.ts';
import { isMapping, valueAt } from './key-path.ts';
import { completeNotify } from './notify.ts';
import { completeSignIn } from './sign-in.ts';
import { databaseProtocols, isAddress, queueProtocols, topSchema, undecodablePart } from './schema.ts';
import type { Top, WrittenAddress } from './schema.ts';
import type { NotifySettings } from './notify.ts';
import type { ConnectorDefinition, DatabaseSettings, QueueSettings, Settings, SourceSettings } from './settings.ts';
import { namedSources, readSources } from './sources.ts';
import { databaseCaFile, transportProblem } from './transport.ts';
import { sealed, secretsIn } from './walk-values.ts';
import { parseConfiguration } from './yaml-file.ts';
import type { RawConfiguration } from './yaml-file.ts';

/** What `loadSettings` needs from its caller. */
export interface LoadOptions {
  /** As the person wrote it, relative to the working directory; messages name it like this. */
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By kind. */
  readonly connectors: ReadonlyMap<string, ConnectorDefinition>;
  /** The scheduler's own judgement of a cron expression. */
  readonly validateCron: (expression: string) => boolean;
  /**
   * `check` (default): every secret of an enabled source, and of database and queue, must be readable and not empty.
   * `leave`: for a command that only asks a running daemon and may not be allowed to read them.
   */
  readonly secrets?: 'check' | 'leave';
}

/**
 * Reads the configuration: the file, over it the environment, and the secrets that it refers to. Throws a
 * ConfigurationError with everything that is wrong.
 */
export async function loadSettings(options: LoadOptions): Promise<Settings> {
  const { configFile, env, connectors, validateCron } = options;
  const place: SecretPlace = { env, folder: dirname(resolve(configFile)) };
  const raw = parseConfiguration(await readText(configFile), configFile);
  if (raw.problems.length > 0) throw new ConfigurationError(configFile, raw.problems);
  const { value, origins } = raw;
  const problems = findInlinePasswords(value, origins);
  if (isMapping(value)) problems.push(...applyEnvironment(value, origins, env));

  const judged = topSchema.safeParse(value);
  problems.push(...explainIssues(judged.error?.issues ?? [], { schema: topSchema, input: value, at: [], origins }));
  const top = judged.data ?? fallback;
  const guard = withLimits(defaultGuard, top.guard);
  const written = listAt(value, 'sources');
  const read = readSources(written, {
    connectors,
    validateCron,
    origins,
    folder: place.folder,
    guard,
    timeZone: top.organization.timeZone,
  });
  problems.push(
    ...read.problems,
    ...checkAuthority(valueAt(value, ['authority']), namedSources(written, connectors), origins),
    ...checkWindows(top, written, origins),
  );

  const sources = read.sources.map(({ settings }) => settings);
  const settings = sealed(assemble(top, guard, sources, configFile, origins, place), place);
  if (options.secrets !== 'leave') problems.push(...(await checkSecrets(settings, read.sources, origins)));
  if (problems.length > 0) throw new ConfigurationError(configFile, inOrder(withoutRepetition(problems)));
  return settings;
}

/** Lets the sources be judged, and all problems be told at once, when the top is wrong. */
const fallback: Top = topSchema.parse({});

async function readText(configFile: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(configFile);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    const found = reason === 'ENOENT' ? 'does not exist' : `cannot be read (${reason})`;
    const message = `${found}; name the configuration with --config FILE or in the environment variable ROSTERD_CONFIG`;
    throw new ConfigurationError(configFile, [{ key: '', origin: configFile, message }]);
  }
  if (isUtf8(bytes) && !bytes.includes(0)) return new TextDecoder().decode(bytes);
  const encoding = bytes.includes(0) ? 'seems to be in UTF-16' : 'is not in UTF-8';
  const message = `${encoding}; save it as UTF-8`;
  throw new ConfigurationError(configFile, [{ key: '', origin: configFile, message }]);
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = valueAt(value, [key]);
  return Array.isArray(list) ? list : [];
}

function assemble(
  top: Top,
  guard: Settings['guard'],
  sources: readonly SourceSettings[],
  configFile: string,
  origins: RawConfiguration['origins'],
  place: SecretPlace,
): Settings {
  const attributes = sources
    .flatMap(({ mapping }) => Object.keys(mapping))
    .filter((name) => name.startsWith('attribute.'));
  const { users, events, runs, rejects } = top.retention;
  return {
    configFile: resolve(configFile),
    database: databaseOf(top.database, place.folder),
    queue: queueOf(top.queue, place.folder),
    dataDir: resolve(place.folder, top.dataDir),
    http: top.http,
    organization: top.organization,
    newUsers: top.newUsers,
    authority: completeAuthority(top.authority, sources, attributes),
    roles: {
      reassert: top.roles.reassert,
      catalogue: { agent: [], supervisor: [managePrivilege], ...top.roles.catalogue },
    },
    guard,
    notify: completeNotify(top.notify, place.folder),
    signIn: completeSignIn(top.signIn, place.folder),
    retention: {
      users,
      ...(events === undefined ? {} : { events }),
      ...(runs === undefined ? {} : { runs }),
      ...(rejects === undefined ? {} : { rejects }),
    },
    log: top.log,
    placeholders: top.placeholders,
    sources,
    origins: Object.fromEntries(origins),
  };
}

function databaseOf(written: WrittenAddress, folder: string): DatabaseSettings {
  return written === 'embedded' ? { kind: 'embedded' } : { kind: 'postgres', ...serverOf(written, folder) };
}

function queueOf(written: WrittenAddress, folder: string): QueueSettings {
  return written === 'database' ? { kind: 'database' } : { kind: 'redis', ...serverOf(written, folder) };
}

function serverOf(written: WrittenAddress, folder: string) {
  if (typeof written === 'string' || !('url' in written)) return { ...addressOf(written), allowPlaintext: false };
  const { url, caFile, allowPlaintext = false } = written;
  return { ...addressOf(url), allowPlaintext, ...(caFile === undefined ? {} : { caFile: resolve(folder, caFile) }) };
}

function addressOf(written: string | SecretSource): { url: SecretRef; shown: string } {
  if (typeof written === 'string') return { url: SecretRef.fixed(written, 'configuration'), shown: written };
  const url = SecretRef.from(written);
  return { url, shown: url.toString() };
}

async function checkSecrets(
  settings: Settings,
  sources: readonly { readonly index: number; readonly settings: SourceSettings }[],
  origins: ReadonlyMap<string, string>,
): Promise<ConfigurationProblem[]> {
  const ofSources = settings.sources.flatMap((source, position) => {
    const index = sources[position]?.index ?? position;
    return source.enabled ? secretsIn(source.config, ['sources', index]) : [];
  });
  const context = { origins, folder: dirname(settings.configFile) };
  const checks = [
    ...ofSources.map(({ path, secret }) => checkSecret(path, secret, origins)),
    ...settings.notify.map((target, index) => checkNotify(target, ['notify', index], origins)),
    checkOpenId(settings, origins),
    checkAddress('database', settings.database, databaseProtocols, 'embedded', context),
    checkAddress('queue', settings.queue, queueProtocols, 'database', context),
  ];
  return (await Promise.all(checks)).flat();
}

/** The secrets of one entry; the address of a webhook must be one that it may be sent to. */
async function checkNotify(
  target: NotifySettings,
  at: readonly PropertyKey[],
  origins: ReadonlyMap<string, string>,
): Promise<ConfigurationProblem[]> {
  const secrets = secretsIn(target, at);
  const unreadable = await Promise.all(secrets.map(({ path, secret }) => checkSecret(path, secret, origins)));
  if (unreadable.flat().length > 0 || !('webhook' in target)) return unreadable.flat();
  const { url } = target.webhook;
  const problem = webhookAddressProblem(await url.read());
  if (problem === undefined) return [];
  return [problemAt([...at, 'webhook', 'url'], { at: [], origins }, `cannot be used: ${url.origin} ${problem}`)];
}

/** Windows accounts are tried at a source that is there, enabled, and an Active Directory (spec 19.2). */
function checkWindows(
  { signIn: { windows } }: Top,
  written: readonly unknown[],
  origins: ReadonlyMap<string, string>,
): ConfigurationProblem[] {
  if (windows === undefined) return [];
  const named = written.find((source) => valueAt(source, ['id']) === windows.source);
  const problem =
    named === undefined
      ? `names no source: there is no ${windows.source} in sources`
      : valueAt(named, ['kind']) !== 'active-directory'
        ? `must name a source of kind active-directory; ${windows.source} is none`
        : valueAt(named, ['enabled']) === false
          ? `must name a source that is enabled; ${windows.source} is not`
          : null;
  return problem === null ? [] : [problemAt(['signIn', 'windows', 'source'], { at: [], origins }, problem)];
}

async function checkOpenId(
  { signIn: { openIdConnect } }: Settings,
  origins: ReadonlyMap<string, string>,
): Promise<ConfigurationProblem[]> {
  if (openIdConnect === undefined) return [];
  const at = ['signIn', 'openIdConnect'];
  const { clientSecret, tls } = openIdConnect;
  return [
    ...(await checkSecret([...at, 'clientSecret'], clientSecret, origins)),
    ...(tls.caFile === undefined ? [] : await checkCaFile([...at, 'tls', 'caFile'], tls.caFile, origins)),
  ];
}

async function checkSecret(
  path: readonly PropertyKey[],
  secret: SecretRef,
  origins: ReadonlyMap<string, string>,
): Promise<ConfigurationProblem[]> {
  try {
    await secret.read();
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'its secret cannot be read';
    return [problemAt(path, { at: [], origins }, `cannot be used: ${reason}`)];
  }
}

async function checkAddress(
  key: 'database' | 'queue',
  setting: DatabaseSettings | QueueSettings,
  protocols: readonly string[],
  word: string,
  { origins, folder }: { readonly origins: ReadonlyMap<string, string>; readonly folder: string },
): Promise<ConfigurationProblem[]> {
  if (!('url' in setting)) return [];
  const unreadable = await checkSecret([key], setting.url, origins);
  if (unreadable.length > 0) return unreadable;
  const problem = (message: string): ConfigurationProblem[] => [
    problemAt([key], { at: [], origins }, `cannot be used: ${setting.url.origin} ${message}`),
  ];
  const address = await setting.url.read();
  if (!isAddress(address, protocols))
    return problem(`holds no such address; allowed there: an address ${protocols[0]}//… (or write ${key}: ${word})`);
  const part = undecodablePart(address);
  if (part !== null) return problem(`has a ${part} with a % that begins no escape (RFC 3986); a % is written %25`);
  const wrong = transportProblem(key, address, setting);
  if (wrong !== null) return problem(wrong);
  const caFile = key === 'database' ? databaseCaFile(address, setting, folder) : setting.caFile;
  if (caFile === undefined) return [];
  return checkCaFile(setting.caFile === undefined ? [key] : [key, 'caFile'], caFile, origins);
}

async function checkCaFile(
  path: readonly PropertyKey[],
  file: string,
  origins: ReadonlyMap<string, string>,
): Promise<ConfigurationProblem[]> {
  const problem = (message: string): ConfigurationProblem[] => [
    problemAt(path, { at: [], origins }, `cannot be used: ${file} ${message}`),
  ];
  try {
    const pem = await readFile(file, 'utf8');
    return pem.includes('-----BEGIN CERTIFICATE-----') ? [] : problem('holds no certificate in PEM form');
  } catch (error) {
    return problem(`cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`);
  }
}

/** An address with a password is wrong in itself and may be wrong for its key too: the first says what to do. */
function withoutRepetition(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  const told = new Set<string>();
  return problems.filter(({ key }) => {
    if (key !== '' && told.has(key)) return false;
    told.add(key);
    return true;
  });
}

/** By line; what does not stand in the file comes last. */
function inOrder(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  const line = ({ origin }: ConfigurationProblem): number =>
    Number(/:(\d+)$/.exec(origin)?.[1] ?? Number.MAX_SAFE_INTEGER);
  return problems.toSorted((a, b) => line(a) - line(b));
}
