import { describe, expect, test } from 'vitest';
import { answer, object, released } from '../../../support/avaya/sms-answers.ts';
import { agent, lists, readWith } from './support.ts';

/** The values of one agent among one who shows every field. */
async function valuesOf(fields: Parameters<typeof agent>[0], more: object = {}, mapping = {}) {
  const other = agent({ Login_ID: '1', Name: 'A, B', COR: '9', SN: [[1, '5']], SL: [[1, '2']] });
  const { records } = await readWith(lists([other, agent({ Login_ID: '0042', ...fields })]), more, { mapping });
  return records.find(({ externalId }) => externalId === '0042');
}

describe('an agent', () => {
  test('is an account under the login id, with its zeros, which is ACD id and username too', async () => {
    expect(await valuesOf({ Name: 'Nov&#225;kov&#225;, Eva', Extension: '7001' })).toEqual({
      externalId: '0042',
      values: {
        username: '0042',
        acdId: '0042',
        firstName: 'Eva',
        lastName: 'Nováková',
        'attribute.skills': null,
      },
    });
  });

  test.each([
    ['Novak, Eva', 'first-last', 'Eva', 'Novak'],
    ['Novak,Eva Maria', 'last-first', 'Eva Maria', 'Novak'],
    ['  Novak ,  Eva ', 'first-last', 'Eva', 'Novak'],
    ['Eva Novak', 'first-last', 'Eva', 'Novak'],
    ['Eva  van der Berg', 'first-last', 'Eva', 'van der Berg'],
    ['Novak Eva Maria', 'last-first', 'Eva Maria', 'Novak'],
    ['Novak', 'first-last', null, 'Novak'],
    ['Novak', 'last-first', null, 'Novak'],
    ['Novak,', 'first-last', null, 'Novak'],
    [', Eva', 'first-last', 'Eva', null],
    ['Novak, Eva, PhD', 'first-last', 'Eva, PhD', 'Novak'],
    ['', 'first-last', null, null],
  ])('named "%s" (%s) has the given name %s and the family name %s', async (name, order, firstName, lastName) => {
    const record = await valuesOf({ Name: name }, { names: { order } });
    expect(record?.values).toMatchObject({ firstName, lastName });
  });

  test('has skills with levels, paired by position and ordered by number', async () => {
    const record = await valuesOf({
      Name: 'A, B',
      SN: [
        [3, '012'],
        [1, '200'],
        [2, ''],
        [7, '3'],
      ],
      SL: [
        [1, '1'],
        [2, '9'],
        [3, '4'],
      ],
    });
    expect(record?.values['attribute.skills']).toBe('3, 12:4, 200:1');
    expect(record?.teams).toBeUndefined();
  });

  test('has skills without positions too, in the order in which they come', async () => {
    const fields = '<SN>12</SN><SN>15</SN><SL>1</SL><SL>3</SL>';
    const written = agent({ Login_ID: '7', Name: 'A' }).replace('</Agent>', `${fields}</Agent>`);
    const { records } = await readWith(lists([written]));
    expect(records[0]?.values['attribute.skills']).toBe('12:1, 15:3');
  });

  test('2.3 what nobody shows is not read', async () => {
    const { records, end } = await readWith(lists([agent({ Login_ID: '7', Name: '', SN: [[1, '']] })]), {
      skillTeams: { 5: 'Sales' },
    });
    expect(records).toEqual([{ externalId: '7', values: { username: '7', acdId: '7' } }]);
    expect(end.notes).toEqual(['no agent shows Name, SN: taken as not read']);
  });

  test('that is automatic (AAS) is left out and counted', async () => {
    const agents = [
      agent({ Login_ID: '1', Name: 'A', AAS: 'n' }),
      agent({ Login_ID: '2', AAS: 'y' }),
      agent({ Login_ID: '3', AAS: ' Y ' }),
    ];
    const { records, rejected, end } = await readWith(lists(agents));
    expect(records.map(({ externalId }) => externalId)).toEqual(['1']);
    expect(rejected).toEqual([]);
    expect(end).toMatchObject({
      whole: true,
      notes: ['2 automatic agents (AAS) left out', expect.stringContaining('SN') as string],
    });
  });

  test('takes what mapping says, also instead of a part of the name', async () => {
    const record = await valuesOf(
      { Name: 'Novak, Eva', COR: '3' },
      {},
      { displayName: 'Name', numericId: 'Login_ID', lastName: 'COR' },
    );
    expect(record?.values).toMatchObject({
      displayName: 'Novak, Eva',
      numericId: '0042',
      firstName: 'Eva',
      lastName: '3',
    });
  });

  test.each([
    [{ Name: 'x'.repeat(5000) }, 'Name is longer than 4096 characters'],
    [{ Name: 'bell&#7;' }, 'Name holds bytes that are not in the encoding that was read'],
    [{ Name: 'a&#x85;b' }, 'Name holds control characters'],
  ])('2.2 with a value that cannot be used is read without it (%#)', async (fields, reason) => {
    const { records, rejected, end } = await readWith(
      lists([agent({ Login_ID: '1', Name: 'A' }), agent({ Login_ID: '2', ...fields })]),
    );
    expect(rejected).toEqual([]);
    expect(records[1]).toMatchObject({ externalId: '2', unread: { position: 'agent 2', reasons: [reason] } });
    expect(records[1]?.values).not.toHaveProperty('lastName');
    expect(end.whole).toBe(true);
  });

  test.each(['', ' ', '12 34', 'x'.repeat(65), '12\u200b34'])(
    '2.2 without a usable id (%j) is rejected, and the read is whole all the same',
    async (id) => {
      const { rejected, end } = await readWith(lists([agent({ Login_ID: '1', Name: 'A' }), agent({ Login_ID: id })]));
      expect(rejected).toEqual([{ position: 'agent 2', reason: 'it has no usable Login_ID' }]);
      expect(end).toMatchObject({ whole: true });
    },
  );
});

