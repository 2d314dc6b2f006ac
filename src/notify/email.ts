import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import { cleanText } from '../telemetry/clean-text.ts';
import { codeOf, NotSentError } from './errors.ts';
import type { DueNotice, NoticeTarget } from './ports.ts';
import { wordsOf } from './words.ts';

/** What e-mail needs; the password is read anew for each notice. */
export interface EmailSettings {
  readonly name: string;
  readonly on: NoticeTarget['on'];
  readonly to: readonly string[];
  readonly from: string;
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    /** `starttls` gives up where the server does not offer it; `none` is clear text. */
    readonly encryption: 'starttls' | 'implicit' | 'none';
    /** PEM file with the only CAs that are trusted; without it, those that Node brings along. */
    readonly caFile?: string | undefined;
    readonly login?: { readonly username: string; readonly password: () => Promise<string> } | undefined;
  };
}

const timeoutMs = 15_000;

/** Tells by e-mail in plain text, over SMTP (RFC 5321) with TLS verified. */
export function emailTarget({ name, on, to, from, smtp }: EmailSettings): NoticeTarget {
  return {
    name,
    on,
    async send(notice, signal) {
      const transport = createTransport({
        host: smtp.host,
        port: smtp.port,
        secure: smtp.encryption === 'implicit',
        requireTLS: smtp.encryption === 'starttls',
        ignoreTLS: smtp.encryption === 'none',
        tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(await authoritiesIn(smtp.caFile)) },
        ...(smtp.login === undefined ? {} : { auth: { user: smtp.login.username, pass: await smtp.login.password() } }),
        ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      const close = (): void => {
        transport.close();
      };
      signal.addEventListener('abort', close, { once: true });
      try {
        await transport.sendMail({ from, to: [...to], ...messageOf(notice) });
      } catch (error) {
        throw notSent(error);
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    },
  };
}

async function authoritiesIn(caFile: string | undefined): Promise<{ ca?: Buffer }> {
  return caFile === undefined ? {} : { ca: await readFile(caFile) };
}

function messageOf(notice: DueNotice): { subject: string; text: string; headers: Record<string, string> } {
  const { subject, advice } = wordsOf(notice);
  return {
    subject: `rosterd: ${subject}`,
    text: `${subject}.\n\n${advice}\n\nNotice ${String(notice.id)} of ${notice.noticedAt}. It is sent once for as long as this lasts.\n`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Rosterd-Notice': String(notice.id) },
  };
}

/** Without the words of the server, which may repeat what they were given. */
function notSent(error: unknown): NotSentError {
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : undefined;
  if (status !== undefined && !Number.isNaN(status))
    return new NotSentError('not-accepted', `the mail server answered with ${String(status)} (${codeOf(error)})`);
  const reason = error instanceof Error ? cleanText(error.message, 200) : 'unknown reason';
  return new NotSentError('no-connection', `the mail server could not be used (${codeOf(error)}: ${reason})`);
}
