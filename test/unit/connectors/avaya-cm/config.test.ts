import { describe, expect, test } from 'vitest';
import { cmHost, serviceAddress } from '../../../../connectors/avaya-cm/config.ts';
import { connector } from '../../../../connectors/avaya-cm/connector.ts';
import { testKit } from '../../../support/read-source.ts';
import { configOf, written } from './support.ts';

const problems = (more: object, connection: object = {}) =>
  connector.configSchema
    .safeParse(written(more, connection))
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the configuration', () => {
  test('has defaults', () => {
    expect(configOf()).toMatchObject({
      connection: { timeoutMs: 120_000, allowPlaintext: false },
      names: { order: 'first-last', native: false },
      display: false,
      skillTeams: {},
    });
  });

  test.each(['reader', 'reader@', '@cm1', 'a b@cm1', 'reader@cm1@cm2', 'reader:x@cm1', 'reader@cm1:port'])(
    'refuses the user name %j, and says how it must look',
    (username) => {
      expect(problems({}, { username })).toEqual([
        expect.stringContaining('connection.username: must be LOGIN@CM-HOST[:PORT]'),
      ]);
    },
  );

  test.each([
    ['reader@CM1.Corp.Example', 'cm1.corp.example'],
    ['reader@cm1:5022', 'cm1'],
    ['reader@10.0.0.1', '10.0.0.1'],
    ['reader@[2001:DB8::1]:5022', '[2001:db8::1]'],
  ])('takes %s for the CM %s', (username, host) => {
    expect(cmHost(connector.configSchema.parse(written({}, { username })))).toBe(host);
  });

  test.each([
    ['https://aes.test', 'https://aes.test/smsxml/SystemManagementService.php'],
    ['https://aes.test:8443/', 'https://aes.test:8443/smsxml/SystemManagementService.php'],
    ['https://aes.test/own/path.php', 'https://aes.test/own/path.php'],
  ])('completes %s to %s', (url, address) => {
    expect(serviceAddress(connector.configSchema.parse(written({}, { url })))).toBe(address);
  });

  test('refuses the old string interface, native names without display, and unknown keys', () => {
    expect(problems({}, { url: 'https://aes.test/sms/SystemManagementService.php' })).toEqual([
      expect.stringContaining('old string interface'),
    ]);
    expect(problems({ names: { native: true } })).toEqual(['names.native: needs display: true']);
    expect(problems({ team: 'x' })).toHaveLength(1);
    expect(problems({ skillTeams: { 5: '' } })).toHaveLength(1);
  });

  test.each([
    [{ team: 'SN' }, 'mapping.team: the service has nothing of that kind; name the teams of skills in skillTeams'],
    [{ externalId: 'Name' }, 'mapping.externalId: the service has nothing of that kind'],
    [
      { 'attribute.phoneExtension': 'Extension' },
      'mapping.attribute.phoneExtension: Extension is no field that is read',
    ],
    [{ username: 'Password' }, 'mapping.username: Password is no field that is read'],
    [{ username: 'Security_Code' }, 'mapping.username: Security_Code is no field that is read'],
    [{ numericId: 'TN' }, 'mapping.numericId: TN is not in the list of agents; it needs display: true'],
  ])('refuses the mapping %j', async (mapping, message) => {
    const error = await connector.open(configOf(), testKit({ mapping })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      class: 'fatal',
      code: 'configuration',
      message: expect.stringContaining(message) as string,
    });
  });
});
