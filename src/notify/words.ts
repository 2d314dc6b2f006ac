import type { DueNotice } from './ports.ts';

/** What happened, in a line, and what to do about it. */
export interface NoticeWords {
  readonly subject: string;
  readonly advice: string;
}

/** A notice for people, in English. */
export function wordsOf({ kind, facts }: Pick<DueNotice, 'kind' | 'facts'>): NoticeWords {
  const { source = '', run = 0, count = 0, oldestItem = 0, since, expiresAt = '' } = facts;
  switch (kind) {
    case 'run-held':
      return {
        subject: `run ${String(run)} of source ${source} is held: it would change more than the guard allows`,
        advice: `Nothing was applied. See what it would do: rosterd run show ${String(run)}; then approve or discard it.`,
      };
    case 'run-too-long':
      return {
        subject: `run ${String(run)} of source ${source} takes much longer than the last ones: under way since ${since ?? ''}`,
        advice: `See how far it is: rosterd run show ${String(run)}; stop it with: rosterd run cancel ${String(run)}.`,
      };
    case 'run-without-progress':
      return {
        subject: `run ${String(run)} of source ${source} has got no further since ${since ?? ''}`,
        advice: `See where it is: rosterd run show ${String(run)}, rosterd source check ${source}; stop it with: rosterd run cancel ${String(run)}.`,
      };
    case 'source-failing':
      return {
        subject: `source ${source} has failed ${String(count)} times in a row`,
        advice: `See why: rosterd run list --source ${source}, rosterd source check ${source}.`,
      };
    case 'source-silent':
      return {
        subject: `source ${source} has not been read with success since ${since ?? 'ever'}`,
        advice: `See why: rosterd run list --source ${source}, rosterd source check ${source}.`,
      };
    case 'log-in-refused':
      return {
        subject: `source ${source} refused the log-in and is paused`,
        advice: `Correct its user name or secret, or have it tried again: rosterd source resume ${source}.`,
      };
    case 'review-old':
      return {
        subject: `${String(count)} review items have waited for an answer for long, item ${String(oldestItem)} since ${since ?? ''}`,
        advice: 'Answer them: rosterd review list.',
      };
    case 'certificate-expiring':
      return {
        subject: `the certificate of source ${source} expires at ${expiresAt}`,
        advice: 'Renew it at the server before that: afterwards the source cannot be read.',
      };
  }
}
