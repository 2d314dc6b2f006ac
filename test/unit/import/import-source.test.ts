import { describe, expect, it } from 'vitest';
import type { ReadEnd } from '../../../src/connector-kit/contract.ts';
import { ab, imported, type Given } from './imported.ts';
import type { MemoryImportStore } from './memory-import-store.ts';
import { deleted, page, record, rejection } from './reads.ts';

interface Row extends Given {
  readonly rule: string;
  readonly situation: string;
  readonly present: readonly string[];
  /** Why it failed; null where everything was read. */
  readonly reason: RegExp | null;
  /** Why the read, although whole, proves no absence, as a note says. */
  readonly unproven?: RegExp;
}

const absence: Row[] = [
  {
    rule: '3.1',
    situation: 'what a complete full read does not show is absent',
    known: ab,
    pages: [page([record('a')])],
    present: ['a'],
    reason: null,
  },
  {
    rule: '3.1',
    situation: 'also where the read shows nothing at all and says that this is everything',
    known: ab,
    pages: [],
    present: [],
    reason: null,
  },
  {
    rule: '3.1',
    situation: 'what is spread over several pages is there',
    known: ab,
    pages: [page([record('b')]), page([]), page([record('a')])],
    present: ['a', 'b'],
    reason: null,
  },
  {
    rule: '3.2',
    situation: 'a read that did not reach its end shows nothing about what it did not show',
    known: ab,
    pages: [page([record('a')])],
    end: { whole: false, reason: 'size limit' },
    present: ['a', 'b'],
    reason: /size limit/,
  },
  {
    rule: '3.2',
    situation: 'a read that ends without a word is not complete',
    known: ab,
    pages: [page([record('a')])],
    end: { whole: false },
    present: ['a', 'b'],
    reason: /did not say/,
  },
  {
    rule: '3.5',
    situation: 'a delta shows nothing about what it does not name',
    known: ab,
    pages: [page([record('a')])],
    full: false,
    present: ['a', 'b'],
    reason: null,
  },
  {
    rule: '3.1',
    situation: 'a tombstone is evidence by itself, in a delta',
    known: ab,
    pages: [page([], { gone: deleted('b', 'unknown') })],
    full: false,
    present: ['a'],
    reason: null,
  },
  {
    rule: '3.1',
    situation: 'a tombstone is evidence by itself, also where the read breaks off later',
    known: ab,
    pages: [page([], { gone: deleted('b') })],
    end: { whole: false, reason: 'reset' },
    present: ['a'],
    reason: /reset/,
  },
  {
    rule: '3.1',
    situation: 'a delta that shows everybody: whom it does not show is absent, and a mere look is enough to be there',
    known: ab,
    pages: [page([], { sighted: [record('a'), record('unknown')] })],
    end: { whole: true, showsEverybody: true },
    full: false,
    present: ['a'],
    reason: null,
  },
  {
    rule: '3.2',
    situation: 'a delta that was to show everybody and broke off shows nothing about the others',
    known: ab,
    pages: [page([], { sighted: [record('a')] })],
    end: { whole: false, reason: 'reset', showsEverybody: true },
    full: false,
    present: ['a', 'b'],
    reason: /reset/,
  },
  {
    rule: '2.5',
    situation: 'an absent account that is seen again is present again',
    known: (store) => store.put('a', {}, { absence: 'absent from a complete import' }),
    pages: [page([record('a')])],
    present: ['a'],
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'an account whose record the connector rejected counts as seen',
    known: ab,
    pages: [page([record('a')], { rejected: [rejection('b')] })],
    present: ['a', 'b'],
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'an account of whose record only a part can be used counts as seen',
    known: ab,
    pages: [page([record('a'), record('b', { values: { email: 'x\u0000' } })])],
    present: ['a', 'b'],
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'a rejected record hides nothing of what is missing beside it',
    known: (store) => {
      store.put('a', {}, { absence: 'absent from a complete import' });
      store.put('b');
    },
    pages: [page([], { rejected: [rejection('a')] })],
    present: ['a'],
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'a rejected record without an id leaves absence unproven',
    known: ab,
    pages: [page([record('a')], { rejected: [rejection()] })],
    present: ['a', 'b'],
    unproven: /without a usable id.*line 7/,
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'a record whose id is only spaces leaves absence unproven',
    known: ab,
    pages: [page([record('a'), record('  ')])],
    present: ['a', 'b'],
    unproven: /without a usable id/,
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'a record whose id cannot be used leaves absence unproven',
    known: ab,
    pages: [page([record('a'), record('b\u0000')])],
    present: ['a', 'b'],
    unproven: /without a usable id/,
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'the same id twice on a page leaves absence unproven',
    known: ab,
    pages: [page([record('a'), record('a')])],
    present: ['a', 'b'],
    unproven: /a appears twice/,
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'the same id twice on two pages leaves absence unproven',
    known: ab,
    pages: [page([record('a')]), page([record('a')])],
    present: ['a', 'b'],
    unproven: /a appears twice/,
    reason: null,
  },
  {
    rule: '2.2',
    situation: 'the same new id twice on two pages leaves absence unproven',
    known: ab,
    pages: [page([record('c')]), page([record('c')])],
    present: ['a', 'b', 'c'],
    unproven: /c appears twice/,
    reason: null,
  },
  {
    rule: '2.4',
    situation: 'ids that differ only in spaces or in how accents are written are the same id',
    known: ab,
    pages: [page([record('mu\u0308')]), page([record(' mü ')])],
    present: ['a', 'b', 'mü'],
    unproven: /appears twice/,
    reason: null,
  },
];

