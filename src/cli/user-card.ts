import { card, labelOf, valueText } from './card.ts';
import type { CardLine } from './card.ts';
import type { Context } from './context.ts';
import { tableFor } from './listing.ts';
import { paintState } from './paint.ts';
import type { User } from './shapes.ts';
import { personName } from './person-name.ts';

/** What has its own place on the card. */
const placed = new Set<string>([
  ...[
    'id',
    'origin',
    'username',
    'displayName',
    'active',
    'syncEnabled',
    'sync',
    'version',
    'createdAt',
    'deactivatedAt',
  ],
  ...['employeeId', 'employeeIdDerived', 'acdId', 'acdSource', 'startDate', 'mergedInto'],
  ...['roles', 'teams', 'supervises', 'attributes', 'profiles', 'group', 'scope', 'missingPrivileges'],
]);

/** One user for people: who it is, the fields, roles and teams, what the sync may do, the accounts. */
export function userCard(context: Context, user: User): string {
  const { paint } = context;
  const name = paint.bold(valueText(personName(user)) || valueText(user.username) || 'No name');
  const state = user.active ? paint.good('active') : paint.bad('inactive');
  // Local users have no sync until an account links to them (spec 6.1).
  const hasSync = user.profiles.length > 0 || !user.syncEnabled;
  const sync = hasSync ? `sync ${paintState(paint, user.syncEnabled ? 'on' : 'off')}` : 'local';
  const head = `${name} · user ${user.id} · ${state} · ${sync}\n\n`;
  return `${head}${card([...fieldLines(user), ...belongingLines(user), ...lifeLines(context, user)])}${profiles(context, user)}`;
}

function fieldLines(user: User): CardLine[] {
  const others = Object.entries(user).filter(([field]) => !placed.has(field));
  const derived = user.employeeIdDerived ? ' (the ACD id: no source supplies one)' : '';
  return [
    ['Username', valueText(user.username)],
    ['ACD ID', withSource(user.acdId, user.acdSource)],
    ['Employee ID', user.employeeId === null ? '' : `${valueText(user.employeeId)}${derived}`],
    ...others.map(([field, value]): CardLine => [labelOf(field), valueText(value)]),
  ];
}

function withSource(value: string | null, source: string | null): string {
  if (value === null) return '';
  return source === null ? valueText(value) : `${valueText(value)} at ${valueText(source)}`;
}

function belongingLines(user: User): CardLine[] {
  const roles = user.roles.map(({ role, givenBy }) => `${role} (${givenBy === 'operator' ? 'by hand' : givenBy})`);
  const teams = user.teams.map(({ name, main }) => (main ? `${name} (main)` : name));
  return [
    ['Roles', valueText(roles)],
    ['Teams', valueText(teams)],
    ['Group', valueText(user.group)],
    ['Supervises', valueText(user.supervises)],
    [
      'Lacks',
      user.missingPrivileges.length === 0 ? '' : `${valueText(user.missingPrivileges)}, which supervising needs`,
    ],
    ['Scope', scopeText(user.scope)],
    ['Attributes', valueText(user.attributes.map(({ name, value }) => `${name}: ${value}`))],
  ];
}

function scopeText({ full, groups, teams }: User['scope']): string {
  if (full) return 'everything';
  return [`groups: ${valueText(groups)}`, ...(teams.length === 0 ? [] : [`teams: ${valueText(teams)}`])].join('; ');
}

function lifeLines(context: Context, user: User): CardLine[] {
  const switches = user.sync.map(({ source, by, at, reason, until }): CardLine => {
    const end = until === null ? '' : ` until ${context.time(until)}`;
    const why = reason === null ? '' : `: ${valueText(reason)}`;
    return [
      'Sync off',
      `${source === null ? 'for all sources' : `for ${source}`}${end}, by ${valueText(by)} on ${context.time(at)}${why}`,
    ];
  });
  return [
    ...switches,
    ['Origin', user.origin === 'local' ? 'made by hand' : valueText(user.origin)],
    ['Created', context.time(user.createdAt)],
    ['Start date', user.startDate],
    ['Deactivated', context.time(user.deactivatedAt)],
    ['Merged into', user.mergedInto === null ? '' : `user ${user.mergedInto}`],
  ];
}

function profiles(context: Context, user: User): string {
  if (user.profiles.length === 0) return '\nNo account of any source is linked to this user.\n';
  const render = tableFor<User['profiles'][number]>(context, [
    { head: 'SOURCE', value: (profile) => profile.source, whole: true },
    { head: 'EXTERNAL ID', value: (profile) => profile.externalId, whole: true },
    { head: 'NAME', value: personName },
    { head: 'STATE', value: (profile) => profile.state, paint: (state) => paintState(context.paint, state) },
    { head: 'LAST SEEN', value: (profile) => context.time(profile.lastSeenAt) },
  ]);
  return `\n${render(user.profiles)}`;
}
