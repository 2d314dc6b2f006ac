import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SecretRef } from '../../../src/connector-kit/secret.ts';
import { noticeKinds } from '../../../src/domain/notice.ts';
import { load } from './support.ts';

const acd = 'sources:\n  - id: acd\n    kind: csv-file\n    connection: {path: exports/acd.csv}\n';
const directory = '  - id: dir\n    kind: ldif-file\n    connection: {path: /srv/dir.ldif}\n';

describe('settings', () => {
  it('have the documented defaults when the file is empty', async () => {
    const { settings, folder } = await load('');
    const { authority, origins, ...others } = settings;
    expect(others).toEqual({
      configFile: join(folder, 'rosterd.yaml'),
      database: { kind: 'embedded' },
      queue: { kind: 'database' },
      dataDir: join(folder, '..', '.rosterd'),
      http: {
        host: '127.0.0.1',
        port: 7420,
        hostNames: ['localhost', '127.0.0.1', '::1'],
        allowPlaintext: false,
        trustedProxies: [],
      },
      organization: { timeZone: 'UTC', locale: 'en', defaultTeam: 'Default', defaultGroup: 'Default' },
      newUsers: { active: true, fromDisabled: 'wait' },
      roles: { reassert: false, catalogue: { agent: [], supervisor: ['manage-teams'] } },
      signIn: {},
      placeholders: ['n/a', 'na', 'none', 'null', 'unknown', 'tbd'],
      guard: {
        firstImport: 'hold',
        created: { number: 20, percent: 20 },
        linked: { number: 20, percent: 20 },
        fieldChanged: { number: 20, percent: 20 },
        fieldBlanked: { number: 10, percent: 10 },
        teamMoved: { number: 20, percent: 20 },
        roleTaken: { number: 10, percent: 10 },
        gone: { number: 10, percent: 10 },
      },
      notify: [],
      retention: { users: 365 },
      log: { level: 'info' },
      sources: [],
    });
    expect(authority['email']).toEqual({ rank: [], blanks: [] });
    expect(origins).toEqual({ '': join(folder, 'rosterd.yaml') });
  });

  it("complete a source with its connector's and the organisation's defaults", async () => {
    const { settings } = await load(`organization: {timeZone: Asia/Tokyo}\n${acd}${directory}`);
    expect(settings.sources).toMatchObject([
      {
        id: 'acd',
        as: 'acd',
        createsUsers: true,
        enabled: true,
        schedule: { full: '0 2 * * *', timeZone: 'Asia/Tokyo' },
        match: [['employeeId'], ['email']],
        mapping: {},
        roles: [],
        teams: 'mirror',
        supervision: 'mirror',
        reusableIds: false,
      },
      { id: 'dir', as: 'directory', createsUsers: false },
    ]);
    expect(settings.sources[0]).not.toHaveProperty('idsLike');
    expect(settings.sources[0]?.schedule).not.toHaveProperty('delta');
  });

  it('take what a source says of itself', async () => {
    const { settings } = await load(
      [
        `guard: {gone: {number: 7}}\n${acd}    as: acd`,
        '    createsUsers: false',
        '    enabled: false',
        '    idsLike: avaya',
        '    schedule: {full: "0 3 * * *", timeZone: Europe/Prague}',
        '    match: [[firstName, lastName], [acdId]]',
        '    mapping: {team: Gang, attribute.agentId: Agent}',
        '    roles: [{when: {supervisor: true}, role: supervisor}, {when: {profile: P1}, role: lead}, {when: {group: G}, role: x}]',
        '    teams: add-only',
        '    supervision: merge',
        '    guard: {firstImport: apply, gone: {percent: 3}}',
      ].join('\n'),
    );
    expect(settings.sources[0]).toMatchObject({
      createsUsers: false,
      enabled: false,
      idsLike: 'avaya',
      reusableIds: true,
      schedule: { full: '0 3 * * *', timeZone: 'Europe/Prague' },
      match: [['firstName', 'lastName'], ['acdId']],
      mapping: { team: 'Gang', 'attribute.agentId': 'Agent' },
      roles: [
        { when: { supervisor: true }, role: 'supervisor' },
        { when: { profile: 'P1' }, role: 'lead' },
        { when: { group: 'G' }, role: 'x' },
      ],
      teams: 'add-only',
      supervision: 'merge',
      guard: { firstImport: 'apply', gone: { number: 7, percent: 3 }, created: { number: 20, percent: 20 } },
    });
    expect(settings.guard).toMatchObject({ firstImport: 'hold', gone: { number: 7, percent: 10 } });
    expect(settings.authority).toHaveProperty(['attribute.agentId'], { rank: ['acd'], blanks: [] });
  });

  it('5.1 rank the sources not named: directories before ACDs, in the order of the configuration', async () => {
    const more = '  - {id: dir2, kind: ldif-file, connection: {path: z}}\n';
    const { settings } = await load(
      `authority: {email: {rank: [acd], blanks: [dir]}, attribute.x: {rank: [dir2]}}\n${acd}${directory}${more}`,
    );
    expect(settings.authority['lastName']).toEqual({ rank: ['dir', 'dir2', 'acd'], blanks: [] });
    expect(settings.authority['email']).toEqual({ rank: ['acd', 'dir', 'dir2'], blanks: ['dir'] });
    expect(settings.authority['acdId']).toEqual({ rank: ['acd'], blanks: [] });
    expect(settings.authority['attribute.x']).toEqual({ rank: ['dir2', 'dir', 'acd'], blanks: [] });
  });

  it('keep the built-in roles beside those of the catalogue', async () => {
    const { settings } = await load('roles: {catalogue: {lead: [view], supervisor: [can-manage]}}\n');
    expect(settings.roles.catalogue).toEqual({ agent: [], supervisor: ['can-manage'], lead: ['view'] });
  });

  it('14.6 tell by webhook and e-mail, of everything unless said otherwise', async () => {
    const { settings, folder } = await load(
      [
        'notify:',
        '  - {webhook: {url: {env: HOOK}, secret: {env: S}, tls: {caFile: ca.pem}}, on: [run-held]}',
        '  - email: {to: [a@b.test], from: c@d.test, smtp: {host: mail, username: u, password: {env: S}}}',
        '  - email: {to: [a@b.test], from: c@d.test, smtp: {host: mail, encryption: implicit}}',
      ].join('\n'),
      { env: { HOOK: 'https://chat.example/hook', S: 's' } },
    );
    expect(settings.notify).toMatchObject([
      { on: ['run-held'], webhook: { tls: { caFile: join(folder, 'ca.pem') } } },
      { on: noticeKinds, email: { smtp: { port: 587, encryption: 'starttls', username: 'u', tls: {} } } },
      { on: noticeKinds, email: { smtp: { port: 465, encryption: 'implicit' } } },
    ]);
  });

  it("let relative paths start at the configuration file's folder", async () => {
    const tls =
      '    connection: {url: "ldaps://x", bindDn: x, bindPassword: {file: secrets/pw}, tls: {caFile: ca.pem}}\n';
    const { settings, folder } = await load(
      `dataDir: data\n${acd}${directory}  - id: ad\n    kind: active-directory\n    baseDn: x\n${tls}`,
      { files: { 'secrets/pw': 'x' } },
    );
    expect(settings.dataDir).toBe(join(folder, 'data'));
    expect(settings.sources.map(({ config }) => config)).toMatchObject([
      { connection: { path: join(folder, 'exports/acd.csv') } },
      { connection: { path: '/srv/dir.ldif' } },
      { connection: { tls: { caFile: join(folder, 'ca.pem') } } },
    ]);
  });

  it('let the environment win over the file, and an empty variable count as not set', async () => {
    const yaml = 'database: embedded\ndataDir: a\nhttp: {host: 127.0.0.1, port: 1}\nlog: {level: info}\n';
    const env = {
      ROSTERD_DATABASE: 'postgresql://u:hunter2@h/d',
      ROSTERD_QUEUE: 'rediss://:hunter2@h',
      ROSTERD_DATA_DIR: 'b',
      ROSTERD_HTTP_HOST: '::1',
      ROSTERD_HTTP_PORT: '0',
      ROSTERD_LOG_LEVEL: '',
    };
    const { settings, folder } = await load(yaml, { env });
    expect(settings).toMatchObject({
      database: { kind: 'postgres', shown: '***** (environment variable ROSTERD_DATABASE)' },
      queue: { kind: 'redis', shown: '***** (environment variable ROSTERD_QUEUE)' },
      dataDir: join(folder, 'b'),
      http: { host: '::1', port: 0 },
      log: { level: 'info' },
    });
    const { database, queue } = settings;
    expect(database.kind === 'postgres' && (await database.url.read())).toBe('postgresql://u:hunter2@h/d');
    expect(queue.kind === 'redis' && (await queue.url.read())).toBe('rediss://:hunter2@h');
    expect(settings.origins['http.port']).toBe('environment variable ROSTERD_HTTP_PORT');
  });

  it('let the environment set the words too', async () => {
    const env = { ROSTERD_DATABASE: 'embedded', ROSTERD_QUEUE: 'database' };
    const { settings } = await load('database: postgres://h/d\nqueue: redis://h\n', { env });
    expect(settings).toMatchObject({ database: { kind: 'embedded' }, queue: { kind: 'database' } });
  });

  it('accept an inline address without a password', async () => {
    const { settings } = await load('database: postgres://rosterd@db.example/rosterd\n');
    expect(settings.database).toMatchObject({ kind: 'postgres', shown: 'postgres://rosterd@db.example/rosterd' });
  });

  it('know a ROSTERD_ variable that a secret refers to', async () => {
    const { settings } = await load('database: {env: ROSTERD_DB_URL}\n', {
      env: { ROSTERD_DB_URL: 'postgres://u:p@h/d' },
    });
    expect(settings.database).toMatchObject({ shown: '***** (environment variable ROSTERD_DB_URL)' });
  });

  it('do not ask for the secrets of a disabled source, nor for any when told to leave them', async () => {
    const source = (enabled: boolean): string =>
      `sources:\n  - {id: ad, kind: active-directory, enabled: ${enabled ? 'true' : 'false'}, baseDn: x, connection: {url: "ldaps://x", bindDn: x, bindPassword: {env: PW}}}\n`;
    await expect(load(source(true))).rejects.toThrow('environment variable PW is not set');
    await expect(load(source(false))).resolves.toBeDefined();
    await expect(load(source(true), { secrets: 'leave' })).resolves.toBeDefined();
  });

  it('are frozen to the bottom, and a source of secrets keeps its own environment', async () => {
    const yaml = `${acd}  - {id: ad, kind: active-directory, baseDn: x, connection: {url: "ldaps://x", bindDn: x, bindPassword: {env: PW}}}\n`;
    const { settings } = await load(yaml, { env: { PW: 'hunter2' } });
    expect(thawed(settings)).toEqual([]);
    const config = settings.sources[1]?.config as { connection: { bindPassword: SecretRef } };
    expect(await config.connection.bindPassword.read()).toBe('hunter2');
  });
});

/** The places of everything below `value` that could still be changed. */
function thawed(value: unknown, path = 'settings'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, each]) => thawed(each, `${path}.${key}`));
  return Object.isFrozen(value) ? below : [path, ...below];
}
