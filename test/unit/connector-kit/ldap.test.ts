import { describe, expect, test } from 'vitest';
import { BerWriter } from 'ldapts';
import { isLoopback } from '../../../src/loopback.ts';
import { directoryConnection } from '../../../src/connector-kit/ldap/connection-config.ts';
import { dnKey, isWithin, parseDn } from '../../../src/connector-kit/ldap/dn.ts';
import { filterProblem, parseFilter } from '../../../src/connector-kit/ldap/filter.ts';
import { MessageFramer, readEntry } from '../../../src/connector-kit/ldap/messages.ts';
import { guidBytes, guidText, sidText } from '../../../src/connector-kit/ldap/microsoft-values.ts';
import { SeenIds } from '../../../src/connector-kit/seen-ids.ts';
import { isWindowsLogin } from '../../../src/domain/windows-login.ts';
import { writeEntry } from '../../support/ldap-messages.ts';

describe('DNs', () => {
  test('spellings of one DN have one key', () => {
    const spellings = ['CN=Doe\\, John,OU=A,DC=x', 'cn=doe\\2c john, ou=a, dc=X', 'cn = Doe\\2C John ,ou=A,dc=x'];
    expect(new Set(spellings.map(dnKey)).size).toBe(1);
  });

  test.each([
    ['attribute types by another name or OID', 'CommonName=Ana,2.5.4.11=A,0.9.2342.19200300.100.1.25=X'],
    ['OIDs with their old prefix', 'OID.2.5.4.3=Ana, oid.2.5.4.11=a, DC=x'],
    ['hex digits of the encoding', 'cn=#0C03416e61,ou=#130141,dc=x'],
    ['quotation marks', 'cn="Ana",ou="A",dc="x"'],
    ['escaped letters and spaces', 'cn=\\41na\\20,ou=\\ a,dc=x'],
  ])('%s mean the same DN', (_name, spelling) => {
    expect(dnKey(spelling)).toBe(dnKey('cn=Ana,ou=A,dc=x'));
  });

  test('several spaces within a value are one; a separator in quotation marks is none', () => {
    expect(dnKey('cn=Ana  Mala,dc=x')).toBe(dnKey('cn=ana mala,dc=x'));
    expect(dnKey('cn="Doe, John",dc=x')).toBe(dnKey('cn=Doe\\, John,dc=x'));
    expect(dnKey('cn=#04zz,dc=x')).not.toBe(dnKey('cn=,dc=x'));
  });

  test('an escaped comma is no separator, and a multi-valued RDN has no order', () => {
    expect(parseDn('CN=a\\,b,DC=x')).toHaveLength(2);
    expect(dnKey('cn=a+uid=b,dc=x')).toBe(dnKey('UID=B+CN=A,dc=x'));
    expect(dnKey('cn=a\\,dc=x')).not.toBe(dnKey('cn=a,dc=x'));
  });

  test('escaped UTF-8 equals the letter itself', () => {
    expect(dnKey('cn=M\\C3\\BCller,dc=x')).toBe(dnKey('cn=Müller,dc=x'));
  });

  test.each(['nothing', 'cn=a,,dc=x', '=x', 'cn=a\\'])('%s is no DN', (text) => {
    expect(parseDn(text)).toBeUndefined();
  });

  test('within', () => {
    expect(isWithin('OU=a,DC=Corp,DC=com', 'dc=corp,dc=com')).toBe(true);
    expect(isWithin('DC=xcorp,DC=com', 'dc=corp,dc=com')).toBe(false);
    expect(isWithin('DC=com', 'dc=corp,dc=com')).toBe(false);
  });
});

describe('filters', () => {
  test.each(['objectClass=*', '(a=b', '(a=b))', '(&(a=b)', '()', '(a=\\zz)', '(a=\\ff)', ''])(
    '%j is refused',
    (text) => {
      expect(filterProblem(text)).toBeDefined();
    },
  );

  test.each(['(a=b)', '(&(a=b)(!(c=*)))', '(userAccountControl:1.2.840.113556.1.4.803:=2)', '(cn=a\\2ab)'])(
    '%s is taken',
    (text) => {
      expect(filterProblem(text)).toBeUndefined();
    },
  );

  test('spaces and line breaks between its parts mean nothing; those within values stay', () => {
    const [spaced, tight] = ['( & (cn=a b)\n  ( | (c=d ) (e=*) ) )', '(&(cn=a b)(|(c=d )(e=*)))'].map((text) => {
      const writer = new BerWriter();
      parseFilter(text).write(writer);
      return writer.buffer.toString('hex');
    });
    expect(spaced).toBe(tight);
  });

  test('escaped UTF-8 is sent as it is meant, a star that is escaped stays a star', () => {
    const writer = new BerWriter();
    parseFilter('(sn=M\\c3\\bcller\\2a)').write(writer);
    expect(writer.buffer.toString('utf8')).toContain('Müller*');
  });
});

