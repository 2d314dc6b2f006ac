import { createServer } from 'node:net';

/** A port that is this process's, on which nothing is served yet. */
export interface HeldPort {
  /** Gives it up, so that the API can have it the moment after. May be called twice. */
  release(): Promise<void>;
}

/** Nobody can listen there. */
class PortError extends Error {
  override readonly name = 'PortError';
  readonly code = 'cannot-listen';
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has it, perhaps another rosterd',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need a right that this process does not have',
};

/** Takes the port, or fails at once. Connections that come before the API is there are closed. @throws PortError */
export async function holdPort({ host, port }: { readonly host: string; readonly port: number }): Promise<HeldPort> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = reasons[error.code ?? ''] ?? error.message;
      const advice = 'stop that process, or choose another address with http.host and http.port';
      reject(new PortError(`cannot listen on ${host} port ${String(port)}: ${reason}; ${advice}`, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
