import { html, type Html } from '../../html.ts';
import { ago } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import type { SourceLine } from './present.ts';

/** What is so, since when, what still holds, what to do. */
export function sentence(visit: Visit, { id, standing, lastSuccessAt, nextRun }: SourceLine, now: number): Html {
  const { sentences } = visit.words.overview;
  const success = lastSuccessAt === null ? null : ago(visit, lastSuccessAt, now);
  const since = standing.since === null ? null : ago(visit, standing.since, now);
  switch (standing.kind) {
    case 'log-in-refused':
      return html`${sentences.refused(since ?? '', standing.detail ?? '')}
        <a href="/sources/${id}">${sentences.refusedNext}</a>`;
    case 'other-system':
      return html`${sentences.otherSystem(standing.detail ?? '')}
        <a href="/sources/${id}">${sentences.otherSystemNext}</a>`;
    case 'failing':
      return html`${sentences.failing(standing.runs, withoutStop(standing.detail ?? ''))}
        ${sentences.stillWorks(success, nextRun !== null)} <a href="/sources/${id}">${sentences.failingNext}</a>`;
    case 'held':
      return html`${sentences.held(since ?? '')} <a href="/runs/${standing.run}">${sentences.heldNext}</a>`;
    case 'paused':
    case 'retired':
      return html`${sentences[standing.kind](standing.by, since ?? '', standing.detail)}`;
    case 'waiting':
      return html`${sentences.waiting(standing.detail ?? '')}`;
    case 'never-run':
    case 'off':
      return html`${sentences[standing.kind]}`;
    case 'stale':
    case 'running':
    case 'fresh':
      return html`${sentences[standing.kind](success)}`;
  }
}

/** The causes that sources tell come with a full stop and without. */
export function withoutStop(text: string): string {
  return text.trim().replace(/\.$/, '');
}
