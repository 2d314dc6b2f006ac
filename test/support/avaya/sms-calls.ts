/** The calls that a client of Avaya's service sends, and what its answers hold, as text. */

/** The namespace of the service. */
export const SERVICE = 'http://xml.avaya.com/ws/SystemManagementService/2008/07/01';

function envelope(sessionId: string, call: string): string {
  return `<?xml version="1.0"?>
    <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">
      <e:Header><s:sessionID xmlns:s="http://xml.avaya.com/ws/session" e:mustUnderstand="1">${sessionId}</s:sessionID></e:Header>
      <e:Body>${call}</e:Body>
    </e:Envelope>`;
}

/** A call, within a session where one is named. */
export function submit(operation: string, model: string, { session = '', qualifier = '' } = {}): string {
  const fields = `<modelFields>${model}</modelFields><operation>${operation}</operation><objectname/>`;
  const call = `<a:submitRequest xmlns:a="${SERVICE}">${fields}<qualifier>${qualifier}</qualifier></a:submitRequest>`;
  return envelope(session, call);
}

/** Ends a session. */
export const release = (session: string): string => envelope(session, `<release xmlns="${SERVICE}"/>`);
/** The session that an answer names; empty where it names none. */
export const sessionOf = (body: string): string => /<ns1:sessionID>([^<]+)</.exec(body)?.[1] ?? '';
/** What a fault says; undefined where the answer is none. */
export const faultOf = (body: string): string | undefined => /<faultstring>([^<]*)</.exec(body)?.[1];
/** The result of a call; undefined where the answer has none. */
export const resultOf = (body: string): string | undefined => /<result_data>(.*)<\/result_data>/.exec(body)?.[1];
