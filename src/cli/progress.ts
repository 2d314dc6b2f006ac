import stringWidth from 'string-width';
import { cleanText } from '../telemetry/clean-text.ts';
import type { Output } from './output.ts';
import type { Run } from './shapes.ts';
import { span } from './times.ts';

/** Nothing shorter shows any progress, in milliseconds. */
const quietMs = 1_000;

/** One line at the bottom of a terminal that is written over and over; nothing where there is no terminal. */
export class ProgressLine {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #started: number;
  #shown = '';

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
    this.#started = now();
  }

  async show(text: string): Promise<void> {
    if (!this.#output.isTerminal || this.#now() - this.#started < quietMs) return;
    const line = cut(cleanText(text), (this.#output.columns ?? 80) - 1);
    if (line === this.#shown) return;
    this.#shown = line;
    await this.#output.write(`\r${line}\u001b[K`);
  }

  async clear(): Promise<void> {
    if (this.#shown === '') return;
    this.#shown = '';
    await this.#output.write('\r\u001b[K');
  }
}

function cut(text: string, width: number): string {
  let line = text;
  while (stringWidth(line) > width) line = line.slice(0, -1);
  return line;
}

const settled = new Set(['completed', 'completed-with-rejects', 'failed', 'cancelled', 'held']);

/** Whether a run has come to its end, or to a person. */
export function isSettled(run: Run): boolean {
  return settled.has(run.state);
}

/** Where a sync stands: which run is at what, how many of how many, how quickly, how long still. */
export function describeProgress(runs: readonly Run[]): string {
  const busy = runs.find((run) => !isSettled(run) && run.state !== 'queued') ?? runs.find((run) => !isSettled(run));
  if (busy === undefined) return 'finishing';
  const done = runs.filter(isSettled).length;
  const many = runs.length === 1 ? '' : `${done} of ${runs.length} runs done · `;
  return `${many}${busy.source ?? 'all sources'} ${stageText(busy)}`;
}

/** What a run is at, and how far: `import 400/1,200 (33 %) · 100/s · 8.0 s left`. */
export function stageText(run: Run): string {
  return `${run.phase ?? run.state}${describeRate(run)}`;
}

function describeRate({ progress, waitingFor }: Run): string {
  if (waitingFor.length > 0) return ` · waits for ${waitingFor.join(', ')}`;
  const number = (name: string): number => (typeof progress?.[name] === 'number' ? progress[name] : 0);
  if (progress?.['done'] === undefined) return '';
  const [done, total, rate] = [number('done'), number('total'), number('rate')];
  const share = total > 0 ? `/${whole(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)` : '';
  const left = total > done && rate > 0 ? ` · ${span(((total - done) / rate) * 1000)} left` : '';
  return ` ${whole(done)}${share}${rate > 0 ? ` · ${whole(rate)}/s` : ''}${left}`;
}

/** A number with thousands apart, the same in every locale. */
export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}
