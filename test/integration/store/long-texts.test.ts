import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AccountRecord } from '../../../src/domain/account.ts';
import { databases, openPostgres } from '../../support/api/databases.ts';
import { openSite } from '../../support/site.ts';

/** Characters of three bytes each, at random: they do not compress. */
const cjk = (length: number): string =>
  Array.from({ length }, () => String.fromCodePoint(0x4e00 + randomInt(20_000))).join('');

const allOf = (length: number): Pick<AccountRecord, 'values' | 'teams' | 'roleFacts'> => {
  const [team, other] = [cjk(length), cjk(length)];
  return {
    values: {
      username: cjk(length),
      employeeId: cjk(length),
      acdId: cjk(length),
      firstName: cjk(length),
      lastName: cjk(length),
      displayName: cjk(length),
      email: cjk(length),
      department: cjk(4_000),
      jobTitle: cjk(4_000),
    },
    teams: [{ id: team, name: other }],
    roleFacts: { roles: [cjk(length)], groups: [cjk(length)], profiles: [cjk(length)] },
  };
};

/** A rule of three long values, and one of texts that nothing limits. */
const rules = `
  - id: file
    kind: csv-file
    match: [[firstName, lastName, displayName], [department, jobTitle], [username, firstName, lastName, email, displayName]]`;

it.each(databases)(
  '2.2, 20 texts too long for an index stop nothing: of the record the rest is stored, and of the page the others (%s)',
  async (_name, open) => {
    const database = await open();
    const site = await openSite(database.knex, rules);
    try {
      for (const source of [site.acd, site.file]) {
        for (const [id, length] of [['fits', 200] as const, ['1000', 1_000] as const, ['1300', 1_300] as const]) {
          const { values, ...more } = allOf(length);
          source.put(id, { ...values, mobileNumber: '0042077712345' }, more);
        }
        source.put(cjk(201), { firstName: 'Nobody' });
        source.put(cjk(200), { firstName: 'Somebody', employeeId: cjk(200) });
        source.put('plain', { firstName: 'Jan' });
      }
      await site.sync();
      const runs = await database
        .knex('run')
        .whereNot({ mode: 'reconcile' })
        .orderBy('source_id')
        .select<{ source_id: string; state: string; rejects: object[]; notes: string[] }[]>(
          'source_id',
          'state',
          'rejects',
          'notes',
        );
      for (const id of ['acd', 'file']) {
        const run = runs.find(({ source_id }) => source_id === id);
        expect(run).toMatchObject({
          state: 'completed-with-rejects',
          rejects: [{ position: 'record 4', reason: expect.stringContaining('longer than 600 bytes') as string }],
        });
        expect(run?.notes.join('\n')).toContain('id 1000: username: a text is longer than 600 bytes');
      }
      const accounts = await database
        .knex('account')
        .where({ source_id: 'file' })
        .orderBy('id')
        .select<{ external_id: string; content: AccountRecord }[]>('external_id', 'content');
      expect(accounts).toHaveLength(5);
      const named = (id: string) => accounts.find(({ external_id }) => external_id === id)?.content;
      expect(Object.keys(named('fits')?.values ?? {})).toHaveLength(10);
      expect(Object.keys(named('1000')?.values ?? {}).sort()).toEqual(['department', 'jobTitle', 'mobileNumber']);
      expect(named('1000')).not.toHaveProperty('teams');
      expect(await database.knex('run').whereIn('state', ['failed', 'running', 'queued']).select('id')).toEqual([]);
      expect(await database.knex('account').whereNull('decided_hash').select('external_id')).toEqual([]);
      expect(await database.knex('link').count('* as links')).not.toEqual([{ links: '0' }]);
    } finally {
      await site.close();
      await database.close();
    }
  },
  120_000,
);

it('12.1, 20 people are told what is too long for an index', async () => {
  const database = await openPostgres();
  const site = await openSite(database.knex);
  try {
    site.acd.put('1', { acdId: '1', employeeId: 'E1', firstName: 'Jan', lastName: 'Novak' });
    await site.sync();
    const user = (await database.knex('user').first<{ id: number }>('id')).id;
    const set = (value: string) => site.ask('PUT', `/users/${user}/fields/displayName`, { body: { value } });
    expect(await set(cjk(201))).toMatchObject({
      status: 422,
      text: expect.stringContaining('longer than 600 bytes') as string,
    });
    expect((await set(cjk(200))).status).toBe(200);
    const group = (name: string) => site.ask('POST', '/groups', { body: { name } });
    const refused = await group(cjk(201));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('longer than 600 bytes');
    expect((await group(cjk(200))).status).toBeLessThan(300);
  } finally {
    await site.close();
    await database.close();
  }
}, 120_000);
