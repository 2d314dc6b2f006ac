import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import type { PeopleImport } from '../../../src/api/schemas/people-imports.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { applied, importRows, shownImport } from './importing.ts';

describe.each(databases)('17 importing people.csv on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (let agent = 1; agent <= 30; agent++)
      site.acd.put(
        `47${String(agent)}`,
        {
          ...{ acdId: `47${String(agent)}`, username: `agent${String(agent)}`, email: `a${String(agent)}@x.cz` },
          ...{ firstName: 'Anna', lastName: `Nová${String(agent)}`, rank: agent === 3 ? '=1+1' : null },
        },
        { teams: [{ id: 's', name: 'Sales' }] },
      );
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const exported = async (): Promise<string> => (await site.ask('GET', '/csv/people/export?all=true')).text;
  const events = async (): Promise<number> =>
    Number((await database.knex('event').count<{ count: string }[]>())[0]?.count);
  const id = async (login: string): Promise<number> => (await site.user(login)).id;
  const file = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`;

  it('17.4 a round trip changes nothing', async () => {
    const before = await events();
    const shown = await shownImport(site, await exported());
    expect(shown.shown).toMatchObject({ rows: 30, unchanged: 30, errors: 0, unread: [] });
    expect(await importRows(site, shown.id)).toEqual([]);
    expect(await applied(site, shown)).toMatchObject({ progress: { rows: 0, changed: 0 } });
    expect(await events()).toBe(before);
  });

  it('17.4 of an export with ten changed cells, as LibreOffice writes it, exactly those are previewed and then done', async () => {
    const text = await exported();
    const rows = text.trimEnd().split('\r\n');
    // LibreOffice quotes everything where it is asked to, ends lines with LF and may write a byte order mark.
    const quoted = rows.map((row) =>
      row
        .split(',')
        .map((cell) => (cell.startsWith('"') ? cell : `"${cell}"`))
        .join(','),
    );
    for (let agent = 11; agent <= 20; agent++)
      quoted[agent] = (quoted[agent] ?? '').replace(`a${String(agent)}@x.cz`, `b${String(agent)}@x.cz`);
    const shown = await shownImport(site, `\ufeff${quoted.join('\n')}`);
    expect(shown.shown).toMatchObject({ rows: 30, unchanged: 20, errors: 0 });
    expect(shown.shown.counts).toMatchObject({ override: 10, cleared: 0, changed: 0, created: 0 });
    const changes = (await importRows(site, shown.id)).flatMap((row) => row.changes);
    expect(changes).toHaveLength(10);
    expect(changes[0]).toEqual({
      ...{ field: 'email', column: 'Email', before: 'a11@x.cz', after: 'b11@x.cz', how: 'override' },
    });
    expect((await site.user('agent11')).email).toBe('a11@x.cz');
    expect(await applied(site, shown)).toMatchObject({ progress: { rows: 10, done: 10, changed: 10, refused: 0 } });
    expect((await site.user('agent11')).email).toBe('b11@x.cz');
    await site.sync();
    expect((await site.user('agent11')).email).toBe('b11@x.cz');
    expect((await shownImport(site, await exported())).shown.unchanged).toBe(30);
  });

  it('17.3 User ID 0 creates, 12/31/2999 activates; the import is undone as a whole', async () => {
    const lines = file(
      'User ID,First Name,Last Name,Email,Login,Team,Roles,Deactivated,Employee ID',
      '0,Eva,Malá,eva@x.cz,emala,Sales,agent;trainer,12/31/2999,E77',
      '0,Petr,Dlouhý,petr@x.cz,pdlouhy,,,,',
      `${String(await id('agent1'))},Anna,Nová1,new@x.cz,agent1,Default,agent;trainer,,`,
    );
    const shown = await shownImport(site, lines, { keepMissing: true });
    expect(shown.shown).toMatchObject({ rows: 3, errors: 0, counts: { created: 2, activated: 1 } });
    const done = await applied(site, shown, { reason: 'autumn' });
    expect(done).toMatchObject({ progress: { changed: 3, refused: 0 }, reason: 'autumn' });
    expect(await site.user('emala')).toMatchObject({
      ...{ active: true, origin: 'local', employeeId: 'E77', language: 'en' },
      teams: [{ name: 'Sales', main: true }],
      roles: [{ role: 'agent' }, { role: 'trainer' }],
    });
    expect(await site.user('pdlouhy')).toMatchObject({ active: false, roles: [{ role: 'agent' }] });
    const changed = await site.user('agent1');
    expect(changed).toMatchObject({ email: 'new@x.cz', teams: [{ name: 'Default', main: true }] });
    await site.ask('PUT', '/users/agent1/roles/auditor', { body: { word: 'give' } });

    const { json: undo } = await site.ask<PeopleImport>('POST', `/csv/imports/${String(done.id)}/undo`, { body: {} });
    expect(undo.shown).toMatchObject({ rows: 3, errors: 0, counts: { deactivated: 1 } });
    expect((await site.user('agent1')).email).toBe('new@x.cz');
    expect(await applied(site, undo)).toMatchObject({ undoes: done.id, progress: { changed: 2 } });
    expect(await site.user('agent1')).toMatchObject({
      ...{ email: 'a1@x.cz', teams: [{ name: 'Sales', main: true }] },
      roles: [{ role: 'agent' }, { role: 'auditor' }],
    });
    expect(await site.user('emala')).toMatchObject({ active: false });
    expect(
      await database.knex('word').where({ user_id: changed.id }).whereNot({ kind: 'role-given', ref: 'auditor' }),
    ).toEqual([]);
    expect(await database.knex('override').where({ user_id: changed.id })).toEqual([]);
  });

  it('17.4 what blank cells and missing columns would clear is named; --keep-missing leaves columns that are missing', async () => {
    const agent = await id('agent2');
    for (const [field, value] of [
      ['rank', '5'],
      ['companyStartDate', '2024-01-02'],
    ])
      await site.ask('PUT', `/users/${String(agent)}/fields/${String(field)}`, { body: { value } });
    const lines = file('User ID,First Name,Last Name,Email,Rank', `${String(agent)},,,,`);
    const keeps = await shownImport(site, lines, { keepMissing: true });
    expect(keeps.missing).toEqual([]);
    expect((await importRows(site, keeps.id))[0]?.changes.map(({ field }) => field)).toEqual(['rank']);
    const shown = await shownImport(site, lines);
    expect(shown.missing).toContain('Company Start Date');
    expect(shown.shown.counts).toMatchObject({ cleared: 1, changed: 0 });
    const [row] = await importRows(site, shown.id, '&class=cleared');
    expect(row?.changes.map(({ field, before, after, how }) => [field, before, after, how])).toEqual([
      ['companyStartDate', '2024-01-02', null, 'cleared'],
      ['rank', '5', null, 'cleared'],
    ]);
    expect(row?.kept.map(({ column, why }) => [column, why])).toEqual([
      ...[
        ['Email', 'supplied'],
        ['First Name', 'cannot-be-cleared'],
        ['Last Name', 'cannot-be-cleared'],
      ],
    ]);
    await applied(site, shown);
    expect(await site.user(agent)).toMatchObject({
      ...{ rank: null, companyStartDate: null, firstName: 'Anna', email: 'a2@x.cz', username: 'agent2' },
      teams: [{ name: 'Sales' }],
    });
  });

  it('9.3 a date in Deactivated deactivates whom the ACD has no more, and is an error where it has them', async () => {
    const lines = file(
      'User ID,First Name,Last Name,Email,Deactivated',
      `${String(await id('agent4'))},Anna,Nová4,a4@x.cz,2026-01-02`,
    );
    site.acd.lookup = 'present';
    const refused = await shownImport(site, lines, { keepMissing: true });
    expect((await importRows(site, refused.id, '&class=errors'))[0]?.errors).toMatchObject([
      { column: 'Deactivated', code: 'acd-still-has-the-agent' },
    ]);
    site.acd.lookup = 'absent';
    const shown = await shownImport(site, lines, { keepMissing: true });
    expect(shown.shown.counts).toMatchObject({ deactivated: 1 });
    await applied(site, shown);
    expect((await site.user('agent4')).active).toBe(false);
    site.acd.lookup = 'unsupported';
  });

  it('17.5 beyond the guard’s limits it asks again, with mistakes it is all or nothing, unless bad rows are skipped', async () => {
    const ids = await Promise.all(Array.from({ length: 25 }, (_, agent) => id(`agent${String(agent + 5)}`)));
    const rows = ids.map((agent) => `${String(agent)},X,Y,x${String(agent)}@x.cz`);
    const shown = await shownImport(site, file('User ID,First Name,Last Name,Email', ...rows, '999999,A,B,c@x.cz'), {
      keepMissing: true,
    });
    expect(shown.shown).toMatchObject({ errors: 1, exceeded: [{ class: 'fieldChanged', count: 25 }] });
    const apply = (body: object) =>
      site.ask('POST', `/csv/imports/${String(shown.id)}/apply`, { body: { digest: shown.digest, ...body } });
    expect((await apply({})).json).toMatchObject({ code: 'import-has-errors' });
    expect((await apply({ skipBad: true })).json).toMatchObject({ code: 'import-beyond-limits' });
    expect((await apply({ digest: 'other', skipBad: true })).json).toMatchObject({ code: 'digest-changed' });
    await site.ask('PUT', `/users/${String(ids[0])}/fields/email`, { body: { value: 'meanwhile@x.cz' } });
    const done = await applied(site, shown, { skipBad: true });
    expect(done.progress).toEqual({ rows: 25, done: 25, changed: 24, unchanged: 0, refused: 1 });
    expect(await importRows(site, shown.id, '&outcome=refused')).toMatchObject([
      { userId: ids[0], code: 'changed-since' },
      { userId: null, code: 'user-unknown' },
    ]);
  });

  it('17.2 a saved mapping names the columns and the form of the dates', async () => {
    const mapping = { columns: { Email: { header: 'E-mail Address' } }, dates: 'DD/MM/YYYY' };
    const saved = await site.ask('PUT', '/csv/mappings/HR export', { body: mapping });
    expect(saved.json).toMatchObject({ items: [{ name: 'HR export', ...mapping, savedBy: 'local:tester' }] });
    const lines = file(
      'Login;First Name;Last Name;E-mail Address;Company Start Date;Shoe',
      'agent3;Anna;Nová3;a3@x.cz;05/06/2024;42',
    );
    const shown = await shownImport(site, lines, { mappingName: 'HR export', keepMissing: true });
    expect(shown.shown).toMatchObject({ errors: 0, unread: ['Shoe'] });
    expect((await importRows(site, shown.id))[0]?.changes).toMatchObject([{ after: '2024-06-05' }]);
    const content = Buffer.from(lines).toString('base64');
    expect((await site.ask('POST', '/csv/imports', { body: { content } })).json).toMatchObject({
      ...{ status: 422, code: 'import-file-invalid' },
    });
    expect((await site.ask('POST', '/csv/mappings/HR export/remove', {})).json).toEqual({ items: [] });
  });

  it('19.1 without Assign User Roles and Edit QM Views exactly those columns are refused', async () => {
    const may = permissions.filter((each) => each !== 'assign-user-roles' && each !== 'edit-qm-views');
    const token = await site.tokenWith(may);
    const cells = `${String(await id('agent3'))},Anna,Nová3,c3@x.cz,agent;trainer,All,TRUE,Default`;
    const shown = await shownImport(
      site,
      file('User ID,First Name,Last Name,Email,Roles,QM Views,Full Scope,Team', cells),
      { keepMissing: true },
      token,
    );
    const [row] = await importRows(site, shown.id);
    expect(row?.errors.map(({ column, code }) => [column, code])).toEqual([
      ['Full Scope', 'permission-missing'],
      ['QM Views', 'permission-missing'],
      ['Roles', 'permission-missing'],
    ]);
  });
});
