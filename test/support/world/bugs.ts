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
];