describe('what an import concludes from absence', () => {
  for (const row of absence)
    it(`${row.rule} ${row.situation}`, async () => {
      const { store, end } = await imported(row);
      expect(store.present()).toEqual(row.present);
      expect(end).toMatchObject({
        whole: row.reason === null,
        complete: row.reason === null && row.unproven === undefined,
        reason: row.reason === null ? null : (expect.stringMatching(row.reason) as string),
      });
      const notes = end.notes.filter((note) => note.includes('no absence'));
      expect(notes.join()).toMatch(row.unproven ?? /^$/);
    });
});

describe('2.5 what an import counts', () => {
  const known = (store: MemoryImportStore): void => {
    store.put('same', { values: { email: 'a@x' } });
    store.put('other', { values: { email: 'b@x' } });
    store.put('partly', { values: { email: 'c@x', firstName: 'Jan' } });
  };
  const pages = [
    page([record('same', { values: { email: ' a@x' } }), record('other', { values: { email: 'new@x' } })]),
    page([record('partly', { values: { email: 'c@x' } }), record('fresh')], { rejected: [rejection('bad')] }),
  ];

  it('2.5 read, new, changed, unchanged and rejected are told apart', async () => {
    const { counts } = await imported({ known, pages });
    expect(counts).toEqual({ read: 4, new: 1, changed: 1, unchanged: 2, rejected: 1 });
  });

  it('2.3 an attribute that was not read keeps its value, so that nothing has changed', async () => {
    const { store } = await imported({ known, pages });
    expect(store.of('partly').content.values).toEqual({ email: 'c@x', firstName: 'Jan' });
  });

  it('2.4 of several values a linked account keeps the known one while it is among them', async () => {
    const said = (email: string, all: readonly string[]) => ({ values: { email }, several: { email: all } });
    const { store } = await imported({
      known: (known) => {
        for (const id of ['stays', 'goes']) known.put(id, { values: { email: 'z@x' } }, { linked: true });
        known.put('unlinked', { values: { email: 'z@x' } });
      },
      pages: [
        page([
          record('stays', said('a@x', ['a@x', 'z@x'])),
          record('goes', said('a@x', ['a@x', 'b@x'])),
          record('unlinked', said('a@x', ['a@x', 'z@x'])),
        ]),
      ],
    });
    expect(['stays', 'goes', 'unlinked'].map((id) => store.of(id).content.values.email)).toEqual(['z@x', 'a@x', 'a@x']);
  });

  it('2.3 a group that could not be found keeps its members; one that was found loses whom it has lost', async () => {
    const { store, counts } = await imported({
      known: (known) => {
        known.put('a', { roleFacts: { groups: ['Leads', 'Coaches'] } });
        known.put('b', { roleFacts: { groups: ['Leads'] } });
      },
      pages: [
        page([
          record('a', { roleFacts: { groups: [] }, groupsNotRead: ['Leads'] }),
          record('b', { roleFacts: { groups: [] }, groupsNotRead: ['Leads'] }),
          record('c', { roleFacts: { groups: ['Coaches'] }, groupsNotRead: ['Leads'] }),
        ]),
      ],
    });
    expect(['a', 'b', 'c'].map((id) => store.of(id).content.roleFacts?.groups)).toEqual([
      ['Leads'],
      ['Leads'],
      ['Coaches'],
    ]);
    expect(counts).toMatchObject({ changed: 1, unchanged: 1, new: 1 });
  });

  it('2.2 rejected records are named with their reason, and never stop the rest', async () => {
    const { end, store } = await imported({ pages: [page([record('a'), record('b\u0000'), record('c')])] });
    expect(end.rejects).toEqual([
      { position: 'record 2', reason: 'its external id cannot be used: a text has control characters' },
    ]);
    expect(store.present()).toEqual(['a', 'c']);
  });

  it('2.2 values that cannot be used are named with the record and the reason, and keep what was known', async () => {
    const unread = { position: 'uid=b,dc=x', reasons: ['title is too long'] };
    const { end, store } = await imported({
      known: (known) => {
        known.put('b', { values: { email: 'b@x', firstName: 'Jan' } });
      },
      pages: [page([record('b', { values: { email: 'x\u0000', lastName: 'Sova' }, unread })])],
    });
    expect(end.rejects).toEqual([]);
    expect(end.notes).toEqual([
      'not read: uid=b,dc=x, id b: title is too long',
      'not read: uid=b,dc=x, id b: email: a text has control characters',
    ]);
    expect(store.of('b').content.values).toEqual({ email: 'b@x', firstName: 'Jan', lastName: 'Sova' });
  });

  it('2.2 at most twenty such values are named; the others are counted', async () => {
    const records = Array.from({ length: 50 }, (_, index) => record(`r${index}`, { values: { email: 'x\u0000' } }));
    const { end } = await imported({ pages: [page(records)] });
    expect(end.notes).toHaveLength(21);
    expect(end.notes.at(-1)).toMatch(/^30 more/);
  });

  it('2.2 an import in which no record has a usable id has failed', async () => {
    const { end } = await imported({ pages: [page([], { rejected: [rejection(), rejection()] })] });
    expect(end).toMatchObject({ whole: false, complete: false });
    expect(end.reason).toMatch(/without a usable id was rejected \(line 7: it is broken\)/);
    const one = await imported({ pages: [page([], { rejected: [rejection(), rejection('b')] })] });
    expect(one.end).toMatchObject({ whole: true, complete: false, reason: null });
  });

  it('2.9 what a source offers and nobody reads is told of a first read', async () => {
    const end: ReadEnd = { whole: true, offered: 'columns that nobody reads: Fax' };
    const first = await imported({ pages: [page([record('a')])], end });
    expect(first.end.notes).toEqual(['columns that nobody reads: Fax']);
    expect((await imported({ known: ab, pages: [page([record('a')])], end })).end.notes).toEqual([]);
  });

  it('2.2 at most twenty rejected records are named; all are counted', async () => {
    const rejected = Array.from({ length: 50 }, (_, index) => rejection(`r${index}`));
    const { end, counts } = await imported({ pages: [page([], { rejected })] });
    expect(end.rejects).toHaveLength(20);
    expect(counts.rejected).toBe(50);
  });

  it('4.8 where a read is cut into pages changes nothing, not even with an id that appears twice', async () => {
    const records = [record('a', { values: { email: '1@x' } }), record('a', { values: { email: '2@x' } })];
    const [whole, cut] = [
      await imported({ pages: [page(records)] }),
      await imported({ pages: records.map((each) => page([each])) }),
    ];
    expect({ counts: cut.counts, content: cut.store.of('a').content }).toEqual({
      counts: whole.counts,
      content: whole.store.of('a').content,
    });
  });
});
