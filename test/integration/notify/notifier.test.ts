import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { noticeKinds } from '../../../src/domain/notice.ts';
import { certificateExpiry } from '../../../src/notify/certificate.ts';
import { emailTarget, type EmailSettings } from '../../../src/notify/email.ts';
import { createNotifier } from '../../../src/notify/notifier.ts';
import type { NoticeTarget } from '../../../src/notify/ports.ts';
import { webhookTarget } from '../../../src/notify/webhook.ts';
import { connectionOf, openDatabase } from '../../../src/store/database.ts';
import { noticeStore } from '../../../src/store/notice-store.ts';
import { freshDatabase } from '../../support/database.ts';
import { makeCertificates, selfSignCertificate, type Certificates } from '../../support/services/certificates.ts';
import { createTempDir } from '../../support/services/temp.ts';

const database = await freshDatabase();
const db = openDatabase(
  connectionOf(database.url, () => Promise.resolve(database.url)),
  'server',
);
const directory = createTempDir('notify');
const names = { hostNames: ['localhost'], addresses: [] };
const certificates: Certificates = await makeCertificates(directory.path, names);
const others = await selfSignCertificate(directory.path, 'stranger', names);
const secret = 'sh4red-s3cret';
const { signal } = new AbortController();

interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}
const received: Received[] = [];
const warned: string[] = [];
let answer: { status: number; headers?: Record<string, string> } = { status: 204 };

async function httpsServer(certFile: string, keyFile: string): Promise<{ server: Server; port: number }> {
  const server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(answer.status, answer.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const mails: { to: string[]; from: string; text: string; secure: boolean; user: unknown }[] = [];
const smtp = new SMTPServer({
  ...{ cert: await readFile(certificates.certFile), key: await readFile(certificates.keyFile) },
  authMethods: ['PLAIN'],
  onAuth({ username, password }, _session, callback) {
    if (password === secret) callback(null, { user: username ?? '' });
    else callback(new Error('Invalid credentials'));
  },
  onData(stream, { envelope, secure, user }, callback) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const to = envelope.rcptTo.map((each) => each.address);
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      mails.push({ to, from, text: Buffer.concat(chunks).toString('utf8'), secure, user: user as unknown });
      callback();
    });
  },
});
smtp.on('error', () => undefined); // a client that gives up on the certificate

let hook: Awaited<ReturnType<typeof httpsServer>>;
let stranger: Awaited<ReturnType<typeof httpsServer>>;
let smtpPort = 0;

beforeAll(async () => {
  hook = await httpsServer(certificates.certFile, certificates.keyFile);
  stranger = await httpsServer(others.certFile, others.keyFile);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  smtpPort = (smtp.server.address() as AddressInfo).port;
  await db('source_state').insert({ source_id: 'ad', kind: 'active-directory', role: 'directory' });
});

afterAll(async () => {
  hook.server.close();
  stranger.server.close();
  await new Promise<void>((resolve) => {
    smtp.close(resolve);
  });
  await db.destroy();
  await database.drop();
  await directory.remove();
});

beforeEach(async () => {
  [received.length, mails.length, warned.length] = [0, 0, 0];
  answer = { status: 204 };
  await db('notice').delete();
  await db('run').delete();
  await db('review_item').delete();
  await db('source_state').update({ failures: 0, paused_at: null, paused_by: null, last_success_at: db.fn.now() });
});

const webhook = (
  url = `https://localhost:${String(hook.port)}/hook`,
  caFile: string | undefined = certificates.caFile,
) =>
  webhookTarget({
    ...{ name: 'hook', on: noticeKinds, caFile },
    ...{ url: () => Promise.resolve(url), secret: () => Promise.resolve(secret) },
  });
const email = (more: Partial<EmailSettings['smtp']> = {}, password = secret) =>
  emailTarget({
    ...{ name: 'mail', on: noticeKinds, to: ['admins@example.com', 'b@example.com'], from: 'rosterd@example.com' },
    smtp: {
      ...{ host: 'localhost', port: smtpPort, encryption: 'starttls', caFile: certificates.caFile },
      login: { username: 'rosterd', password: () => Promise.resolve(password) },
      ...more,
    },
  });

/** `turnHours`: what the schedule of the source lets pass between two runs. */
const notifier = (targets: readonly NoticeTarget[], certificateAt: Date | null = null, turnHours = 24) =>
  createNotifier({
    store: noticeStore(db, new Map([['ad', turnHours]])),
    targets,
    certificates: () => Promise.resolve([{ source: 'ad', expiresAt: certificateAt }]),
    warn: (data, message) => warned.push(`${message} ${JSON.stringify(data)}`),
  });

