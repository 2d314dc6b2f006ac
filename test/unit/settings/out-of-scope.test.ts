import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../src/settings/errors.ts';
import { load } from './support.ts';

test.each([
  ['password', "agents' own passwords"],
  ['attribute.password', "agents' own passwords"],
  ['user-pwd', "agents' own passwords"],
  ['requiredActions', "agents' required actions"],
  ['queueLogOn', 'queue log-on'],
  ['queue-profiles', 'queue profiles of the ACD'],
])('12.6 a mapping onto %s is refused and says that it is out of scope', async (key, what) => {
  const problems = async (yaml: string): Promise<string[]> => {
    const error = await load(yaml).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems.map(({ key: at, message }) => `${at} ${message}`);
  };
  const outOfScope = `is out of scope: rosterd neither reads nor keeps ${what}`;
  const path = key.includes('.') ? `["${key}"]` : `.${key}`;
  expect(
    await problems(
      `sources:\n  - id: acd\n    kind: csv-file\n    connection: {path: x}\n    mapping: {${key}: COLUMN}\n`,
    ),
  ).toEqual([`sources[0].mapping${path} ${outOfScope}`]);
  expect(await problems(`authority: {${key}: {rank: []}}\n`)).toEqual([`authority${path} ${outOfScope}`]);
});

test('12.6 what only sounds like it is an unknown key, or a field', async () => {
  const { settings } = await load(
    'sources:\n  - {id: acd, kind: csv-file, connection: {path: x}, mapping: {attribute.passwordHint: A, attribute.queue: B}}\n',
  );
  expect(settings.sources[0]?.mapping).toEqual({ 'attribute.passwordHint': 'A', 'attribute.queue': 'B' });
  await expect(load('password: x\n')).rejects.toThrow('password is not a known key');
});
