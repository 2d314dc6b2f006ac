import type { Connector } from '../src/connector-kit/contract.ts';
import { connector as activeDirectory } from './active-directory/connector.ts';
import { connector as avayaCm } from './avaya-cm/connector.ts';
import { connector as ciscoUcce } from './cisco-ucce/connector.ts';
import { connector as ciscoUccx } from './cisco-uccx/connector.ts';
import { connector as csvFile } from './csv-file/connector.ts';
import { connector as genesysCloud } from './genesys-cloud/connector.ts';
import { connector as ldap } from './ldap/connector.ts';
import { connector as ldifFile } from './ldif-file/connector.ts';
import { connector as puzzel } from './puzzel/connector.ts';

/** Every kind of source that rosterd knows: adding one is its folder and a line here. */
export const connectors: ReadonlyMap<string, Connector> = new Map(
  [activeDirectory, avayaCm, ciscoUcce, ciscoUccx, csvFile, genesysCloud, ldap, ldifFile, puzzel].map(
    (connector: Connector) => [connector.kind, connector],
  ),
);
