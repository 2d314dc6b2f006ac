import { describe, expect, it } from 'vitest';
import { configDigest, sourceSecrets } from '../../../src/settings/config-digest.ts';
import { describeSettings } from '../../../src/settings/describe-settings.ts';
import { load } from './support.ts';

const env = { PW: 'hunter2', DB: 'postgres://u:hunter2@h/d' };

function source(changes: Readonly<Record<string, string>> = {}): string {
  const keys = {
    id: 'ad',
    kind: 'active-directory',
    baseDn: 'DC=corp',
    connection: '{url: "ldaps://dc", bindDn: reader, bindPassword: {env: PW}}',
    mapping: '{email: mail, department: ou}',
    ...changes,
  };
  return `sources:\n  - ${Object.entries(keys)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n    ')}\n`;
}

describe('describeSettings', () => {
  it('shows value and origin of every setting, and of secrets only where they come from', async () => {
    const yaml = `database: {env: DB}\nauthority: {email: {blanks: [ad]}}\n${source({ match: '[[firstName, lastName], [email]]', guard: '{gone: {number: 3}}' })}`;
    const { settings, folder } = await load(yaml, { env: { ...env, ROSTERD_HTTP_PORT: '8000' } });
    const rows = describeSettings(settings);
    const file = `${folder}/rosterd.yaml`;
    expect(rows).toEqual(
      expect.arrayContaining([
        { key: 'database', value: '***** (environment variable DB)', origin: `${file}:1` },
        { key: 'queue', value: 'database', origin: 'default' },
        { key: 'http.port', value: '8000', origin: 'environment variable ROSTERD_HTTP_PORT' },
        { key: 'http.hostNames', value: 'localhost, 127.0.0.1, ::1', origin: 'default' },
        { key: 'authority.email.rank', value: 'ad', origin: 'default' },
        { key: 'authority.email.blanks', value: 'ad', origin: `${file}:2` },
        { key: 'sources[0].match', value: 'firstName + lastName, email', origin: `${file}:9` },
        { key: 'sources[0].roles', value: '(none)', origin: 'default' },
        { key: 'sources[0].guard.gone.number', value: '3', origin: `${file}:10` },
        {
          key: 'sources[0].connection.bindPassword',
          value: '***** (environment variable PW)',
          origin: `${file}:7`,
        },
        { key: 'sources[0].connection.startTls', value: 'false', origin: 'default' },
      ]),
    );
    expect(rows.filter(({ key }) => key.startsWith('sources[0].guard'))).toHaveLength(1);
    expect(rows.filter(({ key }) => key.startsWith('authority.'))).toHaveLength(2);
    expect(JSON.stringify([rows, settings])).not.toContain('hunter2');
  });
});

describe('14.4 configDigest', () => {
  const digest = async (changes: Readonly<Record<string, string>> = {}, password = 'hunter2'): Promise<string> => {
    const { settings } = await load(source(changes), { env: { PW: password, OTHER: password } });
    return configDigest(settings, 'ad');
  };

  it('changes with what is read and how', async () => {
    const before = await digest();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest({ baseDn: 'DC=other' })).not.toBe(before);
    expect(await digest({ filter: '(x=y)' })).not.toBe(before);
    expect(await digest({ mapping: '{email: proxy, department: ou}' })).not.toBe(before);
    expect(await digest({ roles: '[{when: {group: G}, role: r}]' })).not.toBe(before);
    expect(await digest({ connection: '{url: "ldaps://dc2", bindDn: reader, bindPassword: {env: PW}}' })).not.toBe(
      before,
    );
  });

  it('stays with secrets, their origin, the order of keys and everything that is policy', async () => {
    const before = await digest();
    expect(await digest({}, 'another')).toBe(before);
    expect(await digest({ connection: '{bindPassword: {env: OTHER}, bindDn: reader, url: "ldaps://dc"}' })).toBe(
      before,
    );
    expect(await digest({ mapping: '{department: ou, email: mail}' })).toBe(before);
    expect(await digest({ schedule: '{full: "1 1 * * *"}', createsUsers: 'true', match: '[[email]]' })).toBe(before);
    expect(await digest({ roles: '[{when: {supervisor: true}, role: r}]' })).toBe(before);
  });

  it('goes with the secrets of the same source', async () => {
    const { settings } = await load(source(), { env });
    const values = await Promise.all(sourceSecrets(settings, 'ad').map((each) => each.read()));
    expect(values).toEqual(['hunter2']);
    expect(() => configDigest(settings, 'nobody')).toThrow('no source nobody');
  });
});
