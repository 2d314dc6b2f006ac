import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programPath } from '../support/services/program.ts';
import { createSite, until, type Daemon, type Site } from './support/rosterd.ts';

const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
/** Reads, lists or as much as looks at each path; names those where anything of it works. */
const tryAll = 'for p in "$@"; do { cat "$p" || ls "$p" || stat "$p"; } >/dev/null 2>&1 && echo "$p"; done; true';

let site: Site;
let daemon: Daemon;

beforeAll(async () => {
  site = await createSite('other-user');
  const path = await site.write('agents.csv', 'Agent;First Name;Last Name;Login\n1001;Jana;Nováková;jnovakova\n');
  const mapping = {
    externalId: 'Agent',
    acdId: 'Agent',
    firstName: 'First Name',
    lastName: 'Last Name',
    username: 'Login',
  };
  await site.configure({
    database: 'embedded',
    sources: [{ id: 'acd', kind: 'csv-file', connection: { path }, mapping }],
  });
  daemon = await site.start();
}, 120_000);
afterAll(() => site.remove());

function asNobody(script: string, ...args: string[]): string {
  return execFileSync(programPath('setpriv'), [...nobody, '/bin/sh', '-c', script, 'sh', ...args], {
    encoding: 'utf8',
  });
}

/** Needs root, as a domain controller does: only root can become somebody else. */
describe('another user of the same machine (issue 10, to show 4)', () => {
  it('reads nothing of the data directory, connects to nothing in it, and sees nothing in the process', async () => {
    await until('the database is there', async () => readdirSync(site.dataDir).includes('pg'));
    const everything = readdirSync(site.dataDir, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(site.dataDir, name),
    );
    expect(everything.filter((path) => /daemon\.json$|lock$|PGSQL/.test(path)).length).toBeGreaterThanOrEqual(3);
    expect(asNobody(tryAll, ...everything.slice(0, 2_000))).toBe('');
    const secretOf = ['environ', 'mem'].map((name) => `/proc/${String(daemon.pid)}/${name}`);
    const read = 'for p in "$@"; do cat "$p" >/dev/null 2>&1 && echo "$p"; done; true';
    expect(asNobody(read, ...secretOf)).toBe('');
    expect(asNobody('cat "$1"', `/proc/${String(daemon.pid)}/cmdline`)).not.toContain(daemon.token);
    for (const path of ['/api/v1/users', '/metrics', '/api/v1/version'])
      expect((await fetch(`${daemon.address}${path}`)).status).toBe(401);
  });

  it('gets neither token nor content of a command line by taking the port of a daemon that was killed', async () => {
    process.kill(daemon.pid, 'SIGKILL');
    await daemon.ended;
    const heard: string[] = [];
    const thief = createServer((socket) => {
      socket.on('data', (data) => {
        heard.push(data.toString('latin1'));
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"items":[],"next":null}',
        );
      });
    });
    const port = Number(new URL(daemon.address).port);
    await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve));
    const listed = await site.run('user', 'list', '--json');
    const created = await site.run('group', 'add', 'Secret Project', '--reason', 'not for others');
    thief.close();
    expect([listed.code, created.code]).toEqual([0, 0]);
    expect(listed.stdout).toContain('jnovakova');
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.join('\n')).not.toMatch(/authorization|Secret|not for others|os-user/i);
    expect(heard.join('\n')).not.toContain(daemon.token);
  });
});
