import { reasonText } from './account-export.ts';
import type { Account } from './schemas/accounts.ts';
import type { Event } from './schemas/events.ts';
import type { Explanation } from './schemas/explanation.ts';
import type { RefreshedAccount } from './schemas/refresh.ts';
import type { Run } from './schemas/runs.ts';

/** What is known of an account after it was read anew. */
export interface RefreshFacts {
  readonly source: string;
  readonly externalId: string;
  /** Why its source was not asked; null where it was. */
  readonly refusal: string | null;
  /** That read it; null where its source was not asked. */
  readonly run: Run | null;
  readonly atRest: boolean;
  readonly account: Account | null;
  /** Of its user, where it is linked. */
  readonly explained: Explanation['accounts'][number] | null;
  /** What the sync's runs have written of the account and its user. */
  readonly events: readonly Event[];
}

/** The four steps, each with its outcome (spec 2.8). Pure. */
export function refreshedAccount(facts: RefreshFacts): RefreshedAccount {
  const { source, externalId, run } = facts;
  return {
    source,
    externalId,
    runId: run?.id ?? null,
    read: readStep(facts),
    match: matchStep(facts),
    decide: decideStep(facts),
    apply: applyStep(facts),
  };
}

function readStep({ source, externalId, refusal, run, account }: RefreshFacts): RefreshedAccount['read'] {
  if (run === null) return { outcome: 'refused', text: `not read: ${refusal ?? `${source} was not asked`}` };
  const it = `${source} ${externalId}`;
  if (run.complete === null && run.error === undefined)
    return { outcome: 'under-way', text: `not read yet: \`rosterd run show ${run.id}\` tells how it goes on` };
  if (run.complete !== true)
    return { outcome: 'not-read', text: `not read: ${run.error?.message ?? 'the source did not answer'}` };
  const { counts } = run;
  if (counts.rejected > 0) return { outcome: 'rejected', text: `${it} cannot be used: ${rejectionOf(run)}` };
  if (counts.read === 0) return { outcome: 'absent', text: absenceText(it, account) };
  const news = counts.new > 0 ? 'for the first time' : counts.changed > 0 ? 'changed' : 'unchanged';
  if (account?.state === 'disabled') return { outcome: 'disabled', text: `${it} is there, disabled, and ${news}` };
  if (counts.returned > 0) return { outcome: 'returned', text: `${it} is there again` };
  if (counts.new > 0) return { outcome: 'new', text: `${it} is there, and was read for the first time` };
  return counts.changed > 0
    ? { outcome: 'changed', text: `${it} has changed since it was read last` }
    : { outcome: 'unchanged', text: `${it} is as it was read last` };
}

function absenceText(it: string, account: Account | null): string {
  return account === null ? `there is no ${it}, and never was one` : `${it} is no longer there`;
}

function rejectionOf({ rejects: [first] }: Run): string {
  const reason = typeof first === 'object' && first !== null && 'reason' in first ? first.reason : null;
  return typeof reason === 'string' ? reason : 'its record is broken';
}

function matchStep({ account, explained }: RefreshFacts): RefreshedAccount['match'] {
  if (account === null)
    return { outcome: 'no-account', text: 'there is nothing to match', userId: null, reviewItem: null };
  const { match, userId, username, reviewItem } = account;
  const whom = { userId, reviewItem };
  if (match !== 'linked') {
    const why = reasonText(account);
    return { outcome: match, text: `not linked: ${match}${why === '' ? '' : `, ${why}`}`, ...whom };
  }
  const user = `user ${String(userId)}${username === null ? '' : ` (${username})`}`;
  const how = explained === null ? '' : explained.rule === null ? ` (${explained.origin})` : `, by ${explained.rule}`;
  const asked = reviewItem === null ? '' : `; review item ${String(reviewItem)} is open`;
  return { outcome: 'linked', text: `linked to ${user}${how}${asked}`, ...whom };
}

function decideStep({ run, atRest, explained, events }: RefreshFacts): RefreshedAccount['decide'] {
  const pending = explained?.pending ?? [];
  const holds = (explained?.holds ?? []).filter(({ code }) => code !== 'silent' && code !== 'waiting');
  const applied = appliedBy(events);
  if (run === null) return { outcome: 'nothing', text: 'nothing was decided', changes: [] };
  if (holds.length > 0) {
    const why = holds.map(({ message, part }) => (part === null ? message : `${part}: ${message}`)).join('; ');
    const what = pending.length === 0 ? 'nothing waits for it' : `${count(pending.length, 'change')} would follow`;
    return { outcome: 'held', text: `held back: ${why}; ${what}`, changes: pending };
  }
  if (run.state === 'held')
    return { outcome: 'held', text: `held back: ${run.error?.message ?? ''}`, changes: pending };
  if (run.waitingFor.length > 0)
    return { outcome: 'held', text: `held back until ${run.waitingFor.join(', ')} has been read`, changes: pending };
  if (!atRest) return { outcome: 'under-way', text: 'not decided yet', changes: pending };
  if (events.length === 0) return { outcome: 'nothing', text: 'there is nothing to change', changes: pending };
  return { outcome: 'change', text: whatFollows(events, applied.length), changes: applied };
}

function whatFollows(events: readonly Event[], changes: number): string {
  const types = [...new Set(events.map(({ type }) => type))].join(', ');
  return changes === 0 ? types : `${types}: ${count(changes, 'change')}`;
}

function applyStep({ run, atRest, events }: RefreshFacts): RefreshedAccount['apply'] {
  if (run === null) return { outcome: 'nothing', text: 'nothing was applied', changes: [] };
  const runs = [...new Set(events.flatMap(({ runId }) => runId ?? []))].sort((a, b) => a - b);
  if (events.length > 0)
    return { outcome: 'applied', text: `applied in run ${runs.join(', ')}`, changes: appliedBy(events) };
  if (!atRest)
    return { outcome: 'under-way', text: `run ${run.id} is under way: \`rosterd run show ${run.id}\``, changes: [] };
  const failed = run.state === 'failed' && run.complete === true;
  if (failed) return { outcome: 'failed', text: `run ${run.id} failed: ${run.error?.message ?? ''}`, changes: [] };
  return { outcome: 'nothing', text: `run ${run.id} applied nothing`, changes: [] };
}

function appliedBy(events: readonly Event[]): RefreshedAccount['apply']['changes'] {
  return events.flatMap(({ changes }) => changes);
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
