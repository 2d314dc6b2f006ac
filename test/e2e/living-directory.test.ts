import Table from 'cli-table3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fieldsOfKept } from '../../src/store/event-changes.ts';
import { refuseDirSync, startLdapProxy } from '../support/ldap-proxy.ts';
import type { LdapBehaviour, LdapProxy } from '../support/ldap-proxy.ts';
import { personAt } from '../support/services/people.ts';
import { startSamba } from '../support/services/samba.ts';
import type { TestSamba } from '../support/services/samba.ts';
import { startAvayaSms } from '../support/simulators/avaya-sms/server.ts';
import type { AvayaSms } from '../support/simulators/avaya-sms/server.ts';
import { serverDatabase } from './support/database.ts';
import type { Database, Sql } from './support/database.ts';
import { indexes, populate } from './support/living-directory.ts';
import type { LivingDirectory } from './support/living-directory.ts';
import { createSite } from './support/rosterd.ts';
import type { Site } from './support/rosterd.ts';
import type { WorklistRow } from './support/rows.ts';
import { secretFile } from './support/sources.ts';

/**
 * Issue 3, to show 1 to 3: Active Directory beside an ACD, and what each change there does and costs, by DirSync and by
 * uSNChanged. The domain is this file's own, since DirSync reports the changes of all of it.
 */

type Size = { readonly people: number; readonly agents: number; readonly members: number; readonly prefix: string };
const small: Size = { people: 200, agents: 150, members: 160, prefix: 'ls' };
const large: Size = { people: 2_000, agents: 1_500, members: 1_600, prefix: 'll' };

const ways = { DirSync: {}, uSNChanged: refuseDirSync(12) } satisfies Record<string, LdapBehaviour>;
type Way = keyof typeof ways;
const wayNames = Object.keys(ways) as Way[];

/** People by their index. The first is an agent and not in the directory yet, so that everybody is one number higher there. */
const who = {
  ...{ arrives: 1, marries: 2, mail: 3, disabled: 4, deletedAndBack: 5, movedAndBack: 6 },
  ...{ deleted: 7, moved: 8, joins: 9, untouched: 10 },
};
const leaves = ({ people }: Size): number => people / 2;

type Change = {
  readonly what: string;
  readonly make: (directory: LivingDirectory, size: Size) => Promise<void>;
  /** Whose accounts it changes, by person; `leaver` is another person in each size. */
  readonly accounts: readonly (number | 'leaver')[];
  /** The events of their users; without any, no user changes. */
  readonly events: readonly string[];
};

const changes: readonly Change[] = [
  { what: 'nothing', make: () => Promise.resolve(), accounts: [], events: [] },
  {
    what: 'an attribute that is not mapped',
    make: ({ replace }) => replace(who.untouched, 'description', ['x']),
    accounts: [],
    events: [],
  },
  {
    what: 'rename',
    make: ({ marry }) => marry(who.marries, 'Married'),
    accounts: [who.marries],
    events: ['user-changed: lastName, windowsLogin'],
  },
  {
    what: 'e-mail',
    make: ({ replace }) => replace(who.mail, 'mail', ['new@example.com']),
    accounts: [who.mail],
    events: ['user-changed: email'],
  },
  {
    what: 'disable',
    make: ({ replace }) => replace(who.disabled, 'userAccountControl', ['546']),
    accounts: [who.disabled],
    events: [],
  },
  {
    what: 'delete',
    make: ({ remove }) => remove(who.deletedAndBack),
    accounts: [who.deletedAndBack],
    events: ['account-gone'],
  },
  {
    // It comes back without names and mail; what is empty there takes nothing from the user (spec 5).
    what: 'undelete',
    make: ({ undelete }) => undelete(who.deletedAndBack),
    accounts: [who.deletedAndBack],
    events: ['account-returned'],
  },
  {
    what: 'move out',
    make: ({ moveOut }) => moveOut(who.movedAndBack),
    accounts: [who.movedAndBack],
    events: ['account-gone'],
  },
  {
    what: 'move back',
    make: ({ moveBack }) => moveBack(who.movedAndBack),
    accounts: [who.movedAndBack],
    events: ['account-returned'],
  },
  {
    what: 'new user',
    make: ({ create }) => create(who.arrives),
    accounts: [who.arrives],
    events: ['link-made: displayName, email, windowsLogin, department'],
  },
  {
    what: 'one out of the group',
    make: ({ changeMembers }, size) => changeMembers('delete', [leaves(size)]),
    accounts: ['leaver'],
    events: ['user-changed: roles'],
  },
  {
    what: 'one into the group',
    make: ({ changeMembers }) => changeMembers('add', [who.joins]),
    accounts: [who.joins],
    events: ['user-changed: roles'],
  },
  {
    what: 'another deleted, another moved out',
    make: async ({ remove, moveOut }) => {
      await remove(who.deleted);
      await moveOut(who.moved);
    },
    accounts: [who.deleted, who.moved],
    events: ['account-gone', 'account-gone'],
  },
];

