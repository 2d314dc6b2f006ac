import type {
  Account,
  Explanation,
  HistoryEvent,
  ReviewItem,
  Run,
  Source,
  User,
  WorklistEntry,
} from '../../../src/cli/shapes.ts';
import { sourceFields } from '../../../src/domain/fields.ts';

const noFields = Object.fromEntries(sourceFields.map((field) => [field, null])) as Record<
  (typeof sourceFields)[number],
  null
>;

/** A user of an ACD and a directory, whose sync a person has switched off. */
export const sampleUser: User = {
  ...noFields,
  id: 12,
  username: 'jnovak',
  firstName: 'Jan',
  lastName: 'Novák',
  displayName: 'Jan Novák',
  email: 'jan.novak@example.com',
  windowsLogin: 'CORP\\jnovak',
  employeeId: '00471',
  employeeIdDerived: true,
  acdId: '00471',
  acdSource: 'avaya-prague',
  companyStartDate: '2024-02-01',
  origin: 'avaya-prague',
  active: true,
  syncEnabled: false,
  sync: [
    {
      enabled: false,
      source: null,
      by: 'local:jana',
      at: '2026-03-04T10:00:00.000Z',
      reason: 'on leave',
      until: '2026-04-01T00:00:00.000Z',
    },
  ],
  version: 3,
  createdAt: '2026-01-02T03:04:05.000Z',
  deactivatedAt: null,
  startDate: '2026-01-02',
  mergedInto: null,
  roles: [
    { role: 'agent', givenBy: 'avaya-prague' },
    { role: 'supervisor', givenBy: 'operator' },
  ],
  teams: [
    { name: 'Sales', main: true },
    { name: 'Support', main: false },
  ],
  supervises: [],
  attributes: [{ name: 'agentId', value: '00471' }],
  profiles: [
    {
      source: 'avaya-prague',
      kind: 'csv-file',
      externalId: '00471',
      state: 'present',
      lastSeenAt: '2026-03-04T02:00:00.000Z',
      firstName: 'Jan',
      lastName: 'Novák',
      displayName: null,
    },
  ],
};

/** A run that has completed. */
export const sampleRun: Run = {
  id: 7,
  syncId: 's1',
  source: 'corp-ad',
  mode: 'full',
  state: 'completed',
  counts: {
    ...{ read: 1200, new: 3, changed: 0, unchanged: 1197, gone: 0, returned: 0, rejected: 0 },
    ...{ created: 0, linked: 2, updated: 5, skipped: 0, review: 1 },
  },
  askedBy: 'local:jana',
  askedAt: '2026-03-04T11:00:00.000Z',
  slot: null,
  startedAt: '2026-03-04T11:00:01.000Z',
  importedAt: '2026-03-04T11:00:03.000Z',
  finishedAt: '2026-03-04T11:00:04.500Z',
  phase: null,
  progress: null,
  complete: true,
  waitingFor: [],
  notes: [],
  rejects: [],
  cursorBefore: null,
  cursorAfter: null,
  configDigest: null,
  digest: null,
  cancelAskedBy: null,
};

export const sampleSource: Source = {
  id: 'corp-ad',
  kind: 'active-directory',
  as: 'directory',
  enabled: true,
  configured: true,
  state: 'paused',
  failures: 1,
  pausedBy: 'system',
  pauseReason: 'log-in refused',
  pausedAt: '2026-03-04T10:00:00.000Z',
  systemId: 'S-1-5-21',
  lastSuccessAt: '2026-03-03T02:00:00.000Z',
  lastCompleteAt: '2026-03-03T02:00:00.000Z',
  schedule: { full: '0 2 * * *', timeZone: 'UTC' },
  nextRuns: ['2026-03-05T02:00:00.000Z'],
  accounts: {
    present: 300,
    disabled: 4,
    gone: 1,
    linked: 180,
    unmatched: 120,
    waiting: 0,
    question: 0,
    ignored: 0,
    unlinked: 0,
  },
  waitingFor: [],
  lastRun: null,
};

