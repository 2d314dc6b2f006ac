import type { MockedAnswer } from '../http-mock.ts';

/** An element with text; arrays are written with positions. */
export type Fields = Readonly<Record<string, string | readonly (readonly [position: number, value: string])[]>>;

/** XML of one object, as it stands: what is dangerous in it is meant so. */
export function object(model: string, fields: Fields): string {
  const written = Object.entries(fields).map(([name, value]) =>
    typeof value === 'string'
      ? `<${name}>${value}</${name}>`
      : value.map(([position, text]) => `<${name} position="${String(position)}">${text}</${name}>`).join(''),
  );
  return `<${model}>${written.join('')}</${model}>`;
}

interface AnswerParts {
  readonly session?: string;
  readonly code?: number;
  readonly message?: string;
  readonly data?: string;
}

/** The document of an answer, in the form that a public client has recorded. */
export function document({ session = 'a1b2c3', code = 0, message = '', data = '' }: AnswerParts): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"',
    ' xmlns:ns1="http://xml.avaya.com/ws/session" xmlns:ns2="http://xml.avaya.com/ws/SystemManagementService/2008/07/01">',
    `<SOAP-ENV:Header><ns1:sessionID>${session}</ns1:sessionID></SOAP-ENV:Header>`,
    `<SOAP-ENV:Body><ns2:submitRequestResponse><return><result_code>${String(code)}</result_code>`,
    `<result_data>${data}</result_data><message_text>${message}</message_text></return>`,
    '</ns2:submitRequestResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>',
  ].join('');
}

/** A whole answer. */
export function answer(parts: AnswerParts = {}): MockedAnswer {
  return { headers: { 'content-type': 'text/xml; charset=utf-8' }, body: document(parts) };
}

/** The answer to a release. */
export const released: MockedAnswer = answer({ session: '' });

/** A fault, without a session in its header. */
export function fault(text: string, code = 'SOAP-ENV:Server'): MockedAnswer {
  const body = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>${code}</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`;
  return { status: 500, headers: { 'content-type': 'text/xml' }, body };
}