type Place = { readonly site: Site; readonly database: Database; readonly proxy: LdapProxy };
type Cost = { readonly requests: number; readonly sweep: number };
/** Accounts and users that are not as before, by person, and the events. */
type Effect = {
  readonly accounts: readonly number[];
  readonly users: readonly number[];
  readonly events: readonly string[];
};

/** By way, change and size. */
const effects = new Map<string, Cost & Effect>();
const keyOf = (way: Way, what: string, { people }: Size): string => `${way} ${what} ${people}`;

let samba: TestSamba;
beforeAll(async () => {
  samba = await startSamba();
}, 120_000);
afterAll(async () => {
  printCosts();
  await samba.stop();
});

describe.each([small, large])('$people people and $agents agents', (size) => {
  let directory: LivingDirectory;
  let sms: AvayaSms;
  const places = new Map<Way, Place>();

  beforeAll(async () => {
    const people = indexes(2, size.people + 1);
    directory = await populate(samba, { prefix: size.prefix, people, members: people.slice(-size.members) });
    sms = await startAvayaSms();
    for (const index of indexes(1, size.agents)) {
      const { employeeNumber, sn, givenName } = personAt(index);
      sms.cm.agents.set(employeeNumber, { Name: `${sn}, ${givenName}`, skills: [{ number: '12', level: '1' }] });
    }
    for (const way of wayNames) places.set(way, await openPlace(way));
  }, 120_000);
  afterAll(async () => {
    for (const { site, database, proxy } of places.values())
      await Promise.all([site.remove(), database.drop(), proxy.stop()]);
    await sms.close();
  });

  async function openPlace(way: Way): Promise<Place> {
    const [site, database, proxy] = await Promise.all([
      createSite(`living-${way}`),
      serverDatabase(),
      startLdapProxy(samba),
    ]);
    await secretFile(site, samba.adminPassword);
    await site.write('secrets/avaya', sms.password);
    const bind = { bindDn: samba.adminDn, bindPassword: { file: 'secrets/bind' } };
    const login = { username: sms.username, password: { file: 'secrets/avaya' }, tls: { caFile: sms.caFile } };
    await site.configure({
      database: database.setting,
      roles: { catalogue: { quality: ['view'] } },
      sources: [
        {
          ...{ id: 'corp-ad', kind: 'active-directory', baseDn: directory.baseDn },
          connection: { url: proxy.url, ...bind },
          roles: [{ when: { group: directory.group }, role: 'quality' }],
        },
        // The service has no employee ids: here the agents' login ids are the numbers that the directory knows.
        { id: 'acd', kind: 'avaya-cm', connection: { url: sms.url, ...login }, mapping: { employeeId: 'Login_ID' } },
      ],
    });
    proxy.behave(ways[way]);
    return { site, database, proxy };
  }

  const inEveryPlace = <Result>(work: (place: Place, way: Way) => Promise<Result>): Promise<Result[]> =>
    Promise.all([...places].map(([way, place]) => work(place, way)));

  test('4.1 the first run links the directory to the agents', async () => {
    await inEveryPlace(async ({ site, database }) => {
      const { code, runs } = await site.sync();
      // A source whose accounts wait for what another one makes is reconciled once more.
      const imports = runs.filter(({ mode }) => mode !== 'reconcile');
      expect(imports.map(({ source, mode, error }) => [source, mode, error]).toSorted()).toEqual([
        ['acd', 'full', undefined],
        ['corp-ad', 'full', undefined],
      ]);
      expect(code).toBe(0);
      const counts = `select count(*) filter (where active)::int as active, count(windows_login)::int as linked,
          count(*) filter (where roles @> '[{"role": "quality"}]')::int as quality from "user"`;
      const firstMember = size.people + 2 - size.members;
      expect(await database.query((sql) => sql(counts))).toEqual([
        { active: size.agents, linked: size.agents - 1, quality: size.agents - firstMember + 1 },
      ]);
    });
  }, 240_000);

  test.each(changes)(
    '3.5 $what: the delta applies exactly that',
    async ({ what, make, accounts, events }) => {
      const before = await inEveryPlace(({ database }) => database.query(stateOf));
      await make(directory, size);
      const people = accounts.map((each) => (each === 'leaver' ? leaves(size) : each));
      const isAboutUsers = events.some((event) => !event.startsWith('account-'));
      await inEveryPlace(async ({ site, database, proxy }, way) => {
        proxy.behave(ways[way]);
        const { code, runs } = await site.sync('corp-ad');
        const cost = costOf(proxy, directory.baseDn);
        expect({ way, code, runs }).toMatchObject({ code: 0, runs: [{ mode: 'delta', state: 'completed' }] });
        const effect = differenceOf(before[wayNames.indexOf(way)], await database.query(stateOf));
        effects.set(keyOf(way, what, size), { ...cost, ...effect });
        expect.soft({ way, ...effect }).toEqual({ way, accounts: people, users: isAboutUsers ? people : [], events });
      });
    },
    120_000,
  );

  test('9.1, 9.2 nobody was deactivated; whose account went, came back or changed is on the worklist with the evidence', async () => {
    const movedProof = {
      DirSync: 'it exists, but no longer where this source reads, as the source itself reports',
      uSNChanged: 'absent from a complete list of the accounts that this source reads',
    };
    await inEveryPlace(async ({ site, database }, way) => {
      const entries = await site.rows<WorklistRow>('worklist', 'list');
      const found = entries.flatMap(({ username, active, evidence }) =>
        evidence.map(({ reason, proof }) => [Number(username), active, reason, proof]),
      );
      expect.soft({ way, found: found.toSorted() }).toEqual({
        way,
        found: [
          [who.marries, true, 'account-renamed', 'its names were others when last applied'],
          [who.disabled, true, 'account-disabled', 'disabled, as the source itself says'],
          [who.deletedAndBack, true, 'account-returned', 'seen again after it was gone'],
          [who.movedAndBack, true, 'account-returned', 'seen again after it was gone'],
          [who.deleted, true, 'account-gone', 'deleted, as the source itself reports'],
          [who.moved, true, 'account-gone', movedProof[way]],
        ],
      });
      const active = await database.query((sql) => sql('select count(*)::int as active from "user" where active'));
      expect.soft(active).toEqual([{ active: size.agents }]);
    });
  }, 60_000);
});