export const sampleAccount: Account = {
  id: 5,
  source: 'avaya-prague',
  externalId: '00471',
  state: 'present',
  match: 'question',
  reason: 'ambiguous-match',
  userId: null,
  firstSeenAt: '2026-01-02T03:04:05.000Z',
  changedAt: '2026-01-02T03:04:05.000Z',
  goneSince: null,
  disabledSince: null,
  values: { firstName: 'Jan', lastName: 'Novák' },
  teams: ['Sales'],
};

export const sampleEvent: HistoryEvent = {
  id: 99,
  at: '2026-03-04T11:00:04.000Z',
  actor: { kind: 'sync', name: 'sync' },
  type: 'user-changed',
  source: 'corp-ad',
  runId: 7,
  userId: 12,
  externalId: 'a1b2',
  changes: [
    { field: 'email', before: 'jan@example.com', after: 'jan.novak@example.com' },
    { field: 'teams', before: null, after: ['Sales', 'Support'] },
  ],
  reason: null,
};

export const sampleReviewItem: ReviewItem = {
  id: 3,
  kind: 'ambiguous-match',
  source: 'corp-ad',
  externalId: 'a1b2',
  accounts: [{ source: 'corp-ad', externalId: 'a1b2' }],
  userIds: [12, 13],
  part: null,
  evidence: {},
  openedAt: '2026-03-04T11:00:04.000Z',
  openedRunId: 7,
  options: ['this-user', 'new-user', 'ignore'],
};

export const sampleWorklistEntry: WorklistEntry = {
  userId: 12,
  username: 'jnovak',
  displayName: 'Jan Novák',
  active: true,
  reasons: ['account-gone'],
  evidence: [
    {
      reason: 'account-gone',
      source: 'avaya-prague',
      externalId: '00471',
      state: 'gone',
      since: '2026-03-04T11:00:04.000Z',
      proof: 'missing from a complete import',
      runId: 7,
    },
  ],
};

export const sampleExplanation: Explanation = {
  userId: 12,
  active: true,
  syncEnabled: false,
  fields: [
    {
      field: 'email',
      value: 'jan.novak@example.com',
      derived: false,
      winner: {
        kind: 'source',
        source: 'corp-ad',
        value: 'jan.novak@example.com',
        rule: 'first in rank',
        by: null,
        reason: null,
        since: '2026-03-04T11:00:04.000Z',
        silentSince: null,
        linked: true,
      },
      losers: [
        {
          kind: 'source',
          source: 'avaya-prague',
          value: 'jn@example.com',
          rule: 'ranked lower',
          by: null,
          reason: null,
          since: null,
          silentSince: null,
          linked: true,
        },
      ],
    },
    { field: 'employeeId', value: '00471', derived: true, winner: null, losers: [] },
  ],
  roles: [{ role: 'supervisor', held: false, givenBy: ['corp-ad'], takenBy: 'local:jana', since: null }],
  teams: [{ team: 'Sales', held: true, main: true, givenBy: ['avaya-prague'], takenBy: null, since: null }],
  accounts: [
    {
      source: 'corp-ad',
      externalId: 'a1b2',
      state: 'present',
      linkedSince: '2026-01-02T03:04:05.000Z',
      unlinkedSince: null,
      origin: 'correlated',
      rule: 'email',
      pending: [{ field: 'lastName', before: 'Novák', after: 'Nový' }],
      holds: [
        {
          code: 'sync-off',
          message: 'The sync of this user is switched off.',
          part: null,
          since: '2026-03-04T10:00:00.000Z',
          until: null,
          by: 'local:jana',
          reason: 'on leave',
          itemId: null,
          changes: [{ field: 'lastName', before: 'Novák', after: 'Nový' }],
        },
      ],
    },
  ],
};