const addRun = async (state: string, more: object = {}): Promise<number> => {
  const run = { source_id: 'ad', mode: 'full', state, asked_by: 'test', ...more };
  const rows: { id: number }[] = await db('run').insert(run, ['id']);
  return rows[0]?.id ?? 0;
};
const kinds = (): unknown[] => received.map(({ body }) => (JSON.parse(body) as { kind: string }).kind);
const letTimePass = async (): Promise<void> => {
  await db('notice').update({ next_attempt_at: db.raw(`now() - interval '1 second'`) });
};

it('14.6 a held run: a signed webhook with ids and counts, once', async () => {
  const run = await addRun('held');
  const tell = notifier([webhook()]);
  await tell.round(signal);
  await letTimePass();
  await tell.round(signal);
  await notifier([webhook()]).round(signal);
  expect(received).toHaveLength(1);
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  expect(JSON.parse(body)).toMatchObject({ kind: 'run-held', source: 'ad', run });
  const expected = createHmac('sha256', secret)
    .update(`${String(headers['x-rosterd-timestamp'])}.${body}`)
    .digest('hex');
  expect(headers['x-rosterd-signature']).toBe(`sha256=${expected}`);
});

it('14.6 a run that asks again in the place of a held one is no new occasion; one after a completed run is', async () => {
  const tell = notifier([webhook()]);
  const first = await addRun('held');
  await tell.round(signal);
  await db('run').where({ id: first }).update({ state: 'cancelled', error_code: 'superseded' });
  await tell.round(signal);
  const second = await addRun('held');
  await tell.round(signal);
  expect(received).toHaveLength(1);
  await db('run').where({ id: second }).update({ state: 'completed' });
  await tell.round(signal);
  await addRun('held');
  await tell.round(signal);
  expect(received).toHaveLength(2);
});

it('14.6 a discarded run is held no longer', async () => {
  await addRun('cancelled', { error_code: 'discarded' });
  await notifier([webhook()]).round(signal);
  expect(received).toEqual([]);
});

it('14.6 failures, silence, a refused log-in, old review items and a certificate', async () => {
  await db('source_state').update({ failures: 3, last_success_at: db.raw(`now() - interval '3 days'`) });
  await addRun('failed');
  await db('review_item').insert({
    ...{ kind: 'ambiguous-match', subject: 's', evidence: '{}', evidence_digest: 'd' },
    opened_at: db.raw(`now() - interval '8 days'`),
  });
  const expiry = new Date();
  await notifier([webhook()], expiry).round(signal);
  expect(kinds().sort()).toEqual(['certificate-expiring', 'review-old', 'source-failing', 'source-silent']);
  await db('source_state').update({ paused_at: db.fn.now(), paused_by: 'system' });
  await notifier([webhook()], expiry).round(signal);
  expect(kinds().slice(4)).toEqual(['log-in-refused']);
});

it('14.6 a run that takes much longer than the last ones, and one that gets no further', async () => {
  const minutesAgo = (minutes: number) => db.raw(`now() - ? * interval '1 minute'`, [minutes]);
  await addRun('completed', { started_at: minutesAgo(100), finished_at: minutesAgo(95) });
  const run = await addRun('importing', { started_at: minutesAgo(14), phase: 'import', progress_at: minutesAgo(1) });
  const tell = notifier([webhook()]);
  await tell.round(signal);
  expect(kinds()).toEqual([]);
  await db('run')
    .where({ id: run })
    .update({ started_at: minutesAgo(16) });
  await tell.round(signal);
  expect(kinds()).toEqual(['run-too-long']);
  await db('run')
    .where({ id: run })
    .update({ progress_at: minutesAgo(16), phase: 'waiting' });
  await tell.round(signal);
  expect(kinds()).toEqual(['run-too-long']);
  await db('run').where({ id: run }).update({ phase: 'values' });
  await tell.round(signal);
  await tell.round(signal);
  expect(kinds()).toEqual(['run-too-long', 'run-without-progress']);
});

it('14.6 a source that is read once a week is not silent in between', async () => {
  await db('source_state').update({ last_success_at: db.raw(`now() - interval '6 days'`) });
  await addRun('completed', { asked_at: db.raw(`now() - interval '6 days 1 hour'`) });
  await addRun('importing');
  await notifier([webhook()], null, 7 * 24).round(signal);
  expect(received).toEqual([]);
});

