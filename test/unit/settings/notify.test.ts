import { expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/settings/errors.ts';
import { load } from './support.ts';

async function problemsOf(lines: readonly string[], env: Readonly<Record<string, string>>): Promise<string[]> {
  const error: unknown = await load(['notify:', ...lines].join('\n'), { env }).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigurationError)) throw new Error('the configuration was taken', { cause: error });
  return error.problems.map(({ key, message }) => `${key} ${message}`);
}

it('14.6 ways of telling that cannot be are refused', async () => {
  const lines = [
    '  - {on: [run-held]}',
    '  - webhook: {url: "https://chat.example/T0K3N", secret: {env: S}}',
    '  - email: {to: [admins], from: a@b.test, smtp: {host: mail, username: u}}',
    '  - email: {to: [a@b.test], from: a@b.test, smtp: {host: mail, encryption: none, username: u, password: {env: S}}}',
    '  - {webhook: {url: {env: S}, secret: {env: S}}, on: [everything]}',
  ];
  expect(await problemsOf(lines, { S: 's' })).toEqual([
    'notify[0] is a mapping; must have exactly one of: webhook, email',
    'notify[1].webhook.url is text (not shown); a secret is never written inline: write {env: NAME} or {file: PATH}',
    'notify[2].email.to[0] is "admins"; must be an e-mail address such as admins@example.com',
    'notify[2].email.smtp is a mapping; must have username and password, or neither',
    'notify[3].email.smtp is a mapping; would send the password in clear: use encryption: starttls or implicit',
    'notify[4].on[0] is "everything"; allowed: run-held, run-too-long, run-without-progress, source-failing, source-silent, log-in-refused, review-old, certificate-expiring',
  ]);
});

it('14.6 a webhook that would go where none may, or whose secret is missing, is refused without its address', async () => {
  const hook = (url: string, secret: string): string => `  - webhook: {url: {env: ${url}}, secret: {env: ${secret}}}`;
  const env = { S: 's', META: 'https://169.254.169.254/T0K3N', CLEAR: 'http://chat.example/T0K3N' };
  expect(await problemsOf([hook('META', 'S'), hook('CLEAR', 'NONE'), hook('CLEAR', 'S')], env)).toEqual([
    'notify[0].webhook.url cannot be used: environment variable META is a link-local or metadata address',
    'notify[1].webhook.secret cannot be used: environment variable NONE is not set',
    'notify[2].webhook.url cannot be used: environment variable CLEAR is http://, which is allowed to this machine only; use https://',
  ]);
});
