import { fold } from '../../../src/domain/fold.ts';
import { emptyValue, noWords, type Policy, type Snapshot, type UserValue } from '../../../src/domain/user.ts';
import { explain, type Explanation } from '../../../src/reconcile/explain.ts';
import type { ExplainInput, LinkedAccount } from '../../../src/reconcile/explain-input.ts';
import type { SourceRules } from '../../../src/reconcile/rules.ts';

const policy: Policy = {
  rank: [
    { id: 'ad', as: 'directory' },
    { id: 'acd', as: 'acd' },
  ],
  fieldRank: { email: ['acd'] },
  defaultTeam: 1,
  reassertAgentRole: false,
  defaults: {},
};
const teamNames = new Map([
  [1, 'Default'],
  [2, 'Sales'],
]);
/** What has been applied of one source. */
export const slot = (source: string, values: Snapshot['values'], more: Partial<Snapshot> = {}): Snapshot => ({
  source,
  values,
  silentSince: {},
  roles: [],
  teams: [],
  supervises: [],
  ...more,
});
const rules: SourceRules = {
  id: 'ad',
  as: 'directory',
  match: [],
  trustedRules: [],
  placeholders: [],
  createsUsers: false,
  fromDisabled: 'wait',
  newUsersActive: true,
  roles: [],
  catalogue: ['agent'],
  teams: 'mirror',
  ownsSupervision: false,
  blanks: [],
  ignore: [],
  reusableIds: null,
};
export const snapshots = [
  slot(
    'acd',
    { firstName: 'Honza', username: 'jn', acdId: '42', email: 'acd@x.test' },
    { roles: ['agent'], teams: [2] },
  ),
  slot('ad', { firstName: 'Jan', username: 'corp-jn', email: 'ad@x.test' }),
];
/** The account of the directory, which now says another given name and a job title. */
export const account: LinkedAccount = {
  source: 'ad',
  account: {
    id: 7,
    externalId: 'guid',
    content: { values: { firstName: 'Johann', jobTitle: 'Lead' } },
    disabled: false,
    absent: false,
    ignored: false,
    refusals: new Map(),
  },
  rules,
  bindings: new Map(),
  link: { since: '2026-01-01', until: null, endReason: null, origin: 'correlated', rule: 'email' },
  goneSince: null,
  absentSince: null,
  disabledSince: null,
  refusals: [],
  questions: [],
  due: false,
  heldRun: null,
  pause: null,
};

export type Given = {
  readonly words?: Partial<typeof noWords>;
  readonly snapshots?: readonly Snapshot[];
  readonly defaults?: Policy['defaults'];
  readonly user?: object;
  readonly account?: Partial<LinkedAccount>;
  readonly input?: Partial<ExplainInput>;
};

/** Jan's value, as the fold has it of what is given. */
export function valueOf({ words, snapshots: slots = snapshots, defaults = {} }: Given = {}): UserValue {
  return fold({
    origin: 'acd',
    words: { ...noWords, ...words },
    snapshots: slots,
    policy: { ...policy, defaults },
    teamNames,
    present: emptyValue,
  });
}

/** Explains Jan, who has slots of a directory and of an ACD, and what else is given. */
export function explained(given: Given = {}): Explanation {
  const words = { ...noWords, ...given.words };
  const slots = given.snapshots ?? snapshots;
  const value = valueOf(given);
  const user = { id: 1, origin: 'acd', active: true, syncEnabled: true, syncOffSources: [], mergedInto: null, value };
  return explain({
    subject: {
      user: { ...user, ...given.user },
      words,
      snapshots: slots,
      policy: { ...policy, defaults: given.defaults ?? {} },
    },
    words: [],
    switchedOff: [],
    managingRoles: ['supervisor'],
    deactivatedAt: null,
    changedAt: new Map([['firstName', '2026-02-02']]),
    appliedAt: new Map([
      ['ad', '2026-01-01'],
      ['acd', '2026-01-03'],
    ]),
    accounts: [{ ...account, ...given.account }],
    teamNames,
    now: '2026-03-01',
    ...given.input,
  });
}

export const fieldOf = (explanation: Explanation, name: string) =>
  explanation.fields.find(({ field }) => field === name);
export const accountOf = (explanation: Explanation) => explanation.accounts[0];
