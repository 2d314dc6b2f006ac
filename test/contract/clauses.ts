import { expect } from 'vitest';
import type { Connector, Page, ReadEnd } from '../../src/connector-kit/contract.ts';
import { SourceError } from '../../src/connector-kit/errors.ts';
import type { AccountRecord } from '../../src/domain/account.ts';
import { AccountMirror } from '../support/account-mirror.ts';
import { readWhole, testKit } from '../support/read-source.ts';
import type { WholeRead } from '../support/read-source.ts';
import type { ExpectedError, Harness, NotApplicable, Prepared, Scenario, Variant } from './harness.ts';

/** One clause of the contract (architecture 5). Gives the reason where it does not apply to the connector. */
export interface Clause {
  readonly name: string;
  readonly hold: (connector: Connector, harness: Harness) => Promise<NotApplicable | undefined>;
}

type Outcome = { readonly error: unknown } | WholeRead;

export const clauses: readonly Clause[] = [
  { name: '2.2 external ids are unique and not empty', hold: idsAreUnique },
  { name: '3.1 complete only when the last page has arrived', hold: completeAtTheEnd },
  {
    name: '3.1 a truncated answer is never complete',
    hold: (connector, { truncated }) => neverComplete(connector, truncated),
  },
  {
    name: '3.1 a repeated answer is never complete',
    hold: (connector, { repeated }) => neverComplete(connector, asVariants(repeated)),
  },
  { name: '4.8 a reordered answer gives the same accounts', hold: reorderedIsTheSame },
  { name: '3.1 an empty answer is never complete', hold: (connector, { empty }) => neverComplete(connector, empty) },
  { name: '2.2 what cannot be used is named, and the rest is read', hold: badRecordIsNamed },
  { name: '2.3 not read is never reported as empty', hold: notReadIsNotEmpty },
  { name: '14.3 abort is honoured within a page', hold: abortIsHonoured },
  { name: '2.8 one account read alone is as in a full read, or said not to be there', hold: aloneIsTheSame },
  { name: '3.5 a delta leads to the same accounts', hold: deltaIsTheSame },
  {
    name: '3.4 a refused log-in is fatal',
    hold: (connector, { loginRefused }) => failsAsExpected(connector, loginRefused),
  },
  {
    name: 'a source that is not there is told',
    hold: (connector, { notThere }) => failsAsExpected(connector, notThere),
  },
  { name: '3.4 a busy source is retryable', hold: (connector, { busy }) => failsAsExpected(connector, busy) },
  { name: '20.11 no secret in anything that is said', hold: secretsStaySecret },
  { name: 'hostile input neither crashes nor stalls', hold: hostileInputIsBorne },
];

async function idsAreUnique(connector: Connector, harness: Harness): Promise<undefined> {
  const { records, rejected } = wholeRead(await readOnce(connector, await harness.people(2500)));
  const ids = records.map(({ externalId }) => externalId);
  expect(rejected).toEqual([]);
  expect(ids).toHaveLength(2500);
  expect(new Set(ids).size).toBe(2500);
  expect(ids.filter((id) => id.trim() === '')).toEqual([]);
}

async function completeAtTheEnd(connector: Connector, harness: Harness): Promise<undefined> {
  const prepared = await harness.people(2500);
  let read = 0;
  await withSession(connector, prepared, async (session, signal) => {
    const pages = session.readAll(signal);
    let next = await pages.next();
    for (; next.done !== true; next = await pages.next()) {
      expect(next.value.records.length).toBeLessThanOrEqual(1000);
      expect(next.value).not.toHaveProperty('complete');
      read += next.value.records.length;
    }
    expect(next.value.whole).toBe(true);
  });
  expect(read).toBe(2500);
}

async function neverComplete(
  connector: Connector,
  variants: readonly Variant[] | NotApplicable,
): Promise<NotApplicable | undefined> {
  if ('notApplicable' in variants) return variants;
  for (const { name, prepare } of variants) {
    const outcome = await readOnce(connector, await prepare());
    if ('error' in outcome) expect(outcome.error, name).toBeInstanceOf(SourceError);
    // Repeated and nameless records are told one by one, and the import concludes from them (spec 2.2).
    else if (!outcome.rejected.some(({ externalId, repeated }) => externalId === undefined || repeated === true))
      expect({ name, whole: outcome.end.whole, told: (outcome.end.reason ?? '') !== '' }).toEqual({
        name,
        whole: false,
        told: true,
      });
  }
  return undefined;
}

