import { afterEach, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/ldap/connector.ts';
import { SecretRef } from '../../../src/connector-kit/secret.ts';
import { readWhole, testKit } from '../../support/read-source.ts';
import type { WholeRead } from '../../support/read-source.ts';
import { startScriptedLdap } from '../../support/scripted-ldap.ts';
import type { LdapAnswer, LdapRequest, ScriptedLdap } from '../../support/scripted-ldap.ts';

const PASSWORD = 'S3cret-Mark';
let server: ScriptedLdap | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

type PageScript = (page: number) => readonly LdapAnswer[];

/** A server that behaves until pages are asked for. */
async function serve(pages: PageScript, bind: readonly LdapAnswer[] = [{ done: 0 }]): Promise<ScriptedLdap> {
  let page = 0;
  server = await startScriptedLdap((request: LdapRequest) => {
    if (request.operation === 'bind') return bind;
    if (!request.paged) return [{ done: 0 }];
    page += 1;
    return pages(page);
  });
  return server;
}

async function read(pages: PageScript, bind?: readonly LdapAnswer[]): Promise<WholeRead> {
  const { url } = await serve(pages, bind);
  const connection = { url, bindDn: 'cn=reader', bindPassword: { env: 'UNUSED' }, timeoutMs: 500 };
  const parsed = connector.configSchema.parse({ connection, baseDn: 'dc=test' });
  const config = { ...parsed, connection: { ...parsed.connection, bindPassword: SecretRef.fixed(PASSWORD, 'test') } };
  const kit = testKit();
  const session = await connector.open(config, kit);
  try {
    return await readWhole(session.readAll(kit.signal));
  } finally {
    await session.close();
  }
}

function refusal(pages: PageScript, bind?: readonly LdapAnswer[]): Promise<unknown> {
  return read(pages, bind).catch((error: unknown) => error);
}

function person(uid: string, more: Readonly<Record<string, readonly (string | Buffer)[]>> = {}): LdapAnswer {
  return { entry: { entryUUID: [`id-${uid}`], UID: [uid], ...more } };
}

describe('pages', () => {
  test('a page without entries but with a cookie is not the end', async () => {
    const scripts = [
      [person('a'), { done: 0, cookie: '1' }],
      [{ done: 0, cookie: '2' }],
      [person('b'), { done: 0, cookie: '' }],
    ] as const;
    const whole = await read((page) => scripts[page - 1] ?? []);
    expect(whole.records.map((record) => record.values.username)).toEqual(['a', 'b']);
    expect(whole.end.whole).toBe(true);
  });

  test('empty pages without end are no list', async () => {
    const whole = await read((page) => [...(page === 1 ? [person('a')] : []), { done: 0, cookie: 'again' }]);
    expect(whole.end).toMatchObject({ whole: false, reason: expect.stringContaining('without an entry') as string });
  });

  test('an answer without the paging control proves nothing', async () => {
    const whole = await read(() => [person('a'), { done: 0 }]);
    expect(whole.records).toHaveLength(1);
    expect(whole.end).toMatchObject({ whole: false, reason: expect.stringContaining('paging control') as string });
  });

  test('continuation references are counted, and leave the read complete', async () => {
    const whole = await read(() => [person('a'), { reference: 'ldap://elsewhere/dc=x' }, { done: 0, cookie: '' }]);
    expect(whole.end.whole).toBe(true);
    expect(whole.end.notes).toContain('1 continuation references not followed');
  });

  test.each([
    ['time limit', 3],
    ['size limit', 4],
    ['administrative limit', 11],
    ['referral', 10],
  ])('a %s on the first page: incomplete, with what came', async (_name, done) => {
    const whole = await read(() => [person('a'), { done }]);
    expect(whole.records).toHaveLength(1);
    expect(whole.end).toMatchObject({ whole: false, reason: expect.stringContaining(`result ${done}`) as string });
  });

  test.each([51, 52, 53, 80])('result %i on the second page: incomplete, with what came', async (done) => {
    const whole = await read((page) =>
      page === 1 ? [person('a'), { done: 0, cookie: '1' }] : [person('b'), { done }],
    );
    expect(whole.records).toHaveLength(2);
    expect(whole.end.whole).toBe(false);
  });

  test.each([
    [51, 'retryable', 'busy'],
    [52, 'retryable', 'unreachable'],
    [50, 'fatal', 'right-missing'],
    [8, 'fatal', 'configuration'],
    [12, 'fatal', 'protocol'],
    [80, 'fatal', 'protocol'],
  ])('result %i before anything came is an error: %s %s', async (done, errorClass, code) => {
    expect(await refusal(() => [{ done }])).toMatchObject({ class: errorClass, code });
  });
});

describe('connections', () => {
  test('silence ends at the time limit and can be tried again', async () => {
    expect(await refusal(() => [])).toMatchObject({ class: 'retryable', code: 'timeout' });
  });

  test('silence after the first page: incomplete, with what came', async () => {
    const whole = await read((page) => (page === 1 ? [person('a'), { done: 0, cookie: '1' }] : [person('b')]));
    expect(whole.records).toHaveLength(2);
    expect(whole.end).toMatchObject({ whole: false, reason: expect.stringContaining('500 ms') as string });
  });

  test('a reset before anything came can be tried again', async () => {
    expect(await refusal(() => [{ reset: true }])).toMatchObject({ class: 'retryable', code: 'unreachable' });
  });

  test('a lost connection is never opened again without a log-in', async () => {
    await read((page) => (page === 1 ? [person('a'), { done: 0, cookie: '1' }] : [{ reset: true }]));
    expect(server?.requests.filter((request) => request.operation === 'bind')).toHaveLength(1);
  });
});

describe('log-in', () => {
  const adSays = (data: string): readonly LdapAnswer[] => [
    {
      done: 49,
      diagnostic: `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data ${data}, v1db1`,
    },
  ];

  test.each([
    ['52e', 'password is wrong'],
    ['532', 'password has expired'],
    ['533', 'disabled'],
    ['701', 'account has expired'],
    ['773', 'must be changed'],
    ['775', 'locked out'],
  ])('sub-code %s is explained', async (data, explained) => {
    const error = await refusal(() => [], adSays(data));
    expect(error).toMatchObject({
      class: 'fatal',
      code: 'login-refused',
      message: expect.stringContaining(explained) as string,
    });
    expect(server?.requests).toHaveLength(1);
  });

  test('a server that echoes the password does not get it into the error', async () => {
    const error = await refusal(() => [], [{ done: 53, diagnostic: `no: ${PASSWORD}\u0007` }]);
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('*****') as string });
    expect(String(error)).not.toContain(PASSWORD);
  });
});

