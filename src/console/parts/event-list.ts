import type { Event } from '../../api/schemas/events.ts';
import { html, type Html } from '../html.ts';
import type { Visit } from '../visit.ts';
import { changeLine, valueText } from './changes.ts';
import { timeText } from './time.ts';
import type { Words } from '../words/words.ts';

/** Entries of the history, the latest first: when, what, whom, who did it, why, and every field before and after. */
export function eventList(
  visit: Visit,
  events: readonly Event[],
  {
    ofUser = false,
    names = new Map(),
  }: { readonly ofUser?: boolean; readonly names?: ReadonlyMap<number, string> } = {},
): Html {
  const { words } = visit;
  if (events.length === 0) return html`<p class="quiet">${words.log.nothing}</p>`;
  return html`<ol class="events">
    ${events.map(
      (event) =>
        html`<li id="event-${event.id}" class="event ${toneOf(event)}">
          <p class="event-head">
            <a class="quiet" href="/log/${event.id}"
              >${timeText(visit, event.at)}<span class="unseen">, ${words.log.permalink}</span></a
            >
            <strong>${typeText(visit, event.type)}</strong>
            ${ofUser || event.userId === null ? '' : html`<a href="/users/${event.userId}">${names.get(event.userId) ?? `#${String(event.userId)}`}</a>`}
            <span class="quiet"
              >${byText(visit, event)}${event.source === null ? '' : ` · ${event.source}`}${event.externalId === null ? '' : ` ${event.externalId}`}</span
            >
            ${event.runId === null ? '' : html`<a class="quiet" href="/runs/${event.runId}">${words.log.run(event.runId)}</a>`}
          </p>
          ${event.reason === null ? '' : html`<p class="reason">${reasonText(words, event.reason)}</p>`}
          ${event.changes.length === 0 ? '' : changesOf(visit, event)}
        </li>`,
    )}
  </ol>`;
}

/** Of an account or a run that has no changes of a user, what it saw is told without an arrow. */
function changesOf({ words }: Visit, { changes }: Event): Html {
  const same = changes.filter(({ before, after }) => valueText(words, before) === valueText(words, after));
  const told = same.length === changes.length ? [] : changes.filter((each) => !same.includes(each));
  return changeLine(words, told);
}

function typeText({ words }: Visit, type: string): string {
  const names: Readonly<Record<string, string>> = words.eventTypes;
  return names[type] ?? type;
}

function reasonText(words: Words, reason: string): string {
  const known: Readonly<Record<string, string>> = words.heldBy;
  return known[reason] ?? reason;
}

function byText({ words }: Visit, { actor }: Event): string {
  return actor.kind === 'operator' ? words.sync.by(actor.name) : words.log.bySync;
}

function toneOf({ type }: Event): string {
  if (type === 'refused') return 'note';
  return /gone|deactivated|held/.test(type) ? 'bad' : '';
}
