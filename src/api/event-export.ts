import { csvLine } from '../domain/spreadsheet.ts';
import type { Event } from './schemas/events.ts';

const columns: readonly (readonly [head: string, value: (event: Event) => string | number | null])[] = [
  ['ID', ({ id }) => id],
  ['Time', ({ at }) => at],
  ['Type', ({ type }) => type],
  ['Kind', ({ actor }) => actor.kind],
  ['By', ({ actor }) => actor.name],
  ['Source', ({ source }) => source],
  ['Run', ({ runId }) => runId],
  ['User ID', ({ userId }) => userId],
  ['External ID', ({ externalId }) => externalId],
  ['Changes', ({ changes }) => changes.map(changeText).join('\n')],
  ['Reason', ({ reason }) => reason],
];

function changeText({ field, before, after }: Event['changes'][number]): string {
  return `${field}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: Event['changes'][number]['before']): string {
  if (value === null) return '(empty)';
  return typeof value === 'string' ? value : value.join('; ');
}

/** The history as CSV (spec 15.2): an event per line, its changes one below the other in their cell. */
export const eventCsv = {
  head: csvLine(columns.map(([head]) => head)),
  line: (event: Event): string => csvLine(columns.map(([, value]) => value(event))),
};
