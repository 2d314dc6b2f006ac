import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const telemetry = resolve(import.meta.dirname, '../../../src/telemetry');

/** A process with the handlers, of which `crash` is the last statement. */
async function crashing(
  crash: string,
  onCrash = "console.error('cleaned up')",
): Promise<{ code: number; out: string; err: string }> {
  const script = `
    import { createLogger } from '${telemetry}/logger.ts';
    import { createRedactor } from '${telemetry}/redactor.ts';
    import { installCrashHandlers } from '${telemetry}/crash-handlers.ts';
    const redactor = createRedactor();
    redactor.register('S3cr3t-Passw0rd');
    installCrashHandlers(createLogger({ level: 'info', redactor }), async () => { ${onCrash} });
    setInterval(() => {}, 1000);
    ${crash}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number>((done) => child.on('close', (exit) => done(exit ?? -1)));
  return { code, out, err };
}

describe('an error that nobody caught', () => {
  it.each([
    ['uncaughtException', "setTimeout(() => { throw new Error('with S3cr3t-Passw0rd') }, 1);"],
    ['unhandledRejection', "Promise.reject(new Error('with S3cr3t-Passw0rd'));"],
  ])('%s is logged without secrets and ends the process', async (origin, crash) => {
    const { code, out, err } = await crashing(crash);
    expect(code).toBe(1);
    expect(err).toBe('cleaned up\n');
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const entry = JSON.parse(lines[0] ?? '') as { err: { message: string; stack: string } };
    expect(entry).toMatchObject({ level: 'fatal', origin, err: { message: 'with *****' } });
    expect(out).not.toContain('S3cr3t');
  });

  it('ends the process also when cleaning up fails', async () => {
    const { code, out } = await crashing(
      "Promise.reject('S3cr3t-Passw0rd');",
      "throw new Error('again S3cr3t-Passw0rd')",
    );
    expect(code).toBe(1);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out).not.toContain('S3cr3t');
  });
});
