/** A bug to plant: `wrong` in place of `right`. */
export interface Bug {
  readonly about: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

/** What the property tests must find (`planted-bugs.ts`). */
export const bugs: readonly Bug[] = [
  {
    about: 'fold: a team that a person took comes back with the source (spec 11.2)',
    file: 'src/domain/fold.ts',
    right: "idsOf(ranked, 'teams', input.policy)], input.words.teamsTaken)",
    wrong: "idsOf(ranked, 'teams', input.policy)], [])",
  },
  {
    about: 'correlation: of several users that match the first one is linked (spec 4.2)',
    file: 'src/reconcile/correlate.ts',
    right: 'if (others.length > 0) return',
    wrong: 'if (others.length > 9) return',
  },
  {
    about: 'the text fold is not idempotent: ẞ, ß and ss are not one (spec 2.4)',
    file: 'src/domain/text.ts',
    right:
      'for (let folded = foldOnce(text); ; folded = foldOnce(folded)) if (foldOnce(folded) === folded) return folded;',
    wrong: "return text.replace(invisible, '').normalize('NFKC').trim().toLowerCase();",
  },
  {
    about: 'too few: accounts that the import itself has brought count as known before (spec 3.3)',
    file: 'src/store/reconcile-reads.ts',
    right: 'and a.first_seen_at < coalesce(s.missing_since, r.started_at)',
    wrong: 'and a.first_seen_at <= clock_timestamp()',
  },
  {
    about: 'a match is not asked again when a user has come to match since it was planned (spec 13.5)',
    file: 'src/store/plan-store.ts',
    right: 'p.content_hash and a.wakes = p.wakes and a.absent_since',
    wrong: 'p.content_hash and a.absent_since',
  },
];