test('the cost of a delta does not grow with the directory; only uSNChanged needs a sweep of ids', () => {
  for (const way of wayNames)
    for (const { what } of changes) {
      const [few, many] = [small, large].map((size) => effects.get(keyOf(way, what, size)));
      expect(few?.requests).toBeGreaterThan(0);
      expect.soft({ way, what, requests: many?.requests }).toEqual({ way, what, requests: few?.requests });
      expect
        .soft([way, (few?.sweep ?? 0) > 0, (many?.sweep ?? 0) > 0])
        .toEqual([way, way === 'uSNChanged', way === 'uSNChanged']);
    }
});

/** Rows as texts by person, and all events in order. */
type State = {
  readonly accounts: ReadonlyMap<number, string>;
  readonly users: ReadonlyMap<number, string>;
  readonly events: readonly string[];
};

/** Whether an account is gone or disabled counts, and not when that was found. */
async function stateOf(sql: Sql): Promise<State> {
  const accounts = await sql<{ login: string; row: string }>(
    `select content -> 'values' ->> 'windowsLogin' as login, concat_ws(' ', content_hash, disabled, gone_since is null) as row
       from account where source_id = 'corp-ad'`,
  );
  const users = await sql<{ acd_id: string; row: string }>('select acd_id, u::text as row from "user" u');
  const events = await sql<{ event: string }>(
    `select concat(type, (select ': ' || string_agg(c.field, ', ') from ${fieldsOfKept('changes')})) as event
       from event order by id`,
  );
  return {
    accounts: new Map(accounts.map(({ login, row }) => [Number(/\d+/.exec(login)?.[0]), row])),
    users: new Map(users.map(({ acd_id, row }) => [Number(acd_id), row])),
    events: events.map(({ event }) => event),
  };
}

function differenceOf(before: State | undefined, after: State): Effect {
  const changed = (kind: 'accounts' | 'users'): number[] =>
    [...after[kind]].filter(([person, row]) => before?.[kind].get(person) !== row).map(([person]) => person);
  const byNumber = (one: number, other: number): number => one - other;
  return {
    accounts: changed('accounts').toSorted(byNumber),
    users: changed('users').toSorted(byNumber),
    events: after.events.slice(before?.events.length).toSorted(),
  };
}

/** The sweep is the last thing that a delta by uSNChanged asks for: pages of the ids of everybody within the base. */
function costOf(proxy: LdapProxy, baseDn: string): Cost {
  const asked = proxy.requests();
  const isSweep = ({ kind, base, attributes }: (typeof asked)[number]): boolean =>
    kind === 'page' && base === baseDn && attributes[0] === 'objectGUID';
  const work = asked.filter(({ operation }) => operation !== 'unbind');
  const sweep = work.length - 1 - work.findLastIndex((request) => !isSweep(request));
  return { requests: work.length - sweep, sweep };
}

function printCosts(): void {
  const head = ['change', 'by', ...[small, large].map(({ people }) => `requests, ${people} people`)];
  const table = new Table({
    head: [...head, 'sweep of ids', 'changed accounts', 'changed users', 'events'],
    style: { head: [], border: [] },
  });
  for (const { what } of changes)
    for (const way of wayNames) {
      const [few, many] = [small, large].map((size) => effects.get(keyOf(way, what, size)));
      if (few === undefined || many === undefined) continue;
      const sweep = way === 'DirSync' ? '' : `${few.sweep}, ${many.sweep}`;
      table.push([
        what,
        way,
        few.requests,
        many.requests,
        sweep,
        many.accounts.join(', '),
        many.users.join(', '),
        many.events.join('; '),
      ]);
    }
  process.stdout.write(`\nWhat a delta costs in LDAP requests, log-in included\n${table.toString()}\n`);
}
