import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions } from '../../../src/domain/permissions.ts';
import { openPostgres } from '../../support/api/databases.ts';
import { openFilledApi, type FilledApi } from '../../support/api/filled-api.ts';
import type { Browser } from '../../support/console/browse.ts';
import { signedIn } from '../../support/console/signed-in.ts';

/** What people and scripts send: empty, long, foreign, half, and what other parsers would run. */
const nasty = [
  ...['', ' ', '0', '-1', '1e9', '2147483648', '99999999999', 'null', '[object Object]', '../..', '//evil.example/'],
  ...["' or 1=1 --", '%', '\\', '\u0000', '\uFEFF', '<script>alert(1)</script>', 'ž'.repeat(300), 'x'.repeat(3_000)],
  ...['2026-02-31', '0000-00-00', '9999-12-31', 'full', 'team:', 'group:x', 'yes', 'preview', 'do', 'ticked', 'all'],
];

describe('requests over the forms of the console', () => {
  let site: FilledApi;
  let eva: Browser;

  beforeAll(async () => {
    site = await openFilledApi(openPostgres);
    eva = await signedIn(site.api, 'eva', permissions);
  });
  afterAll(() => site.close());

  it('right ones with one thing or more wrong are never a failure of the server, and what comes back holds no trace of one', async () => {
    let state = 20_261_130;
    /** mulberry32 */
    const random = (): number => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    };
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const user = `/users/${String(site.store.novak)}`;
    const pages = [
      ...['/users', user, '/users/new', '/accounts', '/teams', '/questions', '/worklist', '/runs', '/sources/ad'],
      ...['/log', '/audit', '/operators', '/errors', '/bulk', `${user}/purge`],
      ...[
        'set?field=email',
        'role?word=give',
        'team?word=give',
        'link',
        'scope',
        'supervision?word=give',
        'deactivate',
      ].map((act) => `${user}/acts/${act}`),
    ];
    const wrong: string[] = [];
    const asked = { get: 0, post: 0 };
    const note = (what: string, { status, text }: { status: number; text: string }): void => {
      if (status >= 500 || /\bat .+\.ts:\d+|\[object |syntax error at/.test(text.replaceAll('[object Object]', '')))
        wrong.push(`${what} → ${String(status)} ${text.slice(0, 200)}`);
    };
    for (const page of pages) {
      const { text } = await eva.get(page);
      for (const [, head = '', inside = ''] of text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
        const attribute = (name: string): string | undefined => new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1];
        const [method = 'get', action = page] = [attribute('method'), attribute('action')];
        if (/sign-out|preferences|\/refresh|\/check/.test(action)) continue;
        const names = [...new Set([...inside.matchAll(/\sname="([^"]+)"/g)].map(([, name]) => name ?? ''))];
        for (let round = 0; round < 3; round += 1) {
          const fields = names
            .filter((name) => name !== 'csrf' && random() < 0.9)
            .map((name) => {
              const [, given = ''] = new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(inside) ?? [];
              return [name, random() < 0.4 ? given : pick(nasty)] as const;
            });
          const query = new URLSearchParams(
            fields.map(([name, value]) => [name, value] as [string, string]),
          ).toString();
          asked[method === 'post' ? 'post' : 'get'] += 1;
          const answer =
            method === 'post'
              ? await eva.post(action, Object.fromEntries(fields))
              : await eva.get(`${action}?${query}`);
          note(`${method} ${action} ${query}`, answer);
        }
      }
    }
    process.stdout.write(`console forms: ${JSON.stringify(asked)}\n`);
    expect(asked.post).toBeGreaterThanOrEqual(60);
    expect(asked.get).toBeGreaterThanOrEqual(15);
    expect(wrong).toEqual([]);
    expect(site.api.failures).toEqual([]);
  });
});
