import { describe, expect, it } from 'vitest';
import { describeSettings } from '../../../src/settings/describe-settings.ts';
import { ConfigurationError } from '../../../src/settings/errors.ts';
import { waysToSignIn } from '../../../src/settings/sign-in.ts';
import { load } from './support.ts';

const source = `sources:
  - { id: corp-ad, kind: active-directory, baseDn: DC=x, connection: { url: ldaps://dc, bindDn: CN=x, bindPassword: { env: S } } }
  - { id: acd, kind: csv-file, connection: { path: x.csv } }`;
const openId = (issuer: string, more = ''): string =>
  `signIn: { openIdConnect: { issuer: ${issuer}, clientId: rosterd, clientSecret: { env: S }${more} } }\n`;
const windows = (name: string, domain = 'CORP'): string =>
  `signIn: { windows: { source: ${name}, domain: ${domain} } }\n${source}`;
const env = { S: 'secret' };

describe('19.2 signIn in the configuration', () => {
  it('has a provider and an Active Directory, complete with defaults; the secret is a reference and never shown', async () => {
    const yaml = `signIn:
  openIdConnect:
    issuer: https://login.corp.example/realms/corp
    clientId: rosterd
    clientSecret: { env: S }
    tls: { caFile: ca.pem }
  windows: { source: corp-ad, domain: CORP }
${source}`;
    const files = { 'ca.pem': '-----BEGIN CERTIFICATE-----\n' };
    const { settings, folder } = await load(yaml, { env, files });
    expect(settings.signIn).toMatchObject({
      openIdConnect: { claim: 'preferred_username', tls: { caFile: `${folder}/ca.pem` }, allowPlaintext: false },
      windows: { source: 'corp-ad', domain: 'CORP' },
    });
    const rows = describeSettings(settings).filter(({ key }) => key.startsWith('signIn.'));
    const values = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({
      'signIn.openIdConnect.issuer': 'https://login.corp.example/realms/corp',
      'signIn.openIdConnect.clientSecret': '***** (environment variable S)',
      'signIn.openIdConnect.claim': 'preferred_username',
      'signIn.windows.source': 'corp-ad',
    });
    expect(waysToSignIn(settings.signIn)).toEqual([
      'a password of rosterd',
      'OpenID Connect at https://login.corp.example/realms/corp (the claim preferred_username names the operator)',
      'the Windows account CORP\\… at corp-ad',
    ]);
    expect(waysToSignIn((await load('')).settings.signIn)).toEqual(['a password of rosterd']);
  });

  it.each([
    [openId('ldap://x'), 'signIn.openIdConnect.issuer', 'must be the address of the provider'],
    [openId('https://eva@login.example'), 'signIn.openIdConnect.issuer', 'must not hold a user or password'],
    [openId('https://login.example/?x=1'), 'signIn.openIdConnect.issuer', 'must end before ?'],
    [openId('http://login.example'), 'signIn.openIdConnect.issuer', 'use https://'],
    [openId('http://login.example', ', allowPlaintext: true'), 'signIn.openIdConnect.issuer', 'use https://'],
    [openId('http://localhost:8080'), 'signIn.openIdConnect.issuer', 'say allowPlaintext: true'],
    [openId('https://login.example', ', tls: { caFile: none.pem }'), 'signIn.openIdConnect.tls.caFile', 'ENOENT'],
    [
      openId('https://login.example').replace('{ env: S }', '{ env: T }'),
      'signIn.openIdConnect.clientSecret',
      'not set',
    ],
    [
      openId('https://login.example').replace('{ env: S }', 'plain'),
      'signIn.openIdConnect.clientSecret',
      '{env: NAME}',
    ],
    [windows('other'), 'signIn.windows.source', 'names no source'],
    [windows('acd'), 'signIn.windows.source', 'kind active-directory'],
    [windows('corp-ad').replace('id: corp-ad,', 'id: corp-ad, enabled: false,'), 'signIn.windows.source', 'is enabled'],
    [windows('corp-ad', 'corp.example'), 'signIn.windows.domain', 'NetBIOS name'],
  ])('is refused with what to do: %s', async (yaml, key, message) => {
    const failed: unknown = await load(yaml, { env }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigurationError);
    expect((failed as ConfigurationError).problems).toEqual([
      expect.objectContaining({ key, message: expect.stringContaining(message) as string }),
    ]);
  });

  it('lets a provider on this machine be asked in clear where that is said', async () => {
    const { settings } = await load(openId('http://127.0.0.1:8080', ', allowPlaintext: true'), { env });
    expect(settings.signIn.openIdConnect?.allowPlaintext).toBe(true);
  });
});