describe('the table skill → team', () => {
  const skilled = [
    agent({
      Login_ID: '1',
      Name: 'A',
      SN: [
        [1, '5'],
        [2, '12'],
      ],
    }),
    agent({ Login_ID: '2', Name: 'B', SN: [[1, '7']] }),
    agent({ Login_ID: '3', Name: 'C' }),
  ];
  const groups = [
    object('HuntGroup', { Group_Number: '5', Group_Name: 'Sales CZ', Skill: 'y' }),
    object('HuntGroup', { Group_Number: '012', Group_Name: 'Support', Skill: 'y' }),
    object('HuntGroup', { Group_Number: '9', Group_Name: 'Support', Skill: 'n' }),
  ];
  const [list] = lists(skilled);
  const withGroups = (groupAnswer = answer({ data: groups.join('') })) => [
    groupAnswer,
    list ?? released,
    list ?? released,
    released,
  ];
  const teamNames = (records: readonly { teams?: readonly { name: string }[] }[]) =>
    records.map(({ teams }) => teams?.map(({ name }) => name));

  test('by number needs no names, and gives an empty list to whom it says nothing of', async () => {
    const { records, requests } = await readWith(lists(skilled), {
      skillTeams: { '05': 'Sales', 12: 'Sales', 99: 'Nobody' },
    });
    expect(records.map(({ teams }) => teams)).toEqual([[{ id: 'sales', name: 'Sales' }], [], []]);
    expect(requests.map(({ body }) => body).join()).not.toContain('HuntGroup');
  });

  test('by name asks for the hunt groups that are skills', async () => {
    const { records, end } = await readWith(withGroups(), {
      skillTeams: { 'sales cz': 'Sales', SUPPORT: 'Help', 7: 'Seven' },
    });
    expect(teamNames(records)).toEqual([['Sales', 'Help'], ['Seven'], []]);
    expect(end).toMatchObject({ whole: true, notes: [] });
  });

  test.each([
    ['a name that there is not', withGroups(), { Nobody: 'X', 5: 'Sales' }, 'there is no skill named "Nobody"'],
    [
      'a name that two have',
      withGroups(answer({ data: [...groups, groups[1]?.replace('012', '13')].join('') })),
      { Support: 'X' },
      'several skills are named "Support"',
    ],
    [
      'hunt groups that may not be listed',
      withGroups(answer({ code: 3, message: 'No permission' })),
      { Support: 'X' },
      'list HuntGroup ended with result code 3: "No permission"',
    ],
  ])('with %s leaves all teams as they are, and says so', async (_, answers, skillTeams, problem) => {
    const { records, end } = await readWith(answers, { skillTeams });
    expect(teamNames(records)).toEqual([undefined, undefined, undefined]);
    expect(end).toMatchObject({ whole: true, notes: [expect.stringContaining(problem) as string] });
    expect(end.notes?.[0]).toContain('teams are not read');
  });
});

