import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { defaultGuard } from '../../../src/settings/guard.ts';
import { createPeopleImports } from '../../../src/people-csv/import.ts';
import type { PeopleImportStore } from '../../../src/people-csv/ports.ts';
import { createPeopleImportStore } from '../../../src/store/people-import-store.ts';
import { policyStore } from '../../../src/store/policy-store.ts';
import { noReadRules } from '../../../src/store/read-rules.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';
import { openSite, type Site } from '../../support/site.ts';

/** A process that dies: nothing of it goes on. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** Users who are changed; as many are created. */
const known = 12;
const asker = { operator: 'local:tester', may: new Set(permissions) };

describe.each(databases)('17 an import whose process is killed, on %s', (_name, open) => {
  let database: OpenDatabase;
  let site: Site;

  beforeAll(async () => {
    database = await open();
    site = await openSite(database.knex);
    for (let agent = 1; agent <= known; agent++) {
      const id = String(agent);
      site.acd.put(id, { acdId: id, username: `a${id}`, firstName: 'Anna', lastName: `N${id}`, email: `a${id}@x.cz` });
    }
    await site.sync();
  });
  afterAll(async () => {
    await site.close();
    await database.close();
  });

  /** Imports of a process that dies in its nth transaction of rows, before or after that is committed. */
  function importsOf({ knex }: OpenDatabase, dies: { readonly at: number; readonly when: 'before' | 'after' } | null) {
    const real = createPeopleImportStore(knex, noReadRules);
    let [carried, dead] = [0, false];
    const store: PeopleImportStore = {
      ...real,
      async transaction(operator, end, work) {
        if (dead) throw new Killed();
        carried += end === 'keep' ? 1 : 0;
        const dying = end === 'keep' && carried === dies?.at;
        const result = await real.transaction(operator, end, async (tx) => {
          const done = await work(tx);
          if (dying && dies.when === 'before') throw new Killed();
          return done;
        });
        if (dying) dead = true;
        if (dying) throw new Killed();
        return result;
      },
      saveResults: (...given) => (dead ? Promise.reject(new Killed()) : real.saveResults(...given)),
      next: (after) => (dead ? Promise.reject(new Killed()) : real.next(after)),
    };
    const killed = new AbortController();
    return createPeopleImports({
      store,
      rules: {
        ...{ rulesOf: () => undefined, allMatchRules: { match: [], placeholders: [] }, managingRoles: [] },
        ...{ roleCatalogue: ['agent', 'trainer'], reassertsAgentRole: false },
        ...{ hasReusableIds: () => false, ownsSupervision: () => false },
      },
      askSource: () => Promise.resolve('unsupported'),
      policyInForce: async () => policyStore(knex).inForce(await newestPolicy(knex)),
      limits: defaultGuard,
      batchSize: 50,
      rowsTogether: 2,
      requestReconcile: () => Promise.resolve(),
      exclusively: (work) => work(killed.signal),
      log: {
        error: ({ err }: { err?: unknown }) => {
          if (err instanceof Killed) dead = true;
          else expect.unreachable(String(err));
        },
      },
    });
  }

  async function newestPolicy(knex: OpenDatabase['knex']): Promise<number> {
    return Number((await knex('policy').max<{ max: number }[]>('id'))[0]?.max);
  }

  async function fileFor({ knex }: OpenDatabase): Promise<string> {
    const users = await knex('user').select<{ id: number; username: string }[]>('id', 'username').orderBy('id');
    const changed = users.map(
      ({ id, username }) => `${String(id)},Anna,Changed,${username}@new.cz,${username},agent;trainer`,
    );
    const made = users.map(({ username }) => `0,New,Person,n${username}@new.cz,n${username},agent`);
    return `${['User ID,First Name,Last Name,Email,Login,Roles', ...changed, ...made].join('\n')}\n`;
  }

  it('is carried out two rows at a time, each wholly or not at all and none twice, and goes on to its end', async () => {
    const { knex } = database;
    const content = Buffer.from(await fileFor(database));
    const file = { fileName: 'people.csv', content, mapping: { columns: {} }, keepMissing: true, reason: null };
    const id = await importsOf(database, null).check({ ...asker, ...file });
    await createPeopleImportStore(knex, noReadRules).begin(id, asker, null);
    for (const [at, when] of [
      ...([1, 2, 1, 3, 1] as const).map((each) => [each, 'before'] as const),
      ...([1, 2, 1, 3, 1] as const).map((each) => [each, 'after'] as const),
    ]) {
      await importsOf(database, { at, when })
        .carryOut()
        .catch(() => undefined);
      const results = await knex('people_import_row').where({ import_id: id, outcome: 'changed' });
      expect(await done(database)).toHaveLength(results.length);
    }
    await importsOf(database, null).carryOut();
    const people = await done(database);
    expect(people).toHaveLength(2 * known);
    expect(new Set(people.map(({ last_name: name }) => name))).toEqual(new Set(['Changed', 'Person']));
    const written = await knex('event').where({ actor_kind: 'operator' }).select<{ user_id: number }[]>('user_id');
    expect(written.map((event) => event.user_id).sort()).toEqual(people.map((user) => user.id).sort());
    expect(await knex('people_import').where({ id })).toMatchObject([{ state: 'finished' }]);
  });

  interface Done {
    readonly id: number;
    readonly last_name: string;
    readonly email: string;
    readonly roles: readonly unknown[];
  }

  /** Users of whom a row was carried out: wholly, or the test fails. */
  async function done({ knex }: OpenDatabase): Promise<readonly Done[]> {
    const touched = await knex('user')
      .whereIn('last_name', ['Changed', 'Person'])
      .orWhereLike('email', '%@new.cz')
      .select<Done[]>('id', 'last_name', 'email', 'roles');
    for (const user of touched)
      expect([user.email.endsWith('@new.cz'), user.roles.length]).toEqual([true, user.last_name === 'Changed' ? 2 : 1]);
    return touched;
  }
});
