import type { Event } from '../../../src/api/schemas/events.ts';
import type { User } from '../../../src/api/schemas/users.ts';
import type { Site } from '../../support/site.ts';

type Shown = string | readonly string[] | null;
type View = Readonly<Record<string, Shown>>;

const fields = ['username', 'firstName', 'lastName', 'email', 'windowsLogin', 'acdId'] as const;
const sorted = (list: readonly string[]): string[] => [...list].sort();

/** A user as events tell of one: fields, roles, teams, main team, active. */
function viewOf(user: User): View {
  return {
    ...Object.fromEntries(fields.map((field) => [field, user[field]])),
    roles: sorted(user.roles.map(({ role }) => role)),
    teams: sorted(user.teams.map(({ name }) => name)),
    mainTeam: user.teams.find(({ main }) => main)?.name ?? null,
    supervises: sorted(user.supervises),
    active: user.active ? 'yes' : 'no',
  };
}

/** What was of everybody at the end of a day, with the last event of that day. */
export interface Day {
  readonly users: ReadonlyMap<number, View>;
  readonly last: number;
}

export async function dayOf(site: Site): Promise<Day> {
  const { items } = (await site.ask<{ items: User[] }>('GET', '/users?all=true&limit=1000')).json;
  const [row] = await site.knex('event').max<{ max: string | null }[]>('id');
  return { users: new Map(items.map((user) => [user.id, viewOf(user)])), last: Number(row?.max ?? 0) };
}

/**
 * Plays the events between two days over the first of them: gives what of the second day they do not lead to (spec 20.9), and where
 * an event says that a value was another one before.
 */
export async function unexplained(site: Site, before: Day, after: Day): Promise<string[]> {
  const wrong: string[] = [];
  const played = new Map([...before.users].map(([id, view]) => [id, { ...view }]));
  for (const event of await eventsBetween(site, before.last, after.last)) {
    // What was refused is told as it would have been.
    if (event.userId === null || event.type === 'refused' || event.type === 'released') continue;
    const view = played.get(event.userId) ?? {};
    played.set(event.userId, view);
    // Whom the sync creates is active, as `newUsers.active` says.
    if (event.type === 'user-created') view['active'] = 'yes';
    for (const change of event.changes) {
      const [was, becomes] = [asShown(change.before), asShown(change.after)];
      if (!tracked.has(change.field)) continue;
      const known = view[change.field];
      if (known !== undefined && !same(known, was))
        wrong.push(
          `event ${String(event.id)} of user ${String(event.userId)}: ${change.field} was ${text(known)}, not ${text(was)}`,
        );
      view[change.field] = becomes;
    }
  }
  for (const [id, view] of after.users)
    for (const [field, value] of Object.entries(view)) {
      const led = played.get(id)?.[field] ?? null;
      if (!same(led, value))
        wrong.push(`user ${String(id)}: ${field} is ${text(value)}, and the events lead to ${text(led)}`);
    }
  return wrong;
}

async function eventsBetween(site: Site, from: number, to: number): Promise<Event[]> {
  const events: Event[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page: { items: Event[]; next: string | null } = (
      await site.ask<{ items: Event[]; next: string | null }>(
        'GET',
        `/events?order=desc&limit=1000${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
      )
    ).json;
    events.push(...page.items.filter(({ id }) => id > from && id <= to));
    after = page.items.some(({ id }) => id <= from) ? null : page.next;
  }
  return events.sort((a, b) => a.id - b.id);
}

const lists: ReadonlySet<string> = new Set(['roles', 'teams', 'supervises']);
const tracked: ReadonlySet<string> = new Set([...fields, ...lists, 'mainTeam', 'active']);

function asShown(value: Event['changes'][number]['before']): Shown {
  return Array.isArray(value) ? sorted(value as string[]) : value;
}

/** Nothing, and a list without items, are the same. */
function same(a: Shown, b: Shown): boolean {
  return text(a) === text(b);
}

function text(value: Shown): string {
  return value === null || value.length === 0 ? 'nothing' : JSON.stringify(value);
}
