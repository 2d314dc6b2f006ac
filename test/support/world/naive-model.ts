import type { WorldConfig } from './config.ts';
import { noteNames, seemsAnother } from './naive-names.ts';
import { differsByStronger, itemText, matchesUser, naiveCorrelation } from './naive-correlation.ts';
import { naiveFold } from './naive-fold.ts';
import {
  applyTogether,
  claimsOfValue,
  holderOfName,
  holdReason,
  keyOf,
  naiveSaid,
  type NaiveApplication,
} from './naive-project.ts';
import {
  accountsOf,
  emptyNaiveValue,
  foldedText,
  holderOf,
  isOff,
  must,
  noNaiveWords,
  sourceOf,
  type NaiveAccount,
  type NaiveState,
  type NaiveUser,
} from './naive-state.ts';

/**
 * The second writing of the rules of reconciling: the whole world, from scratch, over and over until nothing changes.
 * It knows nothing of batches, hashes, wakes or what is due.
 */
export function naiveReconcile(config: WorldConfig, state: NaiveState): void {
  for (let round = 0; round < 200; round++) {
    const changed = config.sources.some(({ id }) => {
      const before = JSON.stringify(state);
      naivePass(config, state, id);
      return JSON.stringify(state) !== before;
    });
    if (!changed) return;
  }
  throw new Error('the naive model does not come to rest');
}

/** Every user under another configuration, from what has been applied already (spec 14.4). */
export function naiveRefold(config: WorldConfig, state: NaiveState): void {
  for (const user of Object.values(state.users)) user.value = naiveFold(config, state, user);
}

/** One reconcile of one source (spec 4.8). */
function naivePass(config: WorldConfig, state: NaiveState, source: string): void {
  const everyoneRead = config.sources.every(({ id }) => state.readOnce.includes(id));
  if (Object.keys(state.users).length === 0 && !everyoneRead) return;
  if (halfIsMissing(state, source)) return;
  const items = bindTeams(state, source);
  for (const [, account] of accountsOf(state, source)) {
    if (account.absent && !account.gone && account.seen !== null) account.seen.gone = true;
    account.gone = account.absent;
  }
  items.push(...applyLinked(config, state, source));
  items.push(...identify(config, state, source));
  state.items[source] = [...new Set(items)].sort();
}

/** Spec 3.3: held as long as it is so, whatever has been read since; what such an import brings itself does not count. */
export function halfIsMissing(state: NaiveState, source: string): boolean {
  const before = state.presentBefore[source] ?? [];
  const present = accountsOf(state, source).filter(([key, account]) => !account.gone && before.includes(key));
  const absent = present.filter(([, account]) => account.absent).length;
  return absent >= 5 && present.length - absent < present.length / 2;
}

/** New teams are bound or made, renamed ones follow by id, names that are taken are questions (spec 11.1). */
function bindTeams(state: NaiveState, source: string): string[] {
  const own = Object.entries(must(state.sourceTeams[source])).sort(([a], [b]) => (a < b ? -1 : 1));
  for (let settled = false; !settled;) {
    settled = true;
    for (const [, observed] of own) {
      if (observed.team !== null && state.teams[observed.team] === observed.name) continue;
      const holder = Object.keys(state.teams)
        .map(Number)
        .find((team) => foldedText(must(state.teams[team])) === foldedText(observed.name));
      if (observed.team === null) {
        if (holder !== undefined && isBound(state, holder)) continue;
        observed.team = holder ?? Object.keys(state.teams).length;
        if (holder === undefined) state.teams[observed.team] = observed.name;
      } else {
        if (holder !== undefined && holder !== observed.team) continue;
        state.teams[observed.team] = observed.name;
      }
      settled = false;
    }
  }
  const waiting = own.filter(([, observed]) => observed.team === null || state.teams[observed.team] !== observed.name);
  return waiting.map(([id]) => itemText('team-name-taken', [], [], `${source}:${id}`));
}

function isBound(state: NaiveState, team: number): boolean {
  return Object.values(state.sourceTeams).some((teams) =>
    Object.values(teams).some((observed) => observed.team === team),
  );
}

/** The values of accounts that are linked already. */
function applyLinked(config: WorldConfig, state: NaiveState, source: string): string[] {
  const linked = accountsOf(state, source).flatMap(([key, account]) => {
    const user = holderOf(state, key);
    return user === undefined ? [] : [{ account, user, creates: false }];
  });
  for (const { account } of linked) endSpentRefusals(account);
  const reused = linked.filter(({ account }) => seemsAnother(config, state, account));
  for (const { account } of reused) setStanding(account, 'linked', 'possible-id-reuse');
  const asked = reused.map(({ account, user }) => itemText('possible-id-reuse', [keyOf(account)], [user.key]));
  const taken = linked.flatMap(({ account, user }) => quieten(config, state, account, user));
  const known = linked.filter((entry) => !reused.includes(entry));
  for (const { account, user } of known) noteNames(state, account, holdReason(user, account) === null);
  const held = known.filter(({ account, user }) => holdReason(user, account) !== null);
  for (const { account, user } of held) setStanding(account, 'linked', holdReason(user, account));
  const applied = applyTogether(
    config,
    state,
    known.filter((entry) => !held.includes(entry)),
  );
  for (const application of applied) writeUser(application);
  return [...asked, ...taken, ...applied.flatMap((application) => settle(state, application))];
}

