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
  'contradicted-match': ['this-user', 'new-user', 'ignore', 'same-people', 'ask-about-each'],
  'shared-value': ['identifies-nobody', 'ask-about-each'],
} as const;

type ReviewKind = keyof typeof reviewAnswers;

/** Something for each answer of each kind. */
export type PerAnswer<T> = {
  readonly [Kind in ReviewKind]: Readonly<Record<(typeof reviewAnswers)[Kind][number], T>>;
};

/** What a question is about, as far as its answers depend on it. */
interface Asked {
  readonly kind: string;
  readonly accounts: readonly unknown[];
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Whether a question is about all contradicted matches of a source at once (spec 4.12). */
export function asksTogether({ kind, evidence }: Pick<Asked, 'kind' | 'evidence'>): boolean {
  return kind === 'contradicted-match' && evidence['together'] !== undefined;
}

/** The answers that a question takes: those of its kind that can do something for what it is about. */
export function answersOf(asked: Asked): readonly string[] {
  const { kind } = asked;
  const answers: readonly string[] = Object.hasOwn(reviewAnswers, kind) ? reviewAnswers[kind as ReviewKind] : [];
  return answers.filter((answer) => canAnswer(answer, asked));
}

function canAnswer(answer: string, asked: Asked): boolean {
  const { kind, accounts, evidence } = asked;
  if (kind === 'contradicted-match')
    return asksTogether(asked) === (answer === 'same-people' || answer === 'ask-about-each');
  // Of several accounts one is linked by `user link`, which says which.
  if (kind === 'ambiguous-match') return answer !== 'this-user' || accounts.length < 2;
  if (kind !== 'unique-taken') return true;
  // A user who does not exist yet gets no other value, and an account that has one no other user.
  const hasUser = typeof evidence['user'] === 'number';
  // What a policy gives is of no account that could be ignored or linked.
  if (accounts.length === 0) return answer === 'another-value';
  return answer !== (hasUser ? 'link-to-holder' : 'another-value');
}

/** How many accounts, and users, a question names (spec 4.10). */
export const mostNamed = 50;
