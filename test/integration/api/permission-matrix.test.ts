import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations as named } from '../../../src/api/operations.ts';
import { permissions, type Permission } from '../../../src/domain/permissions.ts';
import type { ReviewItem } from '../../../src/api/schemas/review-items.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { lacking, type OpenApi } from '../../support/api/described.ts';
import { openSite, type Site } from '../../support/site.ts';

/**
 * Every operation of the API, by a sample request: what it needs, and how it answers whoever has that but not the scope. Where
 * a request changes something it is a preview, or one that is refused for another reason after permissions were asked for.
 */
interface Row {
  readonly needs: readonly Permission[];
  /** As in the OpenAPI; the parameters are filled in by the test. */
  readonly call: string;
  readonly query?: string;
  readonly body?: object;
  /** `gone`: 404 as if it did not exist; `refused`: 403; `less`: answered without what is out of scope. */
  readonly outside: 'gone' | 'refused' | 'less' | 'same' | 'open';
}

const view = ['view'] as const;
const edit = ['edit-users'] as const;
const preview = '?preview=true';
const onUser = (call: string, needs: readonly Permission[], body: object, query = preview): Row => ({
  ...{ call, needs, body, query, outside: 'gone' },
});
const read = (call: string, outside: Row['outside'] = 'less', query = ''): Row => ({
  call,
  needs: view,
  query,
  outside,
});

