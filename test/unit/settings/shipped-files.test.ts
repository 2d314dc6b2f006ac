import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { connectors as registry } from '../../../connectors/registry.ts';
import { connectorDefinitions } from '../../../src/configured-sources.ts';
import { loadSettings } from '../../../src/settings/load-settings.ts';
import { connectors, validateCron } from './support.ts';

const config = resolve(import.meta.dirname, '../../../config');

describe('the shipped configuration', () => {
  it('loads without any variable and names files that exist', async () => {
    const settings = await loadSettings({ configFile: `${config}/rosterd.yaml`, env: {}, connectors, validateCron });
    expect(settings).toMatchObject({
      database: { kind: 'embedded' },
      queue: { kind: 'database' },
      dataDir: resolve(config, '../.rosterd'),
      sources: [
        { id: 'corp-ad', kind: 'ldif-file', as: 'directory', createsUsers: false },
        { id: 'acd-prague', kind: 'csv-file', as: 'acd', createsUsers: true },
      ],
    });
    for (const source of settings.sources) {
      const { connection } = source.config as { connection: { path: string } };
      await expect(readFile(connection.path, 'utf8')).resolves.not.toBe('');
    }
  });

  it('has a production example that lacks nothing but its secrets', async () => {
    const configFile = `${config}/example.production.yaml`;
    const env = {
      ...{ DATABASE_URL: 'postgres://u:p@h/d', AD_BIND_PASSWORD: 'x', AVAYA_PASSWORD: 'y', SMTP_PASSWORD: 'z' },
      ...{ NOTIFY_WEBHOOK_URL: 'https://chat.example/hook', NOTIFY_WEBHOOK_SECRET: 's', OPENID_CLIENT_SECRET: 'o' },
    };
    const real = connectorDefinitions(registry);
    const settings = await loadSettings({ configFile, env, connectors: real, validateCron });
    expect(settings.sources.map(({ id, kind, reusableIds }) => [id, kind, reusableIds])).toEqual([
      ['corp-ad', 'active-directory', false],
      ['avaya-prague', 'avaya-cm', true],
      ['acd-brno', 'csv-file', true],
    ]);
    await expect(loadSettings({ configFile, env: {}, connectors: real, validateCron })).rejects.toThrow('7 problems');
  });
});

describe('the demo data', () => {
  it('has 30 agents with ids that begin with zeros, and names that need more than ASCII', async () => {
    const agents: Record<string, string>[] = parse(await readFile(`${config}/demo/acd-prague.csv`), { columns: true });
    expect(agents).toHaveLength(30);
    expect(new Set(agents.map((agent) => agent['ACD ID'])).size).toBe(30);
    expect(agents.every((agent) => agent['ACD ID']?.startsWith('0'))).toBe(true);
    const names = agents.map((agent) => agent['Last Name']);
    expect(names).toEqual(expect.arrayContaining(['Müller', "O'Brien", 'Nguyễn']));
  });

  it('has 41 directory entries with unique ids: most agents by employee id or e-mail, a few nowhere, one twice', async () => {
    const people = entries(await readFile(`${config}/demo/corp-ad.ldif`, 'utf8'));
    expect(people).toHaveLength(41);
    expect(new Set(people.map((person) => person.get('objectGUID'))).size).toBe(41);
    const agents: Record<string, string>[] = parse(await readFile(`${config}/demo/acd-prague.csv`), { columns: true });
    const found = agents.map((agent) => matches(people, agent).length);
    expect(found.filter((count) => count === 1)).toHaveLength(25);
    expect(found.filter((count) => count === 2)).toHaveLength(1);
    expect(found.filter((count) => count === 0)).toHaveLength(4);
  });
});

type Entry = ReadonlyMap<string, string>;

/** Just enough LDIF for our own file: folded lines and base64; the last value of each attribute. */
function entries(text: string): Entry[] {
  const records = text.trim().replace(/\n /g, '').split('\n\n').slice(1);
  return records.map((record) => new Map(record.trim().split('\n').map(toPair)));
}

function toPair(line: string): [string, string] {
  const [, name = '', coded, value = ''] = /^([^:]+):(:?) ?(.*)$/.exec(line) ?? [];
  const bytes = coded === ':' && name !== 'objectGUID';
  return [name, bytes ? Buffer.from(value, 'base64').toString('utf8') : value];
}

function matches(people: readonly Entry[], agent: Readonly<Record<string, string>>): Entry[] {
  const by = (attribute: string, column: string): Entry[] =>
    people.filter((person) => agent[column] !== '' && person.get(attribute) === agent[column]);
  const byEmployeeId = by('employeeID', 'Employee ID');
  return byEmployeeId.length > 0 ? byEmployeeId : by('mail', 'Email');
}