describe('values of Microsoft', () => {
  test('a GUID goes both ways', () => {
    const text = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
    expect(guidBytes(text)?.toString('hex')).toBe('ae4f1df8ec7dd011a76500a0c91e6bf6');
    expect(guidText(guidBytes(text.toUpperCase()) ?? Buffer.alloc(0))).toBe(text);
    expect(guidText(Buffer.alloc(15))).toBeUndefined();
    expect(guidBytes('{f81d4fae}')).toBeUndefined();
  });

  test('a SID has a big-endian authority and little-endian parts', () => {
    const bytes = Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex');
    expect(sidText(bytes)).toBe('S-1-5-21-2127521184-1604012920-1887927527-72713');
    expect(sidText(bytes.subarray(0, 20))).toBeUndefined();
  });

  test.each(['CORP\\jdoe', 'C\\a.b-c_d', 'CORP\\Jürgen M'])('5.5 %s is a Windows login', (text) => {
    expect(isWindowsLogin(text)).toBe(true);
  });

  test.each([
    'jdoe',
    'CORP\\',
    '\\jdoe',
    'CORP\\a\\b',
    'CORP\\a@b',
    'CORP/jdoe',
    'ABCDEFGHIJKLMNOP\\a',
    'CORP\\a*',
    ' CORP\\a',
  ])('%j is none', (text) => {
    expect(isWindowsLogin(text)).toBe(false);
  });
});

describe('framing', () => {
  function message(id: number, length: number): Buffer {
    const writer = new BerWriter();
    writer.startSequence();
    writer.writeInt(id);
    writer.startSequence(0x64);
    writer.writeString('x'.repeat(length));
    writer.endSequence();
    writer.endSequence();
    return writer.buffer;
  }

  test.each([1, 2, 3, 7, 100, 5_000])('messages in chunks of %i bytes arrive whole and in order', (size) => {
    const lengths = [0, 100, 130, 300, 70_000, 1, 2];
    const bytes = Buffer.concat(lengths.map((length, id) => message(id, length)));
    const framer = new MessageFramer();
    const got: [number, number][] = [];
    for (let at = 0; at < bytes.length; at += size) {
      framer.push(bytes.subarray(at, at + size), ({ id, body }) => got.push([id, body.text().length]));
    }
    expect(got).toEqual(lengths.map((length, id) => [id, length]));
    expect(framer.pendingBytes).toBe(0);
  });
});

test('attributes keep their names, in lower case, also those whose bytes add up to the same', () => {
  const names = ['Aa', 'BB', 'sAMAccountName', 'cn;lang-de', 'CN', 'Straße'];
  const attributes = names.map((name) => [name, [Buffer.from(`of ${name}`)]] as const);
  const message = writeEntry(1, { dn: 'cn=a', attributes });
  for (const round of ['first', 'again'])
    new MessageFramer().push(message, ({ body }) => {
      expect([round, ...readEntry(body, new Set()).texts]).toEqual([
        round,
        ...names.map((name) => [name.toLowerCase(), [`of ${name}`]]),
      ]);
    });
  expect.assertions(2);
});

test('ids are remembered each on its own, also beyond the first size of the table', () => {
  const seen = new SeenIds();
  const ids = Array.from(
    { length: 50_000 },
    (_, index) => `05a5750e-7a34-1041-8270-${index.toString(16).padStart(12, '0')}`,
  );
  expect(ids.every((id) => seen.add(id))).toBe(true);
  expect(ids.some((id) => seen.add(id))).toBe(false);
});

describe('the connection', () => {
  const base = { bindDn: 'cn=reader', bindPassword: { env: 'LDAP_PASSWORD' } };
  const problems = (connection: object): string =>
    JSON.stringify(directoryConnection.safeParse({ ...base, ...connection }).error?.issues ?? []);

  test.each([
    [{ url: 'ldap://dc1.example.com' }, 'in clear'],
    [{ url: 'ldap://10.0.0.1:389' }, 'in clear'],
    [{ url: 'ldaps://dc1.example.com', startTls: true }, 'startTls'],
    [{ url: 'ldap://localhost', tls: { caFile: 'ca.pem' } }, 'no effect'],
    [{ url: 'http://dc1' }, 'ldaps://HOST'],
    [{ url: 'ldaps://dc1/dc=x' }, 'baseDn'],
    [{ url: 'ldaps://dc1,ldaps://dc2' }, 'several are a list'],
    [{ url: 'ldaps://dc1', bindPassword: 'inline' }, 'never written inline'],
    [{ url: 'ldaps://dc1', startTLS: true }, 'startTLS'],
  ])('%j is refused', (connection, word) => {
    expect(problems(connection)).toContain(word);
  });

  test('20.11 a password in the address is refused without being repeated', () => {
    const found = problems({ url: 'ldap://cn=x:S3cret@dc1' });
    expect(found).toContain('bindPassword');
    expect(found).not.toContain('S3cret');
  });

  test.each([
    { url: 'ldaps://dc1.example.com' },
    { url: 'ldap://dc1.example.com', startTls: true },
    { url: 'ldap://localhost:3389' },
    { url: 'ldap://[::1]' },
    { url: 'ldap://dc1.example.com', allowPlaintext: true },
  ])('%j is taken', (connection) => {
    expect(problems(connection)).toBe('[]');
  });

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])('%s is this machine', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each(['128.0.0.1', 'localhost.example.com', '127.example.com', '0.0.0.0'])('%s is not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
