import { labelOf, valueText } from './card.ts';
import type { Context } from './context.ts';
import { changeText } from './event-line.ts';
import type { Explanation } from './shapes.ts';

type Voice = NonNullable<Explanation['fields'][number]['winner']>;
type ExplainedAccount = Explanation['accounts'][number];
type Hold = ExplainedAccount['holds'][number];

/** Field by field: the value, where it comes from, since when, what the others say; then what holds changes back. */
export function explanationText(context: Context, explanation: Explanation): string {
  const { paint } = context;
  const state = `${explanation.active ? 'active' : 'inactive'}, sync ${explanation.syncEnabled ? 'on' : 'off'}`;
  return [
    `${paint.bold(`User ${explanation.userId}`)} · ${state}\n`,
    explanation.mergedInto === null
      ? ''
      : `Merged into user ${explanation.mergedInto}: \`rosterd user explain ${explanation.mergedInto}\` explains that one.\n`,
    section(
      context,
      'Fields',
      explanation.fields.map((field) => fieldText(context, field)),
    ),
    section(
      context,
      'Roles',
      explanation.roles.map(({ role, ...word }) => membershipText(context, role, word)),
    ),
    section(
      context,
      'Missing privileges',
      explanation.missingPrivileges.map(
        (privilege) => `  ${valueText(privilege)}: supervising teams needs it, and no role of the user has it\n`,
      ),
    ),
    section(
      context,
      'Teams',
      explanation.teams.map(({ team, main, ...word }) => membershipText(context, main ? `${team} (main)` : team, word)),
    ),
    section(
      context,
      'Accounts',
      explanation.accounts.map((account) => accountText(context, account)),
    ),
  ].join('');
}

function section(context: Context, title: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : `\n${context.paint.bold(title)}\n${entries.join('')}`;
}

function fieldText(context: Context, { field, value, derived, winner, losers }: Explanation['fields'][number]): string {
  const shown = value === null ? context.paint.dim('(empty)') : valueText(value);
  const from = winner === null ? (derived ? 'the ACD id (no source supplies one)' : '') : voiceText(context, winner);
  const first = `  ${labelOf(field)}: ${shown}${from === '' ? '' : context.paint.dim(`  from ${from}`)}\n`;
  return `${first}${losers.map((voice) => `    ${voice.value === value ? 'also' : 'not'} ${valueText(voice.value)}  ${context.paint.dim(voiceText(context, voice))}\n`).join('')}`;
}

/** Of the organisation's default the rule says the name. */
const voiceNames = { override: 'an override', local: 'a local value', default: '' } as const;

function voiceText(context: Context, { kind, source, rule, by, reason, since, silentSince, linked }: Voice): string {
  return [
    kind === 'source' ? valueText(source) : voiceNames[kind],
    by === null ? '' : `by ${valueText(by)}`,
    since === null ? '' : `since ${context.time(since)}`,
    valueText(rule),
    silentSince === null ? '' : `silent since ${context.time(silentSince)}`,
    linked === false ? 'kept from an ended link' : '',
    valueText(reason),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

interface Word {
  readonly held: boolean;
  readonly givenBy: readonly string[];
  readonly takenBy: string | null;
  readonly since: string | null;
}

function membershipText(context: Context, name: string, { held, givenBy, takenBy, since }: Word): string {
  const told = [
    givenBy.length === 0
      ? ''
      : `given by ${givenBy.map((giver) => (giver === 'operator' ? 'a person' : giver)).join(', ')}`,
    takenBy === null ? '' : `taken by ${takenBy}`,
    since === null ? '' : `since ${context.time(since)}`,
  ].filter((part) => part !== '');
  return `  ${held ? '' : 'not '}${valueText(name)}  ${context.paint.dim(valueText(told))}\n`;
}

function accountText(context: Context, account: ExplainedAccount): string {
  const { source, externalId, state, linkedSince, unlinkedSince, origin, rule, pending, holds } = account;
  const link = [
    linkedSince === null
      ? ''
      : `linked since ${context.time(linkedSince)} (${[origin, valueText(rule)].filter(Boolean).join(', ')})`,
    unlinkedSince === null ? '' : `unlinked since ${context.time(unlinkedSince)}`,
  ].filter((part) => part !== '');
  const first = `  ${source} ${valueText(externalId)} · ${state}  ${context.paint.dim(link.join(', '))}\n`;
  const waiting = pending.length === 0 ? '' : `    waiting: ${pending.map(changeText).join('; ')}\n`;
  return `${first}${waiting}${holds.map((hold) => holdText(context, hold)).join('')}`;
}

function holdText(context: Context, { code, message, part, by, since, until, reason, changes }: Hold): string {
  const told = [
    part === null ? '' : labelOf(part),
    by === null ? '' : `by ${valueText(by)}`,
    since === null ? '' : `since ${context.time(since)}`,
    until === null ? '' : `until ${context.time(until)}`,
    valueText(reason),
  ].filter((each) => each !== '');
  const effect = changes.length === 0 ? '' : `      lifting it would change ${changes.map(changeText).join('; ')}\n`;
  const about = told.length === 0 ? '' : ` (${told.join(', ')})`;
  return `    ${context.paint.warn('held back')} by ${code}: ${valueText(message)}${about}\n${effect}`;
}