async function reorderedIsTheSame(connector: Connector, harness: Harness): Promise<NotApplicable | undefined> {
  if ('notApplicable' in harness.reordered) return harness.reordered;
  const usual = wholeRead(await readOnce(connector, await harness.people(10)));
  const reordered = wholeRead(await readOnce(connector, await harness.reordered()));
  expect(usual.records).toHaveLength(10);
  expect(byId(reordered.records)).toEqual(byId(usual.records));
  expect(reordered.records).not.toEqual(usual.records);
  return undefined;
}

async function badRecordIsNamed(connector: Connector, harness: Harness): Promise<NotApplicable | undefined> {
  if ('notApplicable' in harness.badRecord) return harness.badRecord;
  const prepared = await harness.badRecord();
  const { records, rejected } = wholeRead(await readOnce(connector, prepared));
  // Where only a value cannot be used, the rest of the record counts.
  const inPart = records.flatMap(({ externalId, unread }) =>
    unread === undefined ? [] : [{ externalId, position: unread.position, reason: unread.reasons.join() }],
  );
  const named = [...rejected, ...inPart];
  expect(records).toHaveLength(3 - rejected.length);
  expect(named).toHaveLength(1);
  expect(named[0]?.position).toMatch(prepared.position);
  expect(named[0]?.reason).not.toBe('');
  expect(named[0]?.externalId).toBeTypeOf('string');
  return undefined;
}

async function notReadIsNotEmpty(connector: Connector, harness: Harness): Promise<NotApplicable | undefined> {
  if ('notApplicable' in harness.notRead) return harness.notRead;
  const prepared = await harness.notRead();
  const { records } = wholeRead(await readOnce(connector, prepared));
  expect(records).toHaveLength(3);
  for (const record of records) {
    for (const field of prepared.fields) expect(record.values).not.toHaveProperty([field]);
    for (const part of prepared.parts) expect(partOf(record, part)).toBeUndefined();
  }
  return undefined;
}

async function abortIsHonoured(connector: Connector, harness: Harness): Promise<undefined> {
  const prepared = await harness.people(2500);
  const controller = new AbortController();
  const pages: Page[] = [];
  let end: ReadEnd | undefined;
  let failure: unknown;
  try {
    await withSession(connector, prepared, async (session) => {
      const read = session.readAll(controller.signal);
      for (;;) {
        const next = await read.next();
        if (next.done === true) {
          end = next.value;
          return;
        }
        pages.push(next.value);
        controller.abort(new Error('the test says stop'));
      }
    });
  } catch (error) {
    failure = error;
  }
  expect(pages).toHaveLength(1);
  expect(end?.whole).not.toBe(true);
  expect(failure !== undefined || end !== undefined).toBe(true);
}

async function aloneIsTheSame(connector: Connector, { alone, people }: Harness): Promise<NotApplicable | undefined> {
  if (alone !== undefined) return alone;
  const prepared = await people(10);
  return withSession(connector, prepared, async (session, signal) => {
    if (session.readOne === undefined) return { notApplicable: 'it reads no single accounts' };
    const { records } = await readWhole(session.readAll(signal));
    const record = records[4];
    expect(record).toBeDefined();
    if (record === undefined) return undefined;
    expect(await session.readOne(record.externalId, signal)).toEqual({ record });
    const nobody = record.externalId.replaceAll(/[0-9a-f]/gi, '9');
    const absent = await session.readOne(nobody, signal);
    // A file cannot be asked: that it does not have somebody is for a read of the whole to judge.
    const isAbsent: unknown = expect.objectContaining({
      unsupported: expect.stringContaining('the file does not have it') as string,
    });
    expect(absent).toEqual(connector.kind.endsWith('-file') ? isAbsent : { gone: 'deleted' });
    return undefined;
  });
}

async function deltaIsTheSame(connector: Connector, { delta }: Harness): Promise<NotApplicable | undefined> {
  if (!connector.capabilities.delta) return { notApplicable: 'it has no delta' };
  expect(delta, 'a connector with a delta brings its scenario along').toBeDefined();
  const prepared = await delta?.();
  if (prepared === undefined) return undefined;
  const mirror = new AccountMirror();
  await withSession(connector, prepared, (session, signal) => mirror.readAll(session, signal));
  const { size } = mirror.accounts;
  await prepared.change();
  const change = await withSession(connector, prepared, (session, signal) => mirror.readChanges(session, signal));
  expect(change.end.whole).toBe(true);
  expect(change.changed.length).toBeGreaterThan(0);
  expect(change.changed.length).toBeLessThan(size);
  expect(change.gone.length + change.missing.length).toBeGreaterThan(0);
  const full = new AccountMirror();
  await withSession(connector, prepared, (session, signal) => full.readAll(session, signal));
  expect(Object.fromEntries(mirror.accounts)).toEqual(Object.fromEntries(full.accounts));
  mirror.cursor = 'no cursor';
  const pointless = withSession(connector, prepared, (session, signal) => mirror.readChanges(session, signal));
  await expect(pointless).rejects.toMatchObject({ code: 'cursor-unusable' });
  return undefined;
}

