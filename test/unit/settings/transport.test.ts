import { describe, expect, it } from 'vitest';
import { connectionOf } from '../../../src/store/database.ts';
import { databaseTransport, plaintextAllowed, queueTransport } from '../../../src/settings/transport.ts';
import { ConfigurationError } from '../../../src/settings/errors.ts';
import { load } from './support.ts';

const said = { allowPlaintext: true };
const unsaid = { allowPlaintext: false };

describe('the way to a server (architecture 8, issue 10 point 2)', () => {
  it.each([
    ['postgres://db.example/rosterd', unsaid, 'tls'],
    ['postgres://db.example/rosterd?sslmode=prefer', unsaid, 'tls'],
    ['postgres://db.example/rosterd?sslmode=require', said, 'tls'],
    ['postgres://db.example/rosterd?sslmode=disable', unsaid, 'clear'],
    ['postgres://db.example/rosterd', said, 'clear'],
    ['postgres://db.example/rosterd?sslmode=no-verify', unsaid, 'unverified'],
    ['postgres://127.0.0.1.example/rosterd', unsaid, 'tls'],
    ['postgres://127.0.0.1/rosterd', unsaid, 'local'],
    ['postgres://[::1]/rosterd', unsaid, 'local'],
    ['postgres:///rosterd?host=/run/postgresql', unsaid, 'local'],
    ['postgres://localhost/rosterd?host=db.example', unsaid, 'tls'],
    ['postgres://localhost/rosterd?sslmode=verify-full', unsaid, 'tls'],
  ])('to %s is encrypted unless it is local, or said otherwise', (address, setting, transport) => {
    expect(databaseTransport(address, setting)).toBe(transport);
    const { ssl } = connectionOf(address, async () => address, setting);
    const expected = { tls: { rejectUnauthorized: true }, unverified: { rejectUnauthorized: false } };
    expect(ssl).toEqual(expected[transport as 'tls']);
  });

  it('trusts the CAs of the file alone', () => {
    const address = 'postgres://db.example/rosterd';
    const { ssl } = connectionOf(address, async () => address, { ca: 'PEM', allowPlaintext: false });
    expect(ssl).toEqual({ ca: 'PEM', rejectUnauthorized: true });
  });

  it.each([
    ['redis://cache.example', 'clear'],
    ['redis://localhost', 'local'],
    ['redis://[::1]:6379', 'local'],
    ['rediss://cache.example', 'tls'],
  ])('to the queue at %s is as its scheme says', (address, transport) => {
    expect(queueTransport(address)).toBe(transport);
  });

  it.each([
    ['queue: redis://cache.example', 'queue', 'would send its password in clear to cache.example: write rediss://'],
    ['database: postgres://db.example/r?sslmode=disabled', 'database', 'has an sslmode that is not known'],
    ['database: {url: postgres://db.example/r, caFile: none.pem}', 'database.caFile', 'cannot be read (ENOENT)'],
    ['http: {host: 0.0.0.0}', 'http.host', 'must be this machine itself'],
    ['http: {host: "::"}', 'http.host', 'must be this machine itself'],
    ['http: {trustedProxies: [10.0.0.0/33]}', 'http.trustedProxies[0]', 'must be an address or a network'],
    ['database: {url: postgres://db.example/r, caFlie: ca.pem}', 'database', 'caFile: PATH'],
  ])('is refused by the configuration check: %s', async (yaml, key, message) => {
    const failed: unknown = await load(yaml).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigurationError);
    expect((failed as ConfigurationError).problems).toEqual([
      expect.objectContaining({ key, message: expect.stringContaining(message) as string }),
    ]);
  });

  it('is told in a sentence each where clear text was allowed, and nowhere else', async () => {
    const { settings } = await load(
      [
        'database: postgres://db.example/r?sslmode=disable',
        'queue: {url: redis://cache.example, allowPlaintext: true}',
        'http: {host: 0.0.0.0, allowPlaintext: true}',
      ].join('\n'),
    );
    expect(await plaintextAllowed(settings)).toEqual([
      expect.stringContaining('clear to db.example'),
      expect.stringContaining('clear to cache.example'),
      expect.stringContaining('clear to and from 0.0.0.0'),
    ]);
    const { settings: safe } = await load(
      'database: {url: postgres://db.example/r, caFile: ca.pem}\nqueue: rediss://cache.example\n',
      { files: { 'ca.pem': '-----BEGIN CERTIFICATE-----\n' } },
    );
    expect(await plaintextAllowed(safe)).toEqual([]);
  });
});
