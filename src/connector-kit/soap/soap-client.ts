import type { SourceError } from '../errors.ts';
import { BrokenAnswer } from '../http/broken-answer.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { statusFailure } from '../http/failures.ts';
import { childOf, readXml, textOf, UnusableXml } from './xml.ts';
import type { XmlElement } from './xml.ts';

const soapNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';

/** One call of a SOAP 1.1 service. `header` and `body` are XML, with everything in them escaped. */
export interface SoapCall {
  /** The value of the header SOAPAction. */
  readonly action: string;
  /** What is asked, for messages. */
  readonly doing: string;
  readonly header: string;
  readonly body: string;
}

/** What came back, without the envelope. */
export interface SoapAnswer {
  readonly header: XmlElement | undefined;
  /** The one element in the body. */
  readonly content: XmlElement;
}

/**
 * The service itself refused a call, in words (SOAP 1.1, section 4.4). What class of error that is depends on the words, so
 * the connector decides.
 */
export class SoapFault extends Error {
  override readonly name = 'SoapFault';
  /** Without prefix: `Client`, `Server` or the vendor's own. */
  readonly code: string;
  /** The service's words: one line, cut. */
  readonly text: string;

  constructor(code: string, text: string, doing: string) {
    super(`the service answered ${doing} with the fault ${code}: "${text}"`);
    this.code = code;
    this.text = text;
  }
}

/** Calls a SOAP service. Throws a SoapFault, or a SourceError for everything below SOAP. */
export async function callSoap(client: HttpClient, call: SoapCall, signal: AbortSignal): Promise<SoapAnswer> {
  const { doing } = call;
  const answer = await client.send(
    {
      method: 'POST',
      doing,
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        accept: 'text/xml, application/xml',
        soapaction: `"${call.action}"`,
      },
      body: writeEnvelope(call),
    },
    signal,
  );
  const failure = statusFailure(answer, client.place, doing);
  // A fault comes with status 500 (SOAP 1.1, section 6.2), so that one is judged by what is in it.
  if (failure !== undefined && answer.status !== 500) throw failure;
  const envelope = tryRead(answer.body, charsetOf(answer.headers['content-type']));
  if (envelope instanceof UnusableXml || envelope.name !== 'Envelope') {
    if (failure !== undefined) throw failure;
    const why = envelope instanceof UnusableXml ? envelope.message : 'it is no SOAP envelope';
    throw notSoap(client, call, why, answer);
  }
  const content = childOf(envelope, 'Body')?.children[0];
  if (content?.name === 'Fault') throw faultOf(content, client, doing);
  if (failure !== undefined) throw failure;
  if (content === undefined) throw notSoap(client, call, 'its envelope has no body', answer);
  return { header: childOf(envelope, 'Header'), content };
}

function writeEnvelope({ header, body }: SoapCall): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${soapNamespace}">`,
    `<SOAP-ENV:Header>${header}</SOAP-ENV:Header><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`,
  ].join('');
}

function tryRead(body: Uint8Array, charset: string | undefined): XmlElement | UnusableXml {
  try {
    return readXml(body, charset);
  } catch (error) {
    if (error instanceof UnusableXml) return error;
    throw error;
  }
}

function charsetOf(contentType = ''): string | undefined {
  return /;\s*charset="?([A-Za-z0-9._-]{1,40})/i.exec(contentType)?.[1];
}

/** Retryable, because a document that was cut looks the same and comes whole the next time. */
function notSoap(client: HttpClient, { doing }: SoapCall, why: string, { body }: HttpAnswer): SourceError {
  const message = `the answer of ${client.place} to ${doing} cannot be used: ${why}; if it stays so, check connection.url`;
  return new BrokenAnswer('protocol', message, [body]);
}

function faultOf(fault: XmlElement, client: HttpClient, doing: string): SoapFault {
  const [code = '', text = ''] = ['faultcode', 'faultstring'].map((name) => client.shown(textOf(fault, name) ?? ''));
  return new SoapFault(code.replace(/^[^:]*:/, ''), text, doing);
}
