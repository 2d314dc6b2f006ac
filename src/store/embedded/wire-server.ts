import { createServer, type Server, type Socket } from 'node:net';
import { Mutex, protocol, type PGlite } from '@electric-sql/pglite';
import { readRequests, splitAnswer, WireProtocolError, type ClientRequest } from './wire-messages.ts';

/**
 * Serves PGlite's one session to many connections over a Unix socket.
 *
 * A connection has the session to itself from the first message of a statement to ReadyForQuery, and from `begin` to
 * the end of the transaction; the others wait in turn. (`@electric-sql/pglite-socket` 0.2.17 takes turns by message:
 * parameters above some 200 kB arrive in pieces, another connection's statement comes between Parse and Bind, and
 * takes the parameters; and a connection that breaks in the middle of `begin` stops all others for good.)
 * COPY FROM STDIN is more than PGlite can do and ends it. Notifications go to every connection, so that LISTEN on one hears NOTIFY on another.
 */
export type WireServer = {
  /** Ends every connection, rolls back what was open, and stops listening. */
  readonly stop: () => Promise<void>;
};

/** The session gave no answer, or ended; nothing can be done with this PGlite any more. */
class SessionBrokenError extends Error {
  override readonly name = 'SessionBrokenError';
  readonly code = 'session-broken';
}

const NOTIFICATION = 'A'.charCodeAt(0);
const ERROR = 'E'.charCodeAt(0);
const FLUSH = 'H'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);

/** `isBroken` is asked after every message; `onBroken` is called at most once, when no answer can be had any more. */
export async function startWireServer(options: {
  readonly db: PGlite;
  readonly socketPath: string;
  readonly isBroken: () => boolean;
  readonly onBroken: (error: unknown) => void;
}): Promise<WireServer> {
  const { db } = options;
  const turns = new Mutex();
  const started = new Set<Socket>();
  const sockets = new Map<Socket, Promise<void>>();
  let broken = false;
  /** Between an error in the extended protocol and the next Sync. */
  let skipping = false;

  /** Sends messages to the session one by one and gives back its answers. */
  async function ask(messages: readonly Uint8Array[], synced: boolean): Promise<Buffer> {
    const answers: Buffer[] = [];
    for (const message of messages) {
      const answer = await askOne(message);
      answers.push(...readAnswer(answer));
      // Each message has an answer, except a Flush, and those that the session skips after an error until the Sync.
      // PGlite loops for ever over the message that follows a crash, so the first silence is the end.
      const silent = answer.length === 0 && !skipping && message[0] !== FLUSH;
      if (silent || options.isBroken()) throw new BrokenWithAnswer(Buffer.concat(answers));
    }
    if (synced && answers.at(-1)?.[0] !== READY) throw new BrokenWithAnswer(Buffer.concat(answers));
    return Buffer.concat(answers);
  }

  async function askOne(message: Uint8Array): Promise<Buffer> {
    const chunks: Buffer[] = [];
    // The bytes are a view into PGlite's memory.
    await db.execProtocolRawStream(message, { onRawData: (bytes) => chunks.push(Buffer.from(bytes)) });
    return Buffer.concat(chunks);
  }

  /** The messages that are for the one who asked; notifications go out to everybody at once. */
  function readAnswer(answer: Buffer): Buffer[] {
    const own: Buffer[] = [];
    for (const message of splitAnswer(answer)) {
      if (message[0] === ERROR) skipping = true;
      if (message[0] === READY) skipping = false;
      if (message[0] !== NOTIFICATION) own.push(message);
      else for (const socket of started) socket.write(message);
    }
    return own;
  }

  async function serve(socket: Socket): Promise<void> {
    let endTurn: (() => void) | null = null;
    // Reading reports the same error; without a listener, one that comes while nothing is read would end the thread.
    socket.on('error', () => started.delete(socket));
    try {
      for await (const request of readRequests(socket)) {
        if (request.kind === 'encryption') socket.write('N');
        if (request.kind === 'cancel' || request.kind === 'terminate') break;
        if (request.kind !== 'messages') continue;
        endTurn ??= await turns.acquire();
        if (broken) break;
        await answerTo(socket, request);
        if (!request.synced || db.isInTransaction()) continue;
        endTurn();
        endTurn = null;
      }
    } catch (error) {
      if (!isClientGone(error)) breakDown(error);
    } finally {
      if (endTurn !== null) {
        await abandonTransaction();
        endTurn();
      }
      started.delete(socket);
      socket.destroySoon();
    }
  }

  async function answerTo(socket: Socket, request: ClientRequest & { kind: 'messages' }): Promise<void> {
    try {
      const answer = await ask(request.messages, request.synced);
      started.add(socket);
      socket.write(answer);
    } catch (error) {
      // The client hears the reason, such as "No space left on device", before its connection ends.
      if (error instanceof BrokenWithAnswer) socket.write(error.answer);
      throw error;
    }
  }

  /** For a connection that has gone while it had the session. */
  async function abandonTransaction(): Promise<void> {
    if (broken) return;
    try {
      await ask([protocol.serialize.sync()], true);
      if (db.isInTransaction()) await ask([protocol.serialize.query('ROLLBACK')], true);
    } catch (error) {
      breakDown(error);
    }
  }

  function breakDown(error: unknown): void {
    if (broken) return;
    broken = true;
    options.onBroken(error);
  }

  const server = createServer((socket) => {
    const served = serve(socket).finally(() => sockets.delete(socket));
    sockets.set(socket, served);
  });
  await listen(server, options.socketPath);

  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const served = [...sockets.values()];
      for (const socket of sockets.keys()) socket.destroy();
      await Promise.all(served);
      await closed;
    },
  };
}

class BrokenWithAnswer extends SessionBrokenError {
  readonly answer: Buffer;

  constructor(answer: Buffer) {
    super('the embedded database stopped answering in the middle of a statement');
    this.answer = answer;
  }
}

/** The client left in the middle, or does not speak the protocol: its connection ends, and nothing else does. */
function isClientGone(error: unknown): boolean {
  if (error instanceof WireProtocolError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
