import type { SecretRef } from './connector-kit/secret.ts';
import { certificateExpiry, secureEndpoints } from './notify/certificate.ts';
import { emailTarget } from './notify/email.ts';
import { createNotifier, type Notifier } from './notify/notifier.ts';
import type { NoticeTarget, SourceCertificate } from './notify/ports.ts';
import { webhookTarget } from './notify/webhook.ts';
import type { NotifySettings } from './settings/notify.ts';
import type { Settings, SourceSettings } from './settings/settings.ts';
import { longestGapHours } from './runs/schedule.ts';
import { noticeStore } from './store/notice-store.ts';
import type { Db } from './store/sql.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Redactor } from './telemetry/redactor.ts';

interface NoticeWiring {
  readonly settings: Settings;
  readonly db: Db;
  readonly log: Logger;
  readonly redactor: Redactor;
}

/** Who tells people as the configuration says (spec 14.6); null where it says nothing. */
export function buildNotifier({ settings, db, log, redactor }: NoticeWiring): Notifier | null {
  if (settings.notify.length === 0) return null;
  const enabled = settings.sources.filter((source) => source.enabled);
  const read = async (secret: SecretRef): Promise<string> => {
    const value = await secret.read();
    redactor.register(value);
    return value;
  };
  return createNotifier({
    store: noticeStore(
      db,
      new Map(enabled.map(({ id, schedule }) => [id, longestGapHours({ source: id, ...schedule })])),
    ),
    targets: settings.notify.map((target) => targetOf(target, read)),
    certificates: (signal) => Promise.all(enabled.map((source) => certificateOf(source, signal))),
    warn: (data, message) => {
      log.warn(data, message);
    },
  });
}

function targetOf(target: NotifySettings, read: (secret: SecretRef) => Promise<string>): NoticeTarget {
  const { on } = target;
  if ('webhook' in target) {
    const { url, secret, tls } = target.webhook;
    const name = `webhook of ${url.origin}`;
    return webhookTarget({ name, on, url: () => read(url), secret: () => read(secret), caFile: tls.caFile });
  }
  const { to, from, smtp } = target.email;
  const { host, port, encryption, tls, username, password } = smtp;
  const login =
    username === undefined || password === undefined ? {} : { login: { username, password: () => read(password) } };
  return emailTarget({
    ...{ name: `e-mail to ${to.join(', ')}`, on, to, from },
    smtp: { host, port, encryption, caFile: tls.caFile, ...login },
  });
}

/** Of several servers of a source the certificate that expires first. */
async function certificateOf({ id, config }: SourceSettings, signal: AbortSignal): Promise<SourceCertificate> {
  const { connection } = config as { readonly connection?: { readonly url?: unknown } };
  const expiries = await Promise.all(
    secureEndpoints(connection?.url).map((endpoint) => certificateExpiry(endpoint, signal)),
  );
  const known = expiries.filter((expiry) => expiry !== null);
  const [first = null] = known.sort((a, b) => a.getTime() - b.getTime());
  return { source: id, expiresAt: first };
}
