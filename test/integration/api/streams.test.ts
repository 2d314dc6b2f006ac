import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres, type OpenDatabase } from '../../support/api/databases.ts';
import { fillStore } from '../../support/api/filled-store.ts';
import { testApi, type TestApi } from '../../support/api/test-api.ts';
import { signedIn } from '../../support/console/signed-in.ts';

describe('streams of what happens (spec 15.2)', () => {
  let database: OpenDatabase;
  let api: TestApi;
  let address: string;
  let token: string;

  beforeAll(async () => {
    database = await openPostgres();
    await fillStore(database.knex);
    api = await testApi(database.knex);
    token = await api.tokenWith(['view', 'view-log']);
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    address = `http://127.0.0.1:${String((api.app.server.address() as AddressInfo).port)}`;
  });
  afterAll(() => database.close());

  const happens = (reason: string) =>
    database.knex('event').insert({ actor_kind: 'sync', actor_name: 'sync', type: 'run-held', reason });
  /** Opens a stream; `until` reads on until its text has this in it. */
  const open = async (path: string, headers: Record<string, string> = {}) => {
    const leaving = new AbortController();
    const authorization = headers['cookie'] === undefined ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(address + path, { headers: { ...authorization, ...headers }, signal: leaving.signal });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (wanted: string): Promise<string> => {
      while (!text.includes(wanted)) {
        const read = await reader?.read();
        if (read === undefined || read.done) throw new Error(`the stream ended before ${wanted}: ${text}`);
        text += read.value;
      }
      return text;
    };
    const ended = async (): Promise<string> => {
      for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) text += read.value;
      return text;
    };
    return { answer, until, ended, leave: () => leaving.abort() };
  };
  const lastId = (text: string): string => [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';

  it('events come as they happen, and who comes back goes on behind the last one', async () => {
    const stream = await open('/api/v1/events/stream?kind=sync');
    expect([stream.answer.status, stream.answer.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    await stream.until('retry:');
    await happens('first');
    const seen = await stream.until('"reason":"first"');
    stream.leave();
    await happens('missed');
    const again = await open('/api/v1/events/stream?kind=sync&wait=false', { 'last-event-id': lastId(`${seen}\n`) });
    const missed = await again.ended();
    expect(missed).toContain('"reason":"missed"');
    expect(missed).not.toContain('"reason":"first"');
  });

  it('runs that go on come first, then what has changed', async () => {
    const [run] = await database
      .knex('run')
      .insert({ source_id: 'ad', mode: 'full', state: 'importing', asked_by: 'test' })
      .returning<{ id: number }[]>('id');
    const stream = await open('/api/v1/runs/stream');
    await stream.until(`"id":${String(run?.id)}`);
    await database.knex('run').where({ id: run?.id }).update({ state: 'failed', finished_at: database.knex.fn.now() });
    expect(await stream.until('"state":"failed"')).toContain('event: run');
    stream.leave();
  });

  it('the log of the console sends its part anew', async () => {
    const eva = await signedIn(api, 'eva', ['view', 'view-log']);
    const page = await eva.get('/log?kind=sync&live=yes');
    expect(page.text).toContain('hx-sse:connect="/log/live?kind=sync"');
    const cookie = [...eva.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const stream = await open('/log/live?kind=sync', { cookie });
    await stream.until('retry:');
    await happens('live <b>');
    const text = await stream.until('live &lt;b&gt;');
    expect(text).toContain('data: <div id="log">');
    stream.leave();
  });

  it('one operator has a few at a time; places of those who left are free; a server that stops waits for nobody', async () => {
    const streams = await Promise.all(Array.from({ length: 6 }, () => open('/api/v1/runs/stream')));
    const refused = await open('/api/v1/runs/stream');
    expect([refused.answer.status, await refused.ended()]).toEqual([429, expect.stringContaining('too-many-streams')]);
    streams[0]?.leave();
    await expect
      .poll(
        async () => {
          const next = await open('/api/v1/runs/stream');
          return next.answer.status;
        },
        { timeout: 5_000 },
      )
      .toBe(200);
    const ends = Promise.all(streams.slice(1).map(({ ended }) => ended()));
    await api.app.close();
    await ends;
    expect(api.failures).toEqual([]);
  });
});
