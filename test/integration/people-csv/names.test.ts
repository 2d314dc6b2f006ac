import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PeopleImport } from '../../../src/api/schemas/people-imports.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';
import { applied, importRows, shownImport } from './importing.ts';

/** More than are carried out in one transaction. */
const circle = 25;
const people = circle + 8;
const header = 'User ID,First Name,Last Name,Email,Login,Employee ID';

describe.each(databases)('4.7, 17 unique names that move within one import, on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;
  const ids: number[] = [];

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    await site.sync();
    const rows = Array.from({ length: people }, (_, at) => line(0, `p${String(at)}`, `E${String(at)}`));
    await applied(site, await shown([header, ...rows]));
    for (let at = 0; at < people; at++) ids.push((await site.user(`p${String(at)}`)).id);
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  const line = (id: number, login: string, employeeId: string): string =>
    `${String(id)},Anna,Nová,${login}@x.cz,${login},${employeeId}`;
  /** The row of the nth person with another login or employee id. */
  const row = (at: number, login = `p${String(at)}`, employeeId = `E${String(at)}`): string =>
    `${String(ids[at])},Anna,Nová,p${String(at)}@x.cz,${login},${employeeId}`;
  const shown = (lines: readonly string[]): Promise<PeopleImport> =>
    shownImport(site, `${lines.join('\n')}\n`, { keepMissing: true });
  const named = async (at: number): Promise<(string | null)[]> => {
    const { username, employeeId } = await site.user(ids[at] ?? 0);
    return [username, employeeId];
  };

  it('are exchanged in a circle, move along a chain, and go to somebody new; undone they come back', async () => {
    const [swapA, swapB, taker, giver] = [circle, circle + 1, circle + 2, circle + 3];
    const file = [
      header,
      line(0, `p${String(taker)}`, 'E-new'),
      ...Array.from({ length: circle }, (_, at) => row(at, `p${String((at + 1) % circle)}`)),
      row(swapA, undefined, `E${String(swapB)}`),
      row(taker, `p${String(giver)}`),
      row(swapB, undefined, `E${String(swapA)}`),
      row(giver, 'free'),
    ];
    const preview = await shown(file);
    expect(preview.shown).toMatchObject({ rows: circle + 5, errors: 0, unchanged: 0 });
    const done = await applied(site, preview);
    expect(await importRows(site, done.id, '&outcome=refused')).toEqual([]);
    expect(done.progress).toMatchObject({ changed: circle + 5, refused: 0 });
    expect(await named(0)).toEqual(['p1', 'E0']);
    expect(await named(circle - 1)).toEqual(['p0', `E${String(circle - 1)}`]);
    expect([await named(swapA), await named(swapB)]).toEqual([
      [`p${String(swapA)}`, `E${String(swapB)}`],
      [`p${String(swapB)}`, `E${String(swapA)}`],
    ]);
    expect([await named(taker), await named(giver)]).toEqual([
      [`p${String(giver)}`, `E${String(taker)}`],
      ['free', `E${String(giver)}`],
    ]);
    expect((await site.user(`p${String(taker)}`)).employeeId).toBe('E-new');
    // The new user keeps the login: users are not deleted, so the chain behind it cannot go back.
    const { json: undo } = await site.ask<PeopleImport>('POST', `/csv/imports/${String(done.id)}/undo`, { body: {} });
    expect(undo.shown.errors).toBe(2);
    expect((await applied(site, undo, { skipBad: true })).progress).toMatchObject({ refused: 0 });
    for (const at of [0, circle - 1, swapA, swapB])
      expect(await named(at)).toEqual([`p${String(at)}`, `E${String(at)}`]);
  });

  it('are refused with their holder, or the row that does not give them up, where somebody keeps them', async () => {
    const [first, second, third] = [circle + 4, circle + 5, circle + 6];
    const preview = await shown([header, row(first, `p${String(second)}`), row(second, `p${String(third)}`)]);
    expect(preview.shown).toMatchObject({ errors: 2, counts: { changed: 0 } });
    const rows = await importRows(site, preview.id, '&class=errors');
    expect(rows.map(({ errors }) => errors.map(({ column, code, message }) => [column, code, message]))).toEqual([
      [
        [
          'Login',
          'unique-taken',
          `"p${String(second)}" is that of user ${String(ids[second])}: row 3 would change that, and cannot be carried out itself.`,
        ],
      ],
      [
        [
          'Login',
          'unique-taken',
          `"p${String(third)}" is that of user ${String(ids[third])}: give another value, or change that user first.`,
        ],
      ],
    ]);
  });

  it('13.5 of an exchange of which one has changed since, neither is carried out and both are named', async () => {
    const [a, b] = [circle + 4, circle + 5];
    const preview = await shown([
      header,
      row(a, undefined, `E${String(b)}`).replace('Anna', 'Eva'),
      row(b, undefined, `E${String(a)}`),
    ]);
    expect(preview.shown.errors).toBe(0);
    await site.ask('PUT', `/users/${String(ids[b])}/fields/firstName`, { body: { value: 'Zoe' } });
    const done = await applied(site, preview);
    expect(done.progress).toMatchObject({ changed: 0, refused: 2 });
    expect((await importRows(site, done.id)).map(({ userId, code }) => [userId, code])).toEqual([
      [ids[a], 'unique-taken'],
      [ids[b], 'changed-since'],
    ]);
    expect(await named(a)).toEqual([`p${String(a)}`, `E${String(a)}`]);
  });
});
