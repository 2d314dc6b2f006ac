import { Ber, BerReader, BerWriter } from 'ldapts';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What a scripted server sends for one request, in order. */
export type LdapAnswer =
  | { readonly entry: Readonly<Record<string, readonly (string | Buffer)[]>>; readonly dn?: string }
  | { readonly reference: string }
  | { readonly done: number; readonly diagnostic?: string; readonly cookie?: string }
  | { readonly raw: (messageId: number) => Buffer }
  | { readonly reset: true };

/** A request as far as scripts care. */
export type LdapRequest = {
  readonly operation: 'bind' | 'search' | 'extended' | 'other';
  readonly base: string;
  /** One page of a whole list; a sample of some entries has a size limit. */
  readonly paged: boolean;
};

/** An LDAP server that says what a test tells it to; real servers cannot be made to fail like this. */
export type ScriptedLdap = {
  readonly url: string;
  readonly requests: readonly LdapRequest[];
  readonly stop: () => Promise<void>;
};

const OPERATIONS: Readonly<Record<number, LdapRequest['operation']>> = {
  0x60: 'bind',
  0x63: 'search',
  0x77: 'extended',
};
const RESPONSES = { bind: 0x61, search: 0x65, extended: 0x78, other: 0x65 } as const;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** Starts a server that answers every request with what `script` returns for it. */
export async function startScriptedLdap(
  script: (request: LdapRequest, count: number) => readonly LdapAnswer[],
): Promise<ScriptedLdap> {
  const requests: LdapRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    // One request per chunk: the client under test waits for answers, or sends its next page in a write of its own.
    socket.on('data', (chunk: Buffer) => {
      for (const { id, request } of readRequests(chunk)) {
        requests.push(request);
        for (const answer of script(request, requests.length)) send(socket, id, request, answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function* readRequests(chunk: Buffer): Generator<{ id: number; request: LdapRequest }> {
  let rest = chunk;
  while (rest.length > 0) {
    const reader = new BerReader(rest);
    reader.readSequence();
    const end = reader.offset + reader.length;
    const message = rest.subarray(0, end);
    const id = reader.readInt() ?? 0;
    const operation = OPERATIONS[reader.readSequence() ?? 0] ?? 'other';
    const base = operation === 'search' ? (reader.readString() ?? '') : '';
    const sizeLimit = operation === 'search' ? readSizeLimit(reader) : 0;
    yield { id, request: { operation, base, paged: sizeLimit === 0 && message.includes(PAGED_RESULTS) } };
    rest = rest.subarray(end);
  }
}

/** Behind the base: scope, dereferencing and the size limit (RFC 4511, section 4.5.1). */
function readSizeLimit(reader: BerReader): number {
  reader.readEnumeration();
  reader.readEnumeration();
  return reader.readInt() ?? 0;
}

function send(socket: Socket, id: number, request: LdapRequest, answer: LdapAnswer): void {
  if ('reset' in answer) socket.resetAndDestroy();
  else if ('raw' in answer) socket.write(answer.raw(id));
  else socket.write(message(id, request, answer));
}

function message(
  id: number,
  request: LdapRequest,
  answer: Exclude<LdapAnswer, { raw: unknown } | { reset: true }>,
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  if ('entry' in answer) writeEntry(writer, answer.dn ?? 'uid=somebody,dc=test', answer.entry);
  else if ('reference' in answer) {
    writer.startSequence(0x73);
    writer.writeString(answer.reference);
    writer.endSequence();
  } else {
    writer.startSequence(RESPONSES[request.operation]);
    writer.writeEnumeration(answer.done);
    writer.writeString('');
    writer.writeString(answer.diagnostic ?? '');
    writer.endSequence();
    if (answer.cookie !== undefined) writePagedResults(writer, answer.cookie);
  }
  writer.endSequence();
  return writer.buffer;
}

function writeEntry(
  writer: BerWriter,
  dn: string,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>>,
): void {
  writer.startSequence(0x64);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values) writer.writeBuffer(Buffer.from(value), Ber.OctetString);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
}

function writePagedResults(writer: BerWriter, cookie: string): void {
  const value = new BerWriter();
  value.startSequence();
  value.writeInt(0);
  value.writeString(cookie);
  value.endSequence();
  writer.startSequence(0xa0);
  writer.startSequence();
  writer.writeString(PAGED_RESULTS);
  writer.writeBuffer(value.buffer, Ber.OctetString);
  writer.endSequence();
  writer.endSequence();
}
