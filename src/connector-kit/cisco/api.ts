import { SourceError } from '../errors.ts';
import { BrokenAnswer } from '../http/broken-answer.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { elementOf, elementsOf, readDocument, UnusableDocument, wordsOf } from '../http/document.ts';
import { statusFailure } from '../http/failures.ts';
import type { XmlElement } from '../soap/xml.ts';

/** One GET of the administration interface of Unified CCX or Unified CCE, which answer and refuse in the same way. */
export interface CiscoRequest {
  /** What is asked, for messages. */
  readonly doing: string;
  readonly address: string;
  /** The media type that is wanted; another one is understood as well. */
  readonly accept: string;
}

/** The document of an answer that is a success in every respect. Throws a SourceError. */
export async function askCisco(client: HttpClient, request: CiscoRequest, signal: AbortSignal): Promise<XmlElement> {
  return documentOf(client, request, await send(client, request, signal));
}

/**
 * One object by its id; undefined where the answer is 404. Something in between can answer that too, so by itself it proves nothing.
 * Throws a SourceError.
 */
export async function askForOne(
  client: HttpClient,
  request: CiscoRequest,
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  const answer = await send(client, request, signal);
  return answer.status === 404 ? undefined : documentOf(client, request, answer);
}

function send(client: HttpClient, { doing, address, accept }: CiscoRequest, signal: AbortSignal): Promise<HttpAnswer> {
  return client.send({ method: 'GET', doing, address, headers: { accept } }, signal);
}

function documentOf(client: HttpClient, { doing }: CiscoRequest, answer: HttpAnswer): XmlElement {
  const failure = statusFailure(answer, client.place, doing);
  const root = tryRead(answer);
  const said = root instanceof UnusableDocument ? undefined : wordsOfErrors(root, client);
  if (failure !== undefined) throw said === undefined ? failure : withWords(failure, said);
  if (root instanceof UnusableDocument) {
    const message = `the answer of ${client.place} to ${doing} cannot be used: ${root.message}; if it stays so, check connection.url`;
    throw new BrokenAnswer('protocol', message, [answer.body]);
  }
  if (said !== undefined) throw refusalInside(said, client.place, doing);
  return root;
}

function tryRead(answer: HttpAnswer): XmlElement | UnusableDocument {
  try {
    return readDocument(answer);
  } catch (error) {
    if (error instanceof UnusableDocument) return error;
    throw error;
  }
}

/** What an error document says, wherever it stands; undefined for a document that is none. */
function wordsOfErrors(root: XmlElement, client: HttpClient): string | undefined {
  const name = root.name.toLowerCase();
  const inside = elementOf(root, 'apierrors');
  const errors = name === 'apierror' ? [root] : elementsOf(name === 'apierrors' ? root : (inside ?? root), 'apierror');
  if (errors.length === 0) return name === 'apierrors' || inside !== undefined ? 'an error without words' : undefined;
  const [first] = errors;
  const words = ['errortype', 'errordata', 'errormessage'].flatMap((each) => wordsOf(first, each)?.trim() ?? []);
  return client.shown(words.filter((each) => each !== '').join(', ')) || 'an error without words';
}

function withWords(failure: SourceError, said: string): SourceError {
  const { retryAfterMs } = failure;
  const message = `${failure.message}; it says "${said}"`;
  return new SourceError(failure.class, failure.code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** An error document inside HTTP 200. Which words mean what is not documented; a refused right is worth no second try. */
function refusalInside(said: string, place: string, doing: string): SourceError {
  const message = `${place} answered ${doing} with the error "${said}"`;
  if (/forbidden|denied|permission|not ?authori[sz]ed|unauthori[sz]ed|privilege/i.test(said))
    return new SourceError('fatal', 'right-missing', `${message}; grant the right as the connector's README says`);
  return new SourceError('retryable', 'protocol', `${message}; its log may say why`);
}