const matrix: readonly Row[] = [
  read('GET /users'),
  read('GET /users/{user}', 'gone'),
  read('GET /users/{user}/explain', 'gone'),
  { ...read('GET /users/{user}/events', 'gone'), needs: ['view-log'] },
  read('GET /accounts'),
  read('GET /accounts/export', 'less', '?format=csv'),
  read('GET /owners', 'gone', '?source=acd&externalId={externalId}'),
  read('GET /groups'),
  read('GET /teams'),
  read('GET /teams/{team}', 'gone'),
  read('GET /team-bindings'),
  read('GET /roles', 'same'),
  read('GET /review-items'),
  read('GET /review-items/{item}', 'gone'),
  read('GET /refusals'),
  read('GET /runs'),
  read('GET /runs/{id}'),
  read('GET /runs/{id}/decisions'),
  read('GET /syncs/{sync}'),
  read('GET /syncs/{sync}/dry-run', 'refused'),
  read('GET /worklist'),
  { ...read('GET /diagnostics', 'refused'), needs: ['manage-sources'] },
  read('GET /bulk'),
  read('GET /bulk/{job}', 'gone'),
  read('GET /bulk/{job}/results', 'gone'),
  read('GET /csv/people'),
  read('GET /csv/people/export'),
  read('GET /csv/mappings', 'same'),
  read('GET /csv/imports'),
  read('GET /csv/imports/{import}', 'gone'),
  read('GET /csv/imports/{import}/rows', 'gone'),
  { call: 'POST /csv/imports', needs: edit, body: { content: '' }, outside: 'same' },
  { call: 'POST /csv/imports/{import}/apply', needs: edit, body: { digest: 'x' }, outside: 'gone' },
  { call: 'POST /csv/imports/{import}/undo', needs: edit, body: {}, outside: 'gone' },
  { call: 'POST /csv/imports/{import}/cancel', needs: edit, outside: 'gone' },
  {
    call: 'PUT /csv/mappings/{mapping}',
    needs: edit,
    body: { columns: { Rank: { dates: 'DD/MM/YYYY' } } },
    outside: 'same',
  },
  { call: 'POST /csv/mappings/{mapping}/remove', needs: edit, outside: 'same' },
  read('GET /merge-candidates'),
  read('GET /numeric-ids'),
  read('GET /numeric-ids/free', 'same'),
  { ...read('GET /events'), needs: ['view-log'] },
  { ...read('GET /events/stream', 'less', '?wait=false'), needs: ['view-log'] },
  read('GET /runs/stream', 'less', '?wait=false'),
  { ...read('GET /events/{event}', 'gone'), needs: ['view-log'] },
  { ...read('GET /events/export', 'less', '?format=ndjson'), needs: ['view-log'] },
  read('GET /sources', 'same'),
  read('GET /sources/{source}', 'same'),
  read('GET /config', 'same'),
  read('GET /version', 'same'),
  ...(
    [
      ['GET /operators', undefined],
      ['POST /operators', { name: 'x:y', permissions: [], scope: {} }],
      ['PUT /operators/none/permissions', { permissions: [] }],
      ['PUT /operators/none/scope', {}],
      ['POST /operators/none/disable', {}],
      ['POST /operators/none/enable', {}],
      ['POST /operators/none/link', {}],
      ['POST /first-operator/link', undefined],
      ['GET /tokens', undefined],
      ['POST /tokens', { label: 'x', permissions: [], operator: 'none' }],
      ['POST /tokens/999/revoke', {}],
    ] as const
  ).map(([call, body]): Row => ({ call, needs: ['manage-operators'], outside: 'same', ...(body && { body }) })),
  { call: 'POST /operators/none/unlock', needs: ['activate'], body: {}, outside: 'same' },
  { call: 'POST /sign-in', needs: [], body: { name: 'nobody', password: 'x' }, outside: 'open' },
  { call: 'POST /links/redeem', needs: [], body: { link: 'x', password: 'x' }, outside: 'open' },
  { call: 'POST /sign-out', needs: [], outside: 'same' },
  { call: 'GET /whoami', needs: [], outside: 'same' },
  { call: 'GET /sessions', needs: [], outside: 'same' },
  { call: 'POST /sessions/0123456789abcdef/revoke', needs: [], outside: 'same' },
  onUser('PUT /users/{user}/sync', ['toggle-sync'], { enabled: false }),
  onUser('PUT /users/{user}/active', ['activate'], { active: false }),
  onUser('PUT /users/{user}/fields/email', edit, { value: 'x@y.test' }),
  onUser('PUT /users/{user}/fields/qmViews', ['edit-users', 'edit-qm-views'], { value: 'all' }),
  onUser('PUT /users/{user}/roles/trainer', ['assign-user-roles'], { word: 'give' }),
  onUser('PUT /users/{user}/teams/{team}', edit, { word: 'take' }),
  onUser('PUT /users/{user}/supervision/{team}', edit, { word: 'give' }),
  onUser('PUT /users/{user}/main-team', edit, { team: '{team}' }),
  onUser('PUT /users/{user}/group', edit, { group: '{group}' }),
  onUser('PUT /users/{user}/scope', ['assign-user-roles'], { change: 'add', groups: ['{group}'] }),
  onUser('POST /users/{user}/unlink', edit, { source: 'ad' }),
  onUser('POST /users/{user}/link', edit, { source: 'ad', externalId: 'guid-free' }),
  onUser('POST /users/{user}/repurpose', edit, { source: 'acd', username: 'other' }),
  // Two agents of an ACD: refused after permissions were asked for; what a merge needs by what it moves is tried in its own test.
  onUser('POST /users/{user}/merge', edit, { other: '{mate}' }),
  onUser('POST /users/{user}/purge', ['manage-operators'], {}),
  onUser('POST /worklist/{user}/ack', edit, { reason: 'seen' }, ''),
  { call: 'POST /users', needs: edit, body: { fields: {} }, outside: 'same' },
  { call: 'POST /users/{user}/refresh', needs: ['run-and-approve'], outside: 'gone' },
  { call: 'POST /accounts/acd/{externalId}/refresh', needs: ['run-and-approve'], outside: 'gone' },
  { call: 'POST /accounts/acd/{externalId}/ignore', needs: edit, body: {}, outside: 'gone' },
  { call: 'POST /accounts/acd/{externalId}/unignore', needs: edit, body: {}, outside: 'gone' },
  {
    call: 'POST /review-items/{item}/answer',
    needs: edit,
    query: preview,
    body: { answer: 'ignore' },
    outside: 'gone',
  },
  {
    ...{ call: 'POST /review-items/{roleItem}/answer', query: preview, outside: 'gone' },
    ...{ needs: ['edit-users', 'assign-user-roles'], body: { answer: 'map-to', value: 'trainer' } },
  },
  {
    call: 'POST /undo',
    needs: ['run-and-approve', 'assign-user-roles'],
    body: { user: '{user}', preview: true },
    outside: 'gone',
  },
  { call: 'GET /undos/{id}', needs: ['run-and-approve'], outside: 'same' },
  { call: 'POST /undos/{id}/cancel', needs: ['run-and-approve'], outside: 'same' },
  {
    call: 'POST /bulk',
    needs: ['view', 'assign-user-roles'],
    outside: 'less',
    body: { action: 'assign-role', value: 'trainer', users: ['{user}'], preview: true },
  },
  {
    call: 'POST /bulk',
    needs: ['view', 'activate'],
    outside: 'less',
    body: { action: 'disable', users: ['{user}'], preview: true },
  },
  {
    call: 'POST /bulk',
    needs: ['view', 'toggle-sync'],
    outside: 'less',
    body: { action: 'enable-sync', users: ['{user}'], preview: true },
  },
  {
    call: 'POST /bulk',
    needs: ['view', 'edit-users'],
    outside: 'less',
    body: { action: 'unlock', users: ['{user}'], preview: true },
  },
  {
    call: 'POST /merges',
    needs: edit,
    outside: 'gone',
    body: { pairs: [{ primary: '{user}', other: '{mate}' }], preview: true },
  },
  { call: 'POST /bulk/{job}/cancel', needs: ['view', 'assign-user-roles'], outside: 'gone' },
  { call: 'POST /worklist/ack', needs: edit, body: { source: 'none', reason: 'x', preview: true }, outside: 'less' },
  { call: 'POST /groups', needs: edit, body: { name: '{group}', below: '{group}' }, outside: 'same' },
  { call: 'PUT /groups/{group}', needs: edit, body: {}, outside: 'same' },
  { call: 'POST /groups/{group}/remove', needs: edit, body: {}, outside: 'refused' },
  { call: 'PUT /teams/{team}', needs: edit, body: { name: '{team}' }, outside: 'refused' },
  { call: 'POST /teams/{team}/remove', needs: edit, body: {}, outside: 'refused' },
  { call: 'POST /teams/{team}/merge', needs: edit, body: { into: '{team}', preview: true }, outside: 'refused' },
  {
    ...{ call: 'PUT /team-bindings/acd/{team}', needs: edit, outside: 'refused' },
    body: { team: '{team}', preview: true },
  },
  { call: 'PUT /teams/{team}/group', needs: edit, body: { group: 'Nowhere' }, outside: 'same' },
  { call: 'POST /runs/{id}/cancel', needs: ['run-and-approve'], outside: 'same' },
  { call: 'POST /runs/{id}/approve', needs: ['run-and-approve'], body: { digest: '0123456789ab' }, outside: 'same' },
  { call: 'POST /runs/{id}/discard', needs: ['run-and-approve'], body: { reason: 'x' }, outside: 'same' },
  { call: 'POST /runs/{id}/reopen', needs: ['run-and-approve'], body: {}, outside: 'refused' },
  {
    ...{ call: 'POST /refusals/lift', needs: ['run-and-approve'], outside: 'refused' },
    body: { source: 'acd', preview: true },
  },
  { call: 'POST /syncs', needs: ['run-and-approve'], body: { sources: ['none'] }, outside: 'same' },
  { call: 'POST /sources/{source}/check', needs: ['run-and-approve'], outside: 'same' },
  { call: 'POST /sources/{source}/confirm', needs: ['manage-sources'], body: { systemId: 'other' }, outside: 'same' },
  { call: 'POST /sources/{source}/pause', needs: ['manage-sources'], body: {}, outside: 'same' },
  { call: 'POST /sources/{source}/resume', needs: ['manage-sources'], body: {}, outside: 'same' },
  { call: 'POST /sources/none/retire', needs: ['manage-sources'], body: {}, outside: 'same' },
  {
    call: 'POST /sources/{source}/move-links',
    needs: edit,
    body: { to: 'ad', pairs: [], preview: true },
    outside: 'refused',
  },
];

