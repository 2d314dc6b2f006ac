import { Attribute, Change } from 'ldapts';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { connector } from '../../../connectors/active-directory/connector.ts';
import { config } from '../../../connectors/active-directory/config.ts';
import { createSignIn } from '../../../src/access/sign-in.ts';
import type { WindowsAccounts, WindowsOutcome } from '../../../src/access/windows.ts';
import { createSignInStore } from '../../../src/store/sign-in-store.ts';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { askAs, testApi, type TestApi } from '../../support/api/test-api.ts';
import { browse } from '../../support/console/browse.ts';
import { startScriptedLdap } from '../../support/scripted-ldap.ts';
import { addUsers, asAdmin, createOu } from '../../support/services/samba-directory.ts';

const windowsPassword = 'W1ndows-Passw0rd';
const samba = inject('samba');

function accounts(connection: object): WindowsAccounts {
  const settings = config.parse({
    connection: { bindDn: 'CN=nobody', bindPassword: { env: 'NOT_SET' }, timeoutMs: 5_000, ...connection },
  });
  return {
    domain: 'CORP',
    async tryLogIn(login, password) {
      const outcome = await connector.tryLogIn?.(settings, { login, password }, AbortSignal.timeout(10_000));
      if (outcome === undefined) throw new Error('the connector knows no log-in of people');
      return outcome;
    },
  };
}

const overTls = (): WindowsAccounts => accounts({ url: samba.ldapsUrl, tls: { caFile: samba.caFile } });

describe('19.2 sign-in with the Windows account, at a real domain controller', () => {
  let database: OpenDatabase;
  let api: TestApi;
  let asked: string[];
  const told: object[] = [];

  beforeAll(async () => {
    database = await openPostgres();
    const ou = await createOu(samba, 'Console');
    const logins = ['weva', 'wadam', 'wnew', 'wold', 'woff', 'wmail', 'wnobody'];
    const dns = await addUsers(
      samba,
      ou,
      logins.map((sAMAccountName) => ({ sAMAccountName })),
    );
    await asAdmin(samba, async (client) => {
      for (const [index, dn] of dns.entries()) {
        const replace = (type: string, value: string | Buffer) =>
          new Change({
            operation: 'replace',
            modification: new Attribute({ type, values: typeof value === 'string' ? [value] : [value] }),
          });
        const login = logins[index];
        await client.modify(dn, [
          replace('unicodePwd', Buffer.from(`"${windowsPassword}"`, 'utf16le')),
          replace('userAccountControl', login === 'woff' ? '514' : '512'),
          ...(login === 'wmail' ? [replace('userPrincipalName', 'wmail@corp.example.com')] : []),
          ...(login === 'wold' ? [replace('accountExpires', '130000000000000000')] : []),
        ]);
        if (login === 'wnew') await client.modify(dn, [replace('pwdLastSet', '0')]);
      }
    });
    const names = [...logins.filter((each) => !['wmail', 'wnobody'].includes(each)), 'wmail@corp.example.com'];
    await database
      .knex('operator')
      .insert(names.map((name) => ({ name, kind: 'person', permissions: ['view'], full_scope: true })));
  });
  afterAll(() => database.close());

  beforeEach(async () => {
    told.length = 0;
    asked = [];
    api = await apiWith(overTls());
    return () => api.app.close();
  });

  function apiWith(windows: WindowsAccounts): Promise<TestApi> {
    const counted: WindowsAccounts = {
      ...windows,
      tryLogIn: (login, password) => {
        asked.push(login);
        return windows.tryLogIn(login, password);
      },
    };
    const log = { info: (data: object) => void told.push(data), warn: (data: object) => void told.push(data) };
    return testApi(database.knex, { signIn: createSignIn(createSignInStore(database.knex), log, counted) });
  }
  const signIn = (name: string, password = windowsPassword, way = 'windows') =>
    askAs<{ code?: string; operator?: string }>(api.app, {}, 'POST', '/api/v1/sign-in', {
      body: { name, password, way },
    });
  const failures = async (name: string): Promise<unknown> =>
    (await database.knex('operator').where({ name }).first<{ failures: number }>('failures')).failures;

  it('lets an operator in by login, with the domain before it, and by principal name; and nobody else', async () => {
    for (const name of ['weva', 'CORP\\weva', 'corp\\WEVA'])
      expect(await signIn(name)).toMatchObject({ status: 200, json: { operator: 'weva' } });
    expect(await signIn('wmail@corp.example.com')).toMatchObject({ json: { operator: 'wmail@corp.example.com' } });
    expect(new Set(asked)).toEqual(new Set(['CORP\\weva', 'CORP\\WEVA', 'wmail@corp.example.com']));
    asked = [];
    // Another domain's eva, the same account by a name that no operator has, and one that is no operator's.
    for (const name of ['OTHER\\weva', 'weva@corp.example.com', 'wnobody', ' '])
      expect((await signIn(name)).json.code).toBe('sign-in-refused');
    expect(asked, 'nobody else’s account is tried from here').toEqual([]);
    expect(JSON.stringify(told)).not.toContain('wmail');
  });

  it('counts wrong passwords, blocks after ten, never sends an empty one, and keeps nothing of it', async () => {
    expect((await signIn('wadam', 'wrong')).json.code).toBe('sign-in-refused');
    expect(await failures('wadam')).toBe(1);
    const page = await browse(api.app).post('/sign-in', { name: 'wadam', password: '', way: 'windows' });
    expect([page.status, asked.length, await failures('wadam')]).toEqual([401, 1, 2]);
    await database.knex('operator').where({ name: 'wadam' }).update({ failures: 9 });
    expect((await signIn('wadam', 'wrong')).status).toBe(401);
    expect((await signIn('wadam')).json.code, 'blocked, with the right password').toBe('sign-in-refused');
    expect(asked).toHaveLength(2);
    expect(await api.ask('POST', '/api/v1/operators/wadam/unlock', { body: {} })).toMatchObject({ status: 200 });
    expect((await signIn('wadam')).status).toBe(200);
    const rows = JSON.stringify(await database.knex('operator')) + JSON.stringify(await database.knex('session'));
    expect(rows).not.toContain(windowsPassword);
    expect((await signIn('weva', windowsPassword, 'password')).json.code, 'it is no password of rosterd').toBe(
      'sign-in-refused',
    );
  });

  it.each([
    ['wnew', 'windows-password-must-change', 'has to be changed first'],
    ['wold', 'windows-expired', 'has expired'],
    ['woff', 'windows-disabled', 'is disabled'],
  ])('tells %s, who knows the password, why it does not do: %s; it counts as no failure', async (name, code, text) => {
    expect(await signIn(name)).toMatchObject({ status: 401, json: { code } });
    const browser = browse(api.app);
    expect((await browser.get('/sign-in')).text).toContain('href="/sign-in?way=windows"');
    const page = await browser.post('/sign-in', { name, password: windowsPassword, way: 'windows' });
    expect([page.status, page.text.includes(text), page.text.includes('Windows password')]).toEqual([401, true, true]);
    expect(await failures(name)).toBe(0);
    expect((await signIn(name, 'wrong')).json.code, 'nothing to who does not know it').toBe('sign-in-refused');
  });

  it('is not offered where it is not configured, and says what to do where the directory cannot be asked', async () => {
    const without = await testApi(database.knex);
    expect((await browse(without.app).get('/sign-in')).text).not.toContain('Windows');
    expect((await browse(without.app).get('/sign-in?way=windows')).text).not.toContain('Windows');
    const body = { name: 'weva', password: windowsPassword, way: 'windows' };
    expect(await askAs(without.app, {}, 'POST', '/api/v1/sign-in', { body })).toMatchObject({ status: 409 });

    const before = await failures('weva');
    const untrusted = await apiWith(accounts({ url: samba.ldapsUrl }));
    const refused = await askAs<{ code: string; detail: string }>(untrusted.app, {}, 'POST', '/api/v1/sign-in', {
      body,
    });
    expect(refused).toMatchObject({ status: 503, json: { code: 'sign-in-unavailable' } });
    expect(JSON.stringify([refused.json, told])).not.toMatch(/weva|W1ndows/);
    expect(await failures('weva')).toBe(before);
  });
});

