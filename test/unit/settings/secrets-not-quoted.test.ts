import { describe, expect, it } from 'vitest';
import { ConfigurationError, formatProblem } from '../../../src/settings/errors.ts';
import { describeSettings } from '../../../src/settings/describe-settings.ts';
import { load } from './support.ts';

const password = 'Xq7hunter2';
const ad = (lines: string): string =>
  `sources:\n  - id: ad\n    kind: active-directory\n    baseDn: DC=corp\n    connection: {url: 'ldaps://dc', bindDn: x, ${lines}}\n`;

/** Plausible mistakes with a password in a place where none belongs. */
const mistakes: readonly (readonly [string, string])[] = [
  ['a connection string in place of an address', `database: "host=h password=${password}"\n`],
  ['a connection string with pwd', `database: "Server=h;Pwd=${password}"\n`],
  ['an address of the queue with a slip in it', `queue: "redis//:${password}@h"\n`],
  ['an address of the database with a slip in it', `database: "postgres:/app:${password}@h/db"\n`],
  ['an address as a key', `database: {"postgres://app:${password}@h/db": }\n`],
  ['an address of another kind', `database: "mysql://h/db?user=app&pw=${password}"\n`],
  ['a parameter of the address', `database: "postgres://h/db?sslpassword=${password}"\n`],
  ['a secret as a key', ad(`bindPassword: {${password}: }`)],
  ['a secret as a key in a place without secrets', `http: {"${password}=": 1}\n`],
  ['log-in and password in one name', `http: {host: h, port: "svc:${password}"}\n`],
  ['log-in and password where a word is wrong', `log: {level: "svc:${password}"}\n`],
  ['a list in place of a secret', ad(`bindPassword: [${password}]`)],
];

describe('20.11 config check', () => {
  it.each(mistakes)('20.11 does not quote the password of %s', async (_name, yaml) => {
    const refusal = await load(yaml).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ConfigurationError);
    const { problems } = refusal as ConfigurationError;
    expect(problems.length).toBeGreaterThan(0);
    const said = problems.map((problem) => formatProblem(problem)).join('\n');
    expect(said).not.toContain(password);
    expect(said).toContain(':');
  });

  it('20.11 still quotes what cannot be one', async () => {
    const said = await load(
      'log: {level: loud}\nsources:\n  - {id: A b, kind: csv-file, connection: {path: x}}\n',
    ).catch((error: unknown) => (error as ConfigurationError).problems.map((problem) => problem.message).join('\n'));
    expect(said).toContain('"loud"');
    expect(said).toContain('"A b"');
  });

  it('20.11 config show has an address as it is written', async () => {
    const rows = describeSettings((await load('database: "postgres://app@h/db?sslmode=verify-full"\n')).settings);
    expect(rows.find(({ key }) => key === 'database')?.value).toBe('postgres://app@h/db?sslmode=verify-full');
  });
});