/** Path parameters as the matrix fills or spells them: for comparing with the OpenAPI. */
function shape(call: string): string {
  return call
    .replace(/\/(fields|roles|supervision)\/[^/]+$/, '/$1/*')
    .replace(/^(.* \/accounts)\/[^/]+\/[^/]+\//, '$1/*/*/')
    .replace(/^(.* \/(?:operators|tokens|sessions))\/[^/]+/, '$1/*')
    .replace(/^(.* \/sources)\/[^/]+/, '$1/*')
    .replace(/^(.* \/team-bindings)\/[^/]+/, '$1/*')
    .replace(/\{[^}]+\}/g, '*');
}

type Values = Readonly<Record<string, string>>;
function filled<T>(template: T, values: Values): T {
  const text = JSON.stringify(template).replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  return JSON.parse(text) as T;
}

describe('19.1 every operation × every permission × in and out of scope', () => {
  let database: OpenDatabase;
  let site: Site;
  let inside: Values;
  let outside: Values;

  beforeAll(async () => {
    database = await openPostgres();
    site = await openSite(database.knex, 'newUsers: { active: true }');
    site.acd.lookup = 'absent';
    say('4711', 'Sales', 'Visible');
    say('9901', 'Night', 'Hidden');
    // One person of each side is asked about, and an account waits that matches both of a side.
    say('4712', 'Sales', 'Visible');
    say('9902', 'Night', 'Hidden');
    await site.sync();
    for (const [id, at] of [
      ['4711', 'seen'],
      ['9901', 'hidden'],
    ] as const)
      say(id, at === 'seen' ? 'Sales' : 'Night', at === 'seen' ? 'Visible' : 'Hidden', ['trainer']);
    await site.sync();
    // The two of a side have the same e-mail address.
    for (const [user, side] of [
      ...[
        ['4711', 'visible'],
        ['4712', 'visible'],
      ],
      ...[
        ['9901', 'hidden'],
        ['9902', 'hidden'],
      ],
    ] as const)
      await site.ask('PUT', `/users/${user}/fields/email`, { body: { value: `both-${side}@acd.test` } });
    site.ad.put('guid-free', { email: 'free@corp.test', firstName: 'Free', lastName: 'Person' });
    site.ad.put('guid-seen', { email: 'both-visible@acd.test', firstName: 'Ann', lastName: 'Visible' });
    site.ad.put('guid-hidden', { email: 'both-hidden@acd.test', firstName: 'Hidden', lastName: 'Hidden' });
    say('9903', 'Night', 'Hidden', ['hidden-clerk']);
    await site.sync();
    for (const [name, team] of [
      ['Here', 'Sales'],
      ['HiddenGroup', 'Night'],
    ] as const) {
      await site.ask('POST', '/groups', { body: { name } });
      await site.ask('PUT', `/teams/${team}/group`, { body: { group: name } });
    }
    const { items } = (await site.ask<{ items: ReviewItem[] }>('GET', '/review-items')).json;
    const about = (user: number, kind: string) =>
      String(items.find((item) => item.kind === kind && item.userIds.includes(user))?.id);
    const eventOf = async (user: number): Promise<string> => {
      const { json } = await site.ask<{ items: { id: number }[] }>('GET', `/events?user=${String(user)}&limit=1`);
      return String(json.items[0]?.id);
    };
    const roleItem = String(items.find(({ kind }) => kind === 'unknown-role')?.id);
    const job = await site.ask<{ job: { id: number } }>('POST', '/bulk', {
      body: { action: 'assign-role', value: 'auditor', users: ['9902'], reason: 'Hidden' },
    });
    const sync = await site.ask<{ items: { id: number; syncId: string | null }[] }>('GET', '/runs?limit=1');
    const file = Buffer.from('User ID,Login,First Name,Last Name,Email\n0,hidden,Hidden,Hidden,h@x.cz\n');
    const shown = await site.ask<{ id: number }>('POST', '/csv/imports', {
      body: { content: file.toString('base64'), reason: 'Hidden' },
    });
    const shared = {
      ...{ import: String(shown.json.id), mapping: 'hr' },
      ...{ source: 'acd', roleItem, job: String(job.json.job.id), id: String(sync.json.items[0]?.id) },
      sync: sync.json.items[0]?.syncId ?? 'none',
    };
    const [visible, hidden] = [(await site.user('4712')).id, (await site.user('9902')).id];
    inside = {
      ...shared,
      user: '4711',
      mate: '4712',
      externalId: '4711',
      team: 'Sales',
      group: 'Here',
      item: about(visible, 'ambiguous-match'),
      event: await eventOf(visible),
    };
    outside = {
      ...shared,
      user: '9901',
      mate: '9902',
      externalId: '9901',
      team: 'Night',
      group: 'HiddenGroup',
      item: about(hidden, 'ambiguous-match'),
      event: await eventOf(hidden),
    };
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  function say(id: string, team: string, name: string, roles: readonly string[] = []): void {
    const values = { acdId: id, employeeId: `E${id}`, firstName: `${name}${id}`, lastName: name };
    site.acd.put(id, values, { teams: [{ id: team, name: team }], roleFacts: { roles: [...roles] } });
  }

  /** The headers of a new operator; with a scope of one group where it is named. */
  async function operator(may: readonly Permission[], group?: string): Promise<Record<string, string>> {
    const authorization = `Bearer ${await site.tokenWith(may)}`;
    if (group !== undefined)
      await site.knex.raw(
        `with newest as (update operator set full_scope = false where id = (select max(id) from operator) returning id)
         insert into operator_scope (operator_id, group_id) select newest.id, g.id from newest, team_group g where g.name = ?`,
        [group],
      );
    return { authorization };
  }

  const ask = (row: Row, values: Values, headers: Record<string, string>) => {
    const { call, query = '', body } = filled(row, values);
    const [method, path] = call.split(' ') as ['GET' | 'POST' | 'PUT', string];
    return site.ask<{ code?: string }>(method, path + query, { headers, ...(body === undefined ? {} : { body }) });
  };

  it('19.1 has every operation of the OpenAPI, each of which has a name, a sentence, errors and examples', async () => {
    const document = (await site.ask<OpenApi>('GET', '/openapi.json')).json;
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      path.startsWith('/api/v1/')
        ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(7)}`)
        : [],
    );
    const unnamed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        lacking(path, operation).map((what) => `${method} ${path}: ${what}`),
      ),
    );
    expect(unnamed, 'name and sentence stand in src/api/operations.ts').toEqual([]);
    const described = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(described.map(({ operationId }) => operationId)).size, 'no name twice').toBe(described.length);
    expect(Object.keys(named), 'nothing is described that there is not').toHaveLength(described.length);
    const known = new Set(matrix.map(({ call }) => shape(call)));
    expect(operations.filter((operation) => !known.has(shape(operation)))).toEqual([]);
  });

  it('19.1 exactly those pass who may do everything that it does', async () => {
    const single = new Map<Permission, Record<string, string>>();
    for (const permission of permissions) single.set(permission, await operator([permission]));
    const wrong: string[] = [];
    for (const row of matrix.filter(({ outside: how }) => how !== 'open')) {
      for (const [permission, headers] of single) {
        const { status } = await ask(row, inside, headers);
        const passes = status !== 403 && status !== 401;
        if (passes !== row.needs.every((need) => need === permission))
          wrong.push(`${row.call}: ${permission} → ${status}`);
      }
      const both = await ask(row, inside, await operator(row.needs));
      if (both.status === 403 || both.status >= 500) wrong.push(`${row.call}: ${row.needs.join('+')} → ${both.text}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('19.1 what is out of scope is not there', async () => {
    const wrong: string[] = [];
    const all = await operator(permissions, 'Here');
    for (const row of matrix.filter(({ outside: how }) => how !== 'open')) {
      const there = await ask(row, outside, all);
      const expected: readonly number[] = {
        gone: [404],
        refused: [403],
        less: [200],
        same: [200, 202, 403, 404, 409, 422],
        open: [],
      }[row.outside];
      if (!expected.includes(there.status))
        wrong.push(`${row.call} outside → ${there.status} ${there.text.slice(0, 300)}`);
      const here = await ask(row, inside, all);
      if (
        !['GET /bulk', 'GET /syncs'].some((start) => row.call.startsWith(start)) &&
        row.outside === 'gone' &&
        row.call.includes('{user}') &&
        here.status === 404
      )
        wrong.push(`${row.call} inside → ${here.text.slice(0, 300)}`);
      for (const [side, { text }] of [
        ['outside', there],
        ['inside', here],
      ] as const)
        if (row.outside !== 'same' && row.outside !== 'refused' && /hidden(?!group)/i.test(text))
          wrong.push(`${row.call} ${side} shows ${/.{0,80}hidden.{0,80}/i.exec(text)?.[0] ?? ''}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
