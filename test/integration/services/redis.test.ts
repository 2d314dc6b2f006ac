import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';

test('the server answers a ping', async () => {
  const client = new Redis(inject('redis').url, { lazyConnect: true });
  await client.connect();
  const answer = await client.ping();
  client.disconnect();
  expect(answer).toBe('PONG');
});
