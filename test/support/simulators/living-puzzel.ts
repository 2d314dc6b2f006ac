import { Life, TEAMS, idOf } from './living-cisco.ts';
import type { LivingKind, LivingOptions } from './living-cisco.ts';
import { startPuzzel } from './puzzel/puzzel.ts';

/** A Puzzel Contact Centre that lives; rosterd logs in with a password. */
export async function livePuzzel(options: LivingOptions): Promise<LivingKind> {
  const puzzel = await startPuzzel({ onCall: options.onCall });
  TEAMS.forEach((name, index) => puzzel.system.groups.set(index + 11, name));
  const life = new Life(options, {
    put: ({ number, first, last, team }) =>
      puzzel.system.users.set(7000 + number, {
        ...{ firstName: first, lastName: last, userName: idOf(number), group: team + 11, skills: { Sales: 7 } },
        eMail: `agent${idOf(number)}@corp.example`,
      }),
    remove: ({ number }) => puzzel.system.users.delete(7000 + number),
  });
  const { origin: url, username, password, customerKey, caFile, close } = puzzel;
  return {
    introduction: `A Puzzel Contact Centre with ${options.agents} agents in ${TEAMS.length} user groups`,
    connection: { url, username, customerKey, tls: { caFile } },
    password,
    step: () => life.step(),
    close,
  };
}
