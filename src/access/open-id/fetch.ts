import { readFile } from 'node:fs/promises';
import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { CustomFetch, CustomFetchOptions } from 'openid-client';

/** Of a provider's metadata, keys and tokens; none is longer. */
const longestBody = 1024 * 1024;

/** The provider could not be asked: it is down, its name or certificate is wrong, or it does not answer in HTTP. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

/**
 * Asks the provider over a connection of its own each time, with the certificate verified, by the CAs of the file alone where
 * one is configured. No redirect is followed, and a body has an end.
 */
export function providerFetch(caFile: string | undefined): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    const ca = caFile === undefined || url.protocol === 'http:' ? undefined : await readAuthorities(caFile);
    try {
      const answer = await ask(url, options, ca);
      const body = await bodyOf(answer);
      const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [value].flat().map((each) => [name, each]),
      );
      const status = answer.statusCode ?? 0;
      return new Response([204, 304].includes(status) ? null : body, { status, headers });
    } catch (error) {
      if (error instanceof ProviderUnreachable) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer in HTTP';
      throw new ProviderUnreachable(`${url.host}: ${options.signal?.aborted === true ? 'no answer in time' : code}`);
    }
  };
}

async function readAuthorities(caFile: string): Promise<Buffer> {
  try {
    return await readFile(caFile);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ProviderUnreachable(`signIn.openIdConnect.tls.caFile cannot be read (${code})`);
  }
}

async function ask(url: URL, options: CustomFetchOptions, ca: Buffer | undefined): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const settings: RequestOptions & { ca?: Buffer; rejectUnauthorized: boolean; minVersion: 'TLSv1.2' } = {
    ...{ method: options.method, headers: { ...options.headers, 'user-agent': 'rosterd' }, agent: false },
    ...{ rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(ca === undefined ? {} : { ca }),
  };
  const request = send(url, settings, resolve);
  request.once('error', reject);
  request.end(bytesOf(options.body));
  return promise;
}

/** The library sends forms and nothing else. */
function bytesOf(body: CustomFetchOptions['body']): string | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError('a request to the provider has a body that is no form');
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new ProviderUnreachable('an answer is longer than 1 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