describe('19.2 what Active Directory says of a refused log-in', () => {
  const ldapError = (data: string): string =>
    `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data ${data}, v3839`;

  it('is told apart by its sub-code, and is a wrong password where it says nothing', async () => {
    let diagnostic = '';
    const server = await startScriptedLdap(() => [{ done: 49, diagnostic }]);
    const { tryLogIn } = accounts({ url: server.url });
    const outcomes: Record<string, WindowsOutcome> = {};
    for (const data of ['525', '52e', '530', '531', '532', '533', '701', '773', '775']) {
      diagnostic = ldapError(data);
      outcomes[data] = await tryLogIn('CORP\\eva', 'any');
    }
    expect(outcomes).toEqual({
      ...{ '525': 'wrong', '52e': 'wrong', '530': 'not-now', '531': 'not-now', '532': 'password-expired' },
      ...{ '533': 'disabled', '701': 'expired', '773': 'password-must-change', '775': 'locked' },
    });
    diagnostic = 'Invalid credentials';
    expect(await tryLogIn('CORP\\eva', 'any')).toBe('wrong');
    const asked = server.requests.length;
    expect([await tryLogIn('CORP\\eva', ''), server.requests.length]).toEqual(['wrong', asked]);
    await server.stop();
  });

  it('names neither the person nor the password where the server fails in another way', async () => {
    const server = await startScriptedLdap(() => [{ done: 52, diagnostic: 'CORP\\eva with secret-word is unlucky' }]);
    const failed: unknown = await accounts({ url: server.url })
      .tryLogIn('CORP\\eva', 'secret-word')
      .catch((error: unknown) => error);
    expect(String(failed)).toContain('result 52');
    expect(String(failed)).not.toMatch(/eva|secret-word/);
    await server.stop();
  });
});
