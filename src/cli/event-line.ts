import { cleanText } from '../telemetry/clean-text.ts';
import { valueText } from './card.ts';
import type { Context } from './context.ts';
import type { HistoryEvent } from './shapes.ts';

/** One event as one line: when, what, whom, the changes, why, who. */
export function eventLine(context: Context, event: HistoryEvent): string {
  const { paint } = context;
  const about = [
    event.userId === null ? '' : `user ${event.userId}`,
    event.source ? cleanText(event.source) : '',
    event.externalId ? cleanText(event.externalId) : '',
  ];
  const told = [
    event.changes.map(changeText).join('; '),
    event.reason ? paint.dim(`(${cleanText(event.reason)})`) : '',
  ];
  return [
    paint.dim(context.time(event.at)),
    paint.bold(cleanText(event.type)),
    ...[...about, ...told].filter((part) => part !== ''),
    paint.dim(`· ${originText(event)}`),
  ].join('  ');
}

/** Such as `email: a@example.com → b@example.com`. */
export function changeText({ field, before, after }: HistoryEvent['changes'][number]): string {
  const name = cleanText(field);
  const from = valueText(before);
  const to = valueText(after);
  if (from === '') return `${name}: ${to || '(empty)'}`;
  return `${name}: ${from} → ${to || '(empty)'}`;
}

function originText({ actor, runId }: HistoryEvent): string {
  const who = actorText(actor);
  return runId === null ? who : `${who}, run ${runId}`;
}

/** Who did it: a person's name, `sync` or `system`. */
export function actorText({ kind, name }: HistoryEvent['actor']): string {
  return kind === 'operator' && name !== '' ? cleanText(name) : kind;
}
