import type { CheckReport } from '../check-report.ts';
import { checkTcp, checkTls } from '../connect/check.ts';
import { httpEndpoint } from './connection-config.ts';
import type { HttpConnection } from './connection-config.ts';

/** The steps `dns`, `tcp` and `tls` of a check; true when a request can follow. */
export async function checkHttp(
  report: CheckReport,
  address: string,
  connection: HttpConnection,
  signal: AbortSignal,
): Promise<boolean> {
  const endpoint = httpEndpoint(address);
  const socket = await checkTcp(report, endpoint, connection, signal);
  const reached = socket === undefined ? undefined : await checkTls(report, socket, endpoint, connection, signal);
  reached?.destroy();
  return reached !== undefined;
}
