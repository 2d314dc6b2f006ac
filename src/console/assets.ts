import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ApiInstance } from '../api/instance.ts';

interface Asset {
  /** With a digest of the content in it, so that browsers may keep it for good. */
  readonly url: string;
  readonly type: string;
  readonly body: Buffer;
  readonly zipped: Buffer;
}

/** The files that pages refer to. */
export interface Assets {
  readonly style: string;
  readonly htmx: string;
  /** What follows a stream; only for pages that do. */
  readonly follow: string;
  readonly icon: string;
  routes(app: ApiInstance): void;
}

const own = (name: string): string => join(import.meta.dirname, 'assets', name);

/** Reads them once; they are some kilobytes, and kept zipped. */
export function openAssets(): Assets {
  const { resolve } = createRequire(import.meta.url);
  const style = assetOf('console.css', 'text/css; charset=utf-8', readFileSync(own('console.css')));
  const htmx = assetOf('htmx.js', 'text/javascript; charset=utf-8', readFileSync(resolve('htmx.org/dist/htmx.min.js')));
  const followFile = resolve('htmx.org/dist/ext/hx-sse.min.js');
  const follow = assetOf('follow.js', 'text/javascript; charset=utf-8', readFileSync(followFile));
  const icon = assetOf('icon.svg', 'image/svg+xml', readFileSync(own('icon.svg')));
  return {
    style: style.url,
    htmx: htmx.url,
    follow: follow.url,
    icon: icon.url,
    routes(app) {
      for (const { url, type, body, zipped } of [style, htmx, follow, icon])
        app.get(url, { config: { access: 'none', page: true }, schema: { hide: true } }, (request, reply) => {
          reply.headers({
            'cache-control': 'public, max-age=31536000, immutable',
            'content-type': type,
            vary: 'accept-encoding',
          });
          if (!takesGzip(request.headers['accept-encoding'])) return reply.send(body);
          return reply.header('content-encoding', 'gzip').send(zipped);
        });
    },
  };
}

function assetOf(name: string, type: string, body: Buffer): Asset {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const [stem, ending] = name.split('.');
  return { url: `/assets/${stem ?? ''}-${digest}.${ending ?? ''}`, type, body, zipped: gzipSync(body, { level: 9 }) };
}

/** Whether a browser unpacks what is sent to it. */
export function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  return /\bgzip\b/.test(String(acceptEncoding ?? ''));
}
