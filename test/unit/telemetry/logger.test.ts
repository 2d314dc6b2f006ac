import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { product } from '../../../src/telemetry/product.ts';
import { readableLine } from '../../../src/telemetry/readable-line.ts';
import { createRedactor } from '../../../src/telemetry/redactor.ts';

function recorded(isTTY = false) {
  const lines: string[] = [];
  const redactor = createRedactor();
  const destination = { isTTY, write: (line: string) => lines.push(line) };
  return { lines, redactor, logger: createLogger({ level: 'trace', redactor, destination }) };
}

const parse = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? '') as Record<string, unknown>;

describe('the process log', () => {
  it('is one JSON object per line', () => {
    const { logger, lines } = recorded();
    logger.info({ run: 7, source: 'corp-ad' }, 'run completed');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
    const { time, pid, ...rest } = parse(lines[0]);
    expect(rest).toEqual({
      level: 'info',
      service: 'rosterd',
      version: product.version,
      run: 7,
      source: 'corp-ad',
      msg: 'run completed',
    });
    expect(pid).toBe(process.pid);
    expect(new Date(String(time)).toISOString()).toBe(time);
  });

  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const logger = createLogger({ level: 'warn', redactor: createRedactor(), destination });
    logger.info('no');
    logger.warn('yes');
    expect(lines.map((line) => parse(line)['msg'])).toEqual(['yes']);
  });

  it('20.11 has no secret, wherever it was put, and stays JSON', () => {
    const secret = 'S3c"r\\t/pä';
    const { logger, lines, redactor } = recorded();
    redactor.register(secret);
    const cause = new Error(`bind failed for ${secret}`);
    logger.child({ bound: secret }).info({ deep: { list: [secret] } }, 'message %s', secret);
    logger.error(new Error(`outer ${secret}`, { cause }));
    logger.trace({
      err: cause,
      header: Buffer.from(`u:${secret}`).toString('base64'),
      url: encodeURIComponent(secret),
    });
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const text = JSON.stringify(parse(line));
      expect(text).toContain('*****');
      for (const form of [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), 'S3c']) {
        expect(text).not.toContain(form);
      }
    }
    expect(parse(lines[1])).toMatchObject({ level: 'error', msg: expect.stringContaining('outer *****') as string });
    expect(lines[1]).toContain('bind failed for *****');
  });

  it('is readable on a terminal', () => {
    const { logger, lines } = recorded(true);
    logger.warn({ source: 'corp-ad' }, 'source paused\u001b[2J');
    const [line = ''] = lines;
    // eslint-disable-next-line no-control-regex -- the colours that it may have
    expect(line.replace(/\u001b\[\d+m/g, '')).toMatch(/^\d\d:\d\d:\d\d WARN {2}source paused \[2J source=corp-ad\n$/);
  });
});

describe('a readable line', () => {
  it('shows the stack of an error below it', () => {
    const line = JSON.stringify({ time: 'x', level: 'error', msg: 'failed', err: { stack: 'Error: a\n  at b' } });
    expect(readableLine(line, { colours: false })).toBe('--:--:-- ERROR failed\n  Error: a\n    at b\n');
  });
  it('lets through what is no JSON', () => {
    expect(readableLine('plain\u001b text', { colours: false })).toBe('plain  text\n');
  });
});