it('14.1, 14.6 a source that never had its hour is silent, counted from its first start', async () => {
  await db('source_state').update({ last_success_at: null, scheduled_since: db.raw(`now() - interval '47 hours'`) });
  await notifier([webhook()]).round(signal);
  expect(received).toEqual([]);
  await db('source_state').update({ scheduled_since: db.raw(`now() - interval '49 hours'`) });
  await notifier([webhook()]).round(signal);
  expect(kinds()).toEqual(['source-silent']);
  await db('source_state').update({ scheduled_since: db.fn.now() });
});

it('14.6 what does not arrive is tried again, later each time, and never blocks the other targets', async () => {
  await addRun('held');
  answer = { status: 503 };
  const tell = notifier([webhook(), email()]);
  await tell.round(signal);
  await tell.round(signal);
  expect([received.length, mails.length]).toEqual([1, 1]);
  expect(warned).toHaveLength(1);
  expect(warned[0]).toContain('status 503');
  await letTimePass();
  answer = { status: 200 };
  await notifier([webhook(), email()]).round(signal);
  await letTimePass();
  await tell.round(signal);
  expect([received.length, mails.length]).toEqual([2, 1]);
  expect(received[0]?.headers['x-rosterd-notice']).toBe(received[1]?.headers['x-rosterd-notice']);
});

it('14.6 two processes at once send a notice once', async () => {
  await addRun('held');
  const store = noticeStore(db, new Map([['ad', 24]]));
  await store.keep([{ target: 'hook', kind: 'run-held', subject: 's', digest: '', facts: {} }], []);
  const taken = await Promise.all([store.take(20), store.take(20)]);
  expect(taken.flat()).toHaveLength(1);
});

it('14.6 a redirect is not followed', async () => {
  await addRun('held');
  answer = { status: 307, headers: { location: `https://localhost:${String(hook.port)}/elsewhere` } };
  await notifier([webhook()]).round(signal);
  expect(received).toHaveLength(1);
  expect(warned[0]).toContain('status 307');
});

it('14.6 a webhook whose certificate is not trusted gets nothing, and its address stays out of the warning', async () => {
  await addRun('held');
  const url = `https://localhost:${String(stranger.port)}/T0K3N`;
  await notifier([webhook(url)]).round(signal);
  expect(received).toEqual([]);
  expect(warned[0]).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(warned[0]).not.toContain('T0K3N');
});

it('14.6 an e-mail goes over TLS to everybody named, with ids and what to do', async () => {
  const run = await addRun('held');
  await notifier([email()]).round(signal);
  expect(mails).toMatchObject([
    { to: ['admins@example.com', 'b@example.com'], from: 'rosterd@example.com', secure: true, user: 'rosterd' },
  ]);
  expect(mails[0]?.text).toContain(`rosterd run show ${String(run)}`);
});

it.each([
  ['of another authority', () => email({ caFile: undefined }), /certificate/],
  ['of another name', () => email({ host: '127.0.0.1' }), /altnames/],
])('14.6 no e-mail to a server with a certificate %s', async (_what, target, reason) => {
  await addRun('held');
  await notifier([target()]).round(signal);
  expect(mails).toEqual([]);
  expect(warned[0]).toMatch(reason);
});

it('14.6 no e-mail, and no password, to a server that offers no TLS', async () => {
  let commands = 0;
  const plain = new SMTPServer({
    ...{ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
    onAuth(_auth, _session, callback) {
      commands += 1;
      callback(null, { user: 'rosterd' });
    },
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  try {
    await addRun('held');
    await notifier([email({ port: (plain.server.address() as AddressInfo).port })]).round(signal);
    expect(warned).toHaveLength(1);
    expect(commands).toBe(0);
  } finally {
    await new Promise<void>((resolve) => {
      plain.close(resolve);
    });
  }
});

it('14.6 a refused log-in at the mail server does not repeat the password', async () => {
  await addRun('held');
  await notifier([email({}, 'wr0ng-p4ss')]).round(signal);
  expect(warned[0]).toContain('535');
  expect(warned[0]).not.toContain('wr0ng-p4ss');
});

it('14.6 the certificate of a source is asked of its server', async () => {
  const expiry = await certificateExpiry({ host: 'localhost', port: hook.port }, signal);
  expect(expiry?.getTime()).toBeGreaterThan(Date.now() + 86_400_000);
  expect(expiry?.getTime()).toBeLessThan(Date.now() + 3 * 86_400_000);
  expect(await certificateExpiry({ host: 'localhost', port: 1 }, signal)).toBeNull();
});
