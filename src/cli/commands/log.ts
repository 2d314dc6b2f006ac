import { eventTypes } from '../../domain/event-types.ts';
import { eventCsv } from '../../api/event-export.ts';
import { apiPath, ask, pageSize } from '../api-client.ts';
import type { ApiClient, Query } from '../api-client.ts';
import { addCommand } from '../command.ts';
import type { RosterdCommand, Runner } from '../command.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { eventLine } from '../event-line.ts';
import type { EventPage, HistoryEvent } from '../shapes.ts';
import { parseTime } from '../times.ts';

interface LogOptions extends Filter {
  readonly follow?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly csv?: boolean;
}

/** What the API filters by as it stands. */
interface Filter {
  readonly source?: string;
  readonly user?: string;
  readonly run?: string;
  readonly kind?: string;
  readonly type?: string;
  readonly text?: string;
}

/** With how many events a log begins that nothing limits. */
const latest = 50;
const pauseMs = 1_000;

export function addLogCommand(program: RosterdCommand, runner: Runner): void {
  addCommand<LogOptions>(program, runner, {
    call: 'log',
    summary: 'what changed, who did it and why; the oldest first',
    details: [
      `A terminal, and --follow, begin with the latest ${latest} events unless a time or another filter than --source limits them.`,
      'A file or a pipe gets all of them.',
    ].join('\n'),
    options: [
      ['--follow', 'go on with new events as they come, until Ctrl-C'],
      ['--since <TIME>', 'from this time on: 2026-03-31, "2026-03-31 15:00", or a span such as 90m, 12h, 7d'],
      ['--until <TIME>', 'up to this time'],
      ['--source <SOURCE>', 'only of this source'],
      ['--user <USER>', 'only of this user (id or username)'],
      ['--run <RUN>', 'only of this run'],
      ['--kind <KIND>', 'the sync log, the audit log of people, or of rosterd itself', ['sync', 'operator', 'system']],
      ['--type <TYPE>', 'only of this type, such as user-created; one that there is not lists all', eventTypes],
      ['--text <TEXT>', 'only with this text in changes, reason, external id or name of who did it'],
      ['--csv', 'as CSV, for a spreadsheet'],
    ],
    run: async (context, _args, { follow = false, since, until, csv = false, ...filter }) => {
      if (follow && until !== undefined) throw new UsageError('--follow and --until exclude each other');
      const timeOf = (text: string | undefined): string | undefined =>
        text === undefined ? undefined : parseTime(text, context.world.now(), 'past');
      const { source, user, run, kind, type, text } = filter;
      const query = { source, user, run, kind, type, text, since: timeOf(since), until: timeOf(until) };
      const limited = Object.entries(query).some(([name, value]) => name !== 'source' && value !== undefined);
      const short = !limited && !csv && (follow || (context.out.isTerminal && !context.json));
      const reader = new LogReader(context, query, csv);
      if (follow) await reader.follow(short);
      else await reader.printOnce(short);
      return undefined;
    },
  });
}

/** Reads events forward by the cursor that never skips a late commit (spec 15.2). */
class LogReader {
  readonly #context: Context;
  #query: Query;
  #cursor: string | undefined;
  #count = 0;
  readonly #csv: boolean;

  constructor(context: Context, query: Query, csv: boolean) {
    this.#context = context;
    this.#query = query;
    this.#csv = csv;
  }

  async printOnce(short: boolean): Promise<void> {
    const client = await this.#context.api('read');
    await this.#begin();
    if (short) await this.#print((await this.#readLatest(client)).toReversed());
    else await this.#printForward(client);
    if (this.#count === 0) {
      await this.#context.hint('No such events. `rosterd sync` makes some; `rosterd run list` shows what ran.');
    } else if (short && this.#count === latest) {
      await this.#context.hint(
        `These are the latest ${latest}; earlier ones: \`rosterd log --since 7d\`, or \`| less\`.`,
      );
    }
  }

  async follow(short: boolean): Promise<void> {
    const stopped = new AbortController();
    await this.#begin();
    const stopListening = this.#context.world.onInterrupt(() => stopped.abort());
    try {
      await this.#beginToFollow(short);
      for (;;) {
        await this.#context.world.sleep(pauseMs, stopped.signal);
        if (stopped.signal.aborted) return;
        await this.#printNew();
      }
    } finally {
      stopListening();
    }
  }

  async #beginToFollow(short: boolean): Promise<void> {
    const { client, where } = await this.#context.connect('read');
    const oldest = short ? (await this.#readLatest(client)).at(-1) : undefined;
    if (oldest !== undefined) this.#query = { ...this.#query, since: oldest.at };
    await this.#printForward(client);
    if (where === 'daemon') return;
    // As long as this process had the store open, no daemon could start.
    await this.#context.close();
    await this.#context.hint('No daemon runs here: nothing new comes before `rosterd start`. Waiting for it …');
  }

  /** A daemon that stops, or has not started, is waited for. */
  async #printNew(): Promise<void> {
    const daemon = await this.#context.daemon();
    if (daemon === null) return;
    try {
      await this.#printForward(daemon.client);
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'no-connection') throw error;
    }
  }

  async #readLatest(client: ApiClient): Promise<readonly HistoryEvent[]> {
    return (await this.#read(client, { order: 'desc', limit: latest })).items;
  }

  async #printForward(client: ApiClient): Promise<void> {
    for (let atEnd = false; !atEnd;) {
      const page = await this.#read(client, { order: 'asc', after: this.#cursor, limit: pageSize });
      await this.#print(page.items);
      atEnd = page.atEnd;
      // With order=asc there always is one: where to go on when there is more.
      this.#cursor = page.next ?? this.#cursor;
    }
  }

  async #read(client: ApiClient, how: Query): Promise<EventPage> {
    return (await ask(client, 'GET', apiPath('events'), { query: { ...this.#query, ...how } })) as EventPage;
  }

  async #begin(): Promise<void> {
    if (this.#csv) await this.#context.out.write(eventCsv.head);
  }

  async #print(events: readonly HistoryEvent[]): Promise<void> {
    this.#count += events.length;
    if (this.#csv) await this.#context.out.write(events.map(eventCsv.line).join(''));
    else if (this.#context.json) await this.#context.out.json(...events);
    else await this.#context.out.write(events.map((event) => `${eventLine(this.#context, event)}\n`).join(''));
  }
}