/** A refusal ends when the source says another value for that part. */
function endSpentRefusals(account: NaiveAccount): void {
  const standing = Object.entries(account.refusals).filter(([part, said]) => said === naiveSaid(account, part));
  account.refusals = Object.fromEntries(standing);
}

/** Spec 5.8: an account that is gone or disabled gives way to the user's living ACD, unless that would take another's name. */
function quieten(config: WorldConfig, state: NaiveState, account: NaiveAccount, user: NaiveUser): string[] {
  const slot = user.slots[account.source];
  const voice = account.gone ? 'ended' : account.content.disabled === true ? 'disabled' : null;
  if (slot === undefined || voice === null || voice === slot.voice || !user.active || isOff(user, account.source))
    return [];
  const value = naiveFold(config, state, user, { ...user.slots, [account.source]: { ...slot, voice } });
  const had = claimsOfValue(user.value).map(({ name }) => name);
  const lost = claimsOfValue(value).filter(
    ({ name }) => !had.includes(name) && holderOfName(state, name) !== undefined,
  );
  if (lost.length > 0) return lost.map((claim) => takenItem(state, account, user, claim));
  slot.voice = voice;
  user.value = value;
  return [];
}

function writeUser({ account, user, projection, value }: NaiveApplication): void {
  user.slots[account.source] = projection.slot;
  user.value = value;
}

function setStanding(account: NaiveAccount, standing: string, reason: string | null): void {
  account.standing = standing;
  account.reason = reason;
}

/** The standing of an applied account and the questions about its parts. */
function settle(state: NaiveState, { account, user, creates, projection, lost }: NaiveApplication): string[] {
  const reasons = [
    lost.length > 0 ? 'unique-taken' : null,
    projection.unknownRoles.length > 0 ? 'unknown-role' : null,
    projection.undecidedTeams ? 'team-name-taken' : null,
    projection.refused ? 'refused' : null,
  ];
  setStanding(account, 'linked', reasons.find((reason) => reason !== null) ?? null);
  const taken = lost.map((claim) => takenItem(state, account, creates ? null : user, claim));
  const roles = projection.unknownRoles.map((role) => itemText('unknown-role', [], [], `${account.source}:${role}`));
  return [...taken, ...roles];
}

function takenItem(
  state: NaiveState,
  account: NaiveAccount,
  user: NaiveUser | null,
  claim: { field: string; name: string },
): string {
  const users = [user?.key, holderOfName(state, claim.name)].flatMap((key) => key ?? []);
  return itemText('unique-taken', [keyOf(account)], users, claim.field);
}

/** All correlation from one state, then links and creations together (spec 4.7, 4.8). */
function identify(config: WorldConfig, state: NaiveState, source: string): string[] {
  const verdicts = naiveCorrelation(config, state, source);
  const planned: { account: NaiveAccount; user: NaiveUser; creates: boolean }[] = [];
  const items: string[] = [];
  for (const [key, verdict] of verdicts) {
    const account = must(state.accounts[key]);
    if (verdict.kind === 'link') planned.push({ account, user: must(state.users[verdict.user]), creates: false });
    else if (verdict.kind === 'create') planned.push({ account, user: newUser(account), creates: true });
    else {
      setStanding(account, verdict.standing, verdict.reason);
      if (verdict.item !== null) items.push(verdict.item);
    }
  }
  const applications = applyTogether(config, state, planned);
  const made = applications.filter(isMade);
  for (const application of made) {
    const { account, user } = application;
    state.users[user.key] = user;
    user.links[source] = keyOf(account);
    account.seen = null;
    noteNames(state, account, true);
    writeUser(application);
  }
  for (const application of made) items.push(...settle(state, application));
  for (const application of applications.filter((each) => !isMade(each))) {
    const { account, lost } = application;
    if (lost.length === 0) setStanding(account, 'waiting', 'no-username');
    else setStanding(account, 'question', 'unique-taken');
    items.push(...lost.map((claim) => takenItem(state, account, null, claim)));
  }
  return items;
}

/** A creation that lost one of its names waits as a whole (spec 4.7); a user needs a username (spec 4.6). */
function isMade({ creates, lost, value }: NaiveApplication): boolean {
  return !creates || (lost.length === 0 && value.fields.username !== undefined);
}

function newUser(account: NaiveAccount): NaiveUser {
  return {
    key: keyOf(account),
    origin: account.source,
    active: account.content.disabled !== true,
    off: [],
    words: noNaiveWords(),
    slots: {
      [account.source]: { values: {}, silent: [], roles: ['agent'], teams: [], supervises: [], voice: 'living' },
    },
    links: {},
    takesNoneOf: [],
    value: emptyNaiveValue(),
  };
}

/** Pairs of users of whom one has a linked account that matches the other (spec 4.9). */
export function naiveDuplicates(config: WorldConfig, state: NaiveState): string[] {
  const users = Object.values(state.users).filter(({ mergedInto }) => mergedInto === undefined);
  return users.flatMap((user) =>
    Object.values(user.links).flatMap((key) => {
      const account = must(state.accounts[key]);
      if (account.ignored) return [];
      const rules = sourceOf(config, account.source).match;
      const others = users.filter(
        (other) =>
          other !== user &&
          rules.some((rule) => matchesUser(account, other, rule) && !differsByStronger(config, account, other, rule)),
      );
      return others.map((other) => itemText('possible-duplicate', [], [user.key, other.key]));
    }),
  );
}