async function failsAsExpected(
  connector: Connector,
  scenario: Scenario<ExpectedError>,
): Promise<NotApplicable | undefined> {
  if ('notApplicable' in scenario) return scenario;
  const expected = await scenario();
  const outcome = await readOnce(connector, expected);
  const error = 'error' in outcome ? outcome.error : undefined;
  expect(error).toBeInstanceOf(SourceError);
  expect(error).toMatchObject({
    class: expected.class,
    code: expected.code,
    ...(expected.retryAfterMs === undefined ? {} : { retryAfterMs: expected.retryAfterMs }),
  });
  return undefined;
}

async function secretsStaySecret(connector: Connector, { withSecrets }: Harness): Promise<NotApplicable | undefined> {
  if ('notApplicable' in withSecrets) return withSecrets;
  for (const { name, prepare } of withSecrets.states) {
    const prepared = await prepare();
    const logged: unknown[] = [];
    const log = {
      debug: (message: string, data?: object) => void logged.push(message, data),
      warn: (message: string, data?: object) => void logged.push(message, data),
    };
    const outcome = await readOnce(connector, { ...prepared, kit: { ...prepared.kit, log } });
    const checked = await connector.check(
      connector.configSchema.parse(prepared.config),
      testKit({ ...prepared.kit, log }),
    );
    const said = spellOut([outcome, checked, logged]);
    for (const secret of withSecrets.secrets.flatMap(spellings))
      expect(said.includes(secret), `${name}: ${secret}`).toBe(false);
  }
  return undefined;
}

function spellings(secret: string): string[] {
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)];
}

/** Everything that could reach a log: errors with their causes and stacks too. */
function spellOut(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each instanceof Error
      ? Object.fromEntries(Object.getOwnPropertyNames(each).map((key) => [key, Reflect.get(each, key)]))
      : each,
  );
}

// eslint-disable-next-line no-control-regex -- they are what must not get through
const control = /[\u0000-\u001f\u007f-\u009f]/;

async function hostileInputIsBorne(connector: Connector, { hostile }: Harness): Promise<NotApplicable | undefined> {
  if ('notApplicable' in hostile) return hostile;
  for (const { name, prepare } of hostile) {
    const outcome = await readOnce(connector, await prepare());
    if ('error' in outcome) {
      expect(outcome.error, name).toBeInstanceOf(SourceError);
      continue;
    }
    const dangerous = outcome.records.filter((record) => control.test(Object.values(record.values).join('')));
    expect(dangerous, name).toEqual([]);
    const longest = Math.max(
      0,
      ...outcome.records.flatMap(({ values }) => Object.values(values).map((value) => value?.length ?? 0)),
    );
    expect(longest, name).toBeLessThanOrEqual(4096);
  }
  return undefined;
}

async function readOnce(connector: Connector, prepared: Prepared): Promise<Outcome> {
  try {
    return await withSession(connector, prepared, (session, signal) => readWhole(session.readAll(signal)));
  } catch (error) {
    return { error };
  }
}

type Session = Awaited<ReturnType<Connector['open']>>;

async function withSession<T>(
  connector: Connector,
  prepared: Prepared,
  use: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const kit = testKit(prepared.kit);
  const session = await connector.open(connector.configSchema.parse(prepared.config), kit);
  try {
    expect(session.systemId).not.toBe('');
    return await use(session, kit.signal);
  } finally {
    await session.close();
  }
}

function wholeRead(outcome: Outcome): WholeRead {
  if ('error' in outcome) throw outcome.error;
  return outcome;
}

function asVariants(scenario: Scenario<Prepared>): readonly Variant[] | NotApplicable {
  return 'notApplicable' in scenario ? scenario : [{ name: 'as it is', prepare: scenario }];
}

function byId(records: readonly AccountRecord[]): AccountRecord[] {
  return records.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));
}

function partOf(record: AccountRecord, part: string): unknown {
  const { roleFacts } = record;
  const parts: Readonly<Record<string, unknown>> = {
    disabled: record.disabled,
    team: record.teams,
    supervises: record.supervises,
    supervisor: roleFacts?.supervisor,
    group: roleFacts?.groups,
    profile: roleFacts?.profiles,
    role: roleFacts?.roles,
  };
  return parts[part];
}
