import { createHmac } from 'node:crypto';
import { lookup, type LookupAddress } from 'node:dns';
import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { readFile } from 'node:fs/promises';
import { codeOf, NotSentError } from './errors.ts';
import type { DueNotice, NoticeTarget } from './ports.ts';
import { isLoopback } from '../loopback.ts';
import { isAllowedAddress, webhookAddressProblem } from './webhook-address.ts';
import { wordsOf } from './words.ts';

/** What a webhook needs; the address and the secret are read anew for each notice. */
export interface WebhookSettings {
  readonly name: string;
  readonly on: NoticeTarget['on'];
  readonly url: () => Promise<string>;
  readonly secret: () => Promise<string>;
  /** PEM file with the only CAs that are trusted; without it, those that Node brings along. */
  readonly caFile?: string | undefined;
}

const timeoutMs = 15_000;

/**
 * Tells by `POST` of a JSON object, signed: `x-rosterd-signature: sha256=HEX` is the HMAC-SHA-256 under the secret of
 * the value of `x-rosterd-timestamp` (seconds since 1970), a dot, and the body as it was sent. `x-rosterd-notice` is the same
 * for each attempt at one notice. No redirect is followed, and TLS is verified.
 */
export function webhookTarget(settings: WebhookSettings): NoticeTarget {
  return {
    name: settings.name,
    on: settings.on,
    async send(notice, signal) {
      const url = await settings.url();
      const problem = webhookAddressProblem(url);
      if (problem !== undefined) throw new NotSentError('address-refused', `the address of the webhook ${problem}`);
      const body = JSON.stringify(payloadOf(notice));
      const headers = signed(body, notice, await settings.secret());
      const ca = settings.caFile === undefined ? undefined : await readFile(settings.caFile);
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const status = await post(new URL(url), { headers, signal: deadline, ...(ca === undefined ? {} : { ca }) }, body);
      if (status < 200 || status > 299)
        throw new NotSentError('not-accepted', `the webhook answered with status ${String(status)}`);
    },
  };
}

/** What the receiver gets. */
function payloadOf(notice: DueNotice): object {
  const { id, kind, noticedAt, facts } = notice;
  return { id, kind, at: noticedAt, ...facts, text: wordsOf(notice).subject };
}

function signed(body: string, notice: DueNotice, secret: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`, 'utf8').digest('hex');
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'rosterd',
    'x-rosterd-notice': String(notice.id),
    'x-rosterd-timestamp': timestamp,
    'x-rosterd-signature': `sha256=${signature}`,
  };
}

/** Gives the status; whatever the receiver says beside it is not read. */
async function post(url: URL, options: RequestOptions & { readonly ca?: Buffer }, body: string): Promise<number> {
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = send(
    url,
    {
      ...options,
      method: 'POST',
      agent: false,
      lookup: lookupFor(url.protocol),
      rejectUnauthorized: true,
    } as RequestOptions,
    resolve,
  );
  request.once('error', (error) => {
    if (error instanceof NotSentError) reject(error);
    // Node's own message may hold the address, which is a secret.
    else reject(new NotSentError('no-connection', `the webhook could not be reached (${codeOf(error)})`));
  });
  request.end(body);
  const answer = await promise;
  answer.destroy();
  return answer.statusCode ?? 0;
}

/** The address that is connected to is the one that was judged: a name cannot be looked up once more and lead elsewhere. */
function lookupFor(protocol: string): LookupFunction {
  const isFit = ({ address }: LookupAddress): boolean =>
    isAllowedAddress(address) && (protocol === 'https:' || isLoopback(address));
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (failure, addresses) => {
      const error = failure ?? (addresses.every(isFit) ? null : refusedName());
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error, '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedName(): NotSentError {
  return new NotSentError(
    'address-refused',
    "the name in the webhook's address leads to an address that is not allowed",
  );
}
