import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { MockedAnswer } from '../http-mock.ts';
import { answer, released } from './sms-answers.ts';

/** What was asked, as far as a script needs it. */
export interface Asked {
  readonly operation: string;
  readonly model: string;
  readonly qualifier: string;
}

/**
 * A service that answers what a script says, over plain HTTP on loopback, until the end of the test; for what the simulator
 * is too well-behaved to say. A release is always answered. Gives its address.
 */
export async function startScriptedSms(script: (asked: Asked) => MockedAnswer): Promise<string> {
  const server = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        const { status = 200, headers, body: content } = body.includes(':release') ? released : script(askedIn(body));
        response.writeHead(status, { ...headers }).end(content);
      },
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** A script whose list of agents is this, and that has nothing else. */
export function listing(agents: readonly string[]): (asked: Asked) => MockedAnswer {
  return ({ operation, model, qualifier }) => {
    if (operation !== 'list' || model !== 'Agent') return answer();
    const count = /^count (\d+)$/.exec(qualifier)?.[1];
    return answer({ data: agents.slice(0, count === undefined ? undefined : Number(count)).join('') });
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function askedIn(body: string): Asked {
  const [, model = ''] = /<modelFields><(\w+)>/.exec(body) ?? [];
  const [, operation = ''] = /<operation>(\w+)</.exec(body) ?? [];
  const [, qualifier = ''] = /<qualifier>([^<]*)</.exec(body) ?? [];
  return { operation, model, qualifier };
}