describe('records', () => {
  const end: LdapAnswer = { done: 0, cookie: '' };

  test('2.2 the same id twice: the second is rejected and named by its DN, and the read is whole', async () => {
    const whole = await read(() => [person('a'), person('b'), person('a'), end]);
    expect(whole.records).toHaveLength(2);
    expect(whole.rejected).toEqual([
      {
        externalId: 'id-a',
        position: expect.stringContaining('a') as string,
        reason: 'its id came before in this read',
        repeated: true,
      },
    ]);
    expect(whole.end.whole).toBe(true);
  });

  test('2.2 no id, two ids, an id with a control character: rejected without an id, and the read is whole', async () => {
    const bad = [{ uid: ['a'] }, { entryUUID: ['x', 'y'] }, { entryUUID: ['x\u0000'] }].map((entry) => ({ entry }));
    const whole = await read(() => [...bad, end]);
    expect(whole.rejected.map((each) => each.externalId)).toEqual([undefined, undefined, undefined]);
    expect(whole.end.whole).toBe(true);
  });

  test('2.2 bytes that are no UTF-8 are not read, and named', async () => {
    const whole = await read(() => [person('a', { sn: [Buffer.from([0xff, 0xfe])] }), end]);
    expect(whole.rejected).toEqual([]);
    expect(whole.records[0]?.unread?.reasons).toEqual(['sn holds control characters or is not UTF-8']);
    expect(whole.end.whole).toBe(true);
  });
});

describe('what is not LDAP', () => {
  /** `II` stands for the message id. */
  const raw = (hex: string): readonly LdapAnswer[] => [
    { raw: (id) => Buffer.from(hex.replace('II', id.toString(16).padStart(2, '0')), 'hex') },
  ];

  test.each([
    ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')],
    ['an indefinite length', '3080'],
    ['a message of 2 GB', '30847fffffff'],
    ['a control list longer than its message', '30140201II65070a010004000400a0843fffffff3000'],
    ['an entry cut within its message', '300f0201II6484000000ff040161308400'],
  ])('%s is a protocol error', async (_name, hex) => {
    expect(await refusal(() => [], raw(hex))).toMatchObject({ class: 'fatal', code: 'protocol' });
  });

  test('it is one behind the first page, too', async () => {
    const whole = await read((page) => (page === 1 ? [person('a'), { done: 0, cookie: '1' }] : raw('00')));
    expect(whole.records).toHaveLength(1);
    expect(whole.end.whole).toBe(false);
  });
});
