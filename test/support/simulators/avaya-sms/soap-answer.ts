import type { AnsweredObject } from './communication-manager.ts';
import { SERVICE, SESSION, SOAP } from './soap-request.ts';

/** The outcome of a call in the service's own envelope. */
export type Answer = {
  readonly call: 'submitRequest' | 'release';
  /** What the client must carry on; empty behind a release. */
  readonly sessionId: string;
  readonly resultCode: number;
  readonly messageText: string;
  readonly objects: readonly AnsweredObject[];
};

/** An answer as the service writes it. */
export function writeAnswer({ call, sessionId, resultCode, messageText, objects }: Answer): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}" xmlns:ns1="${SESSION}" xmlns:ns2="${SERVICE}">`,
    `<SOAP-ENV:Header>${element('ns1:sessionID', sessionId)}</SOAP-ENV:Header>`,
    `<SOAP-ENV:Body><ns2:${call}Response><return>`,
    `<result_code>${resultCode}</result_code>`,
    objects.length === 0 ? '<result_data/>' : `<result_data>${objects.map(writeObject).join('')}</result_data>`,
    element('message_text', messageText),
    `</return></ns2:${call}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>\n`,
  ].join('');
}

/** A fault; it carries no session, so the client keeps the id that it has. */
export function writeFault(code: string, text: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}"><SOAP-ENV:Body><SOAP-ENV:Fault>`,
    `<faultcode>SOAP-ENV:${code}</faultcode>${element('faultstring', text)}`,
    '</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>\n',
  ].join('');
}

function writeObject({ model, fields }: AnsweredObject): string {
  const written = fields.map(([name, value]) =>
    typeof value === 'string'
      ? element(name, value)
      : value.map((item, index) => `<${name} position="${index + 1}">${escape(item)}</${name}>`).join(''),
  );
  return `<${model}>${written.join('')}</${model}>`;
}

function element(name: string, text: string): string {
  return text === '' ? `<${name}/>` : `<${name}>${escape(text)}</${name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