describe('display', () => {
  const listed = [
    agent({ Login_ID: '1', Name: 'Novak, Eva' }),
    agent({ Login_ID: '2', Name: 'Sato, Ken' }),
    agent({ Login_ID: '3', AAS: 'y' }),
  ];
  const shown = (fields: Parameters<typeof agent>[0]) => answer({ data: agent(fields) });
  const read = (displays: ReturnType<typeof answer>[], mapping = {}) => {
    const [list = released] = lists(listed);
    return readWith([list, list, ...displays, released], { display: true, names: { native: true } }, { mapping });
  };

  test('brings native names, in pieces, and other fields; nobody asks for automatic agents', async () => {
    const { records, requests } = await read(
      [
        shown({
          Login_ID: '1',
          Name: 'Novak, Eva',
          TN: '4',
          Native_Name_1: 'Nováková, ',
          Native_Name_2: 'Eva',
          Native_Name_3: '',
        }),
        shown({ Login_ID: '2', Name: 'Sato, Ken', TN: '' }),
      ],
      { numericId: 'TN' },
    );
    expect(records.map(({ values }) => values)).toMatchObject([
      { firstName: 'Eva', lastName: 'Nováková', numericId: '4' },
      { firstName: 'Ken', lastName: 'Sato', numericId: null },
    ]);
    expect(requests.map(({ body }) => /<qualifier>(.*?)</.exec(body)?.[1])).toEqual([
      'count 1',
      '',
      '',
      '1',
      '2',
      undefined,
    ]);
  });

  test('of an agent who has been removed meanwhile leaves him out', async () => {
    const { records, end } = await read([
      shown({ Login_ID: '1', Name: 'A' }),
      answer({ code: 4, message: '2 Identifier not assigned' }),
    ]);
    expect(records.map(({ externalId }) => externalId)).toEqual(['1']);
    expect(end).toMatchObject({ whole: true });
    expect(end.notes).toContain('1 agents removed while they were read');
  });

  test.each([
    ['refused', answer({ code: 9, message: 'Strange' }), 'display Agent ended with result code 9: "Strange"'],
    ['another agent', shown({ Login_ID: '1', Name: 'A' }), 'display Agent ended with result code 0'],
  ])('that brings nothing of use (%s) rejects the agent, who counts as seen', async (_, bad, reason) => {
    const { records, rejected, end } = await read([shown({ Login_ID: '1', Name: 'A' }), bad]);
    expect(records).toHaveLength(1);
    expect(rejected).toEqual([{ externalId: '2', position: 'agent 2', reason }]);
    expect(end.whole).toBe(true);
  });

  test('that is refused for want of rights ends the read', async () => {
    await expect(read([answer({ code: 9, message: 'Permission denied' })])).rejects.toMatchObject({
      class: 'fatal',
      code: 'right-missing',
    });
  });
});
