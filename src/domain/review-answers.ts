/** The answers that each kind of question takes (spec 4.10). A kind without any closes itself when its cause is gone. */
const reviewAnswers = {
  'ambiguous-match': ['this-user', 'new-user', 'ignore'],
  'already-linked': ['replace-link', 'separate-user', 'ignore'],
  'inactive-match': ['link-inactive', 'reactivate', 'separate-user', 'ignore'],
  'possible-id-reuse': ['same-person', 'new-person'],
  'unique-taken': ['another-value', 'link-to-holder', 'ignore'],
  'unknown-role': ['map-to', 'ignore'],
  'team-name-taken': ['map-to', 'create', 'ignore'],
  'possible-duplicate': ['move-link', 'not-the-same'],
} as const;

type ReviewKind = keyof typeof reviewAnswers;

/** Something for each answer of each kind. */
export type PerAnswer<T> = {
  readonly [Kind in ReviewKind]: Readonly<Record<(typeof reviewAnswers)[Kind][number], T>>;
};

export function answersOf(kind: string): readonly string[] {
  return Object.hasOwn(reviewAnswers, kind) ? reviewAnswers[kind as ReviewKind] : [];
}
