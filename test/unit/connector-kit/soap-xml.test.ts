import { describe, expect, test } from 'vitest';
import { childOf, childrenOf, escapeXml, readXml, textOf, UnusableXml } from '../../../src/connector-kit/soap/xml.ts';
import type { XmlElement } from '../../../src/connector-kit/soap/xml.ts';
import { document, object } from '../../support/avaya/sms-answers.ts';

const read = (text: string, charset?: string): XmlElement => readXml(Buffer.from(text), charset);
const whole = document({
  data: object('Agent', { Login_ID: '0041', Name: 'Nov&#225;k &amp; s&#xF8;n', SN: [[1, '12']] }),
});

describe('a document', () => {
  test('is read by local names, everything as text', () => {
    const root = read('<a:r xmlns:a="x"><b:id b:Position=" 01 ">007</b:id><id>1e3</id><t>  true </t></a:r>');
    expect(root.name).toBe('r');
    expect(childrenOf(root, 'id').map(({ text }) => text)).toEqual(['007', '1e3']);
    expect(childOf(root, 'id')?.attributes).toEqual(new Map([['Position', ' 01 ']]));
    expect(textOf(root, 't')).toBe('true');
    expect(textOf(root, 'nothing')).toBeUndefined();
  });

  test('decodes predefined and numeric references, and nothing in CDATA', () => {
    expect(read('<a b="&quot;&#x41;">&lt;&gt;&amp;amp;&apos;&#283;&#x1F600;</a>')).toMatchObject({
      text: "<>&amp;'ě😀",
      attributes: new Map([['b', '"A']]),
    });
    expect(read('<a>x<![CDATA[R & D <b> &amp;]]>&amp;<![CDATA[]]></a>').text).toBe('xR & D <b> &amp;&');
  });

  test.each([
    ['an entity that is not defined', '<a>x&eacute;y</a>', 'x\ufffdy'],
    ['a bare ampersand', '<a>R & D</a>', 'R \ufffd D'],
    ['a reference to no character', '<a>&#0;&#xFFFE;&#x110000;&#9999999999;</a>', '\ufffd\ufffd\ufffd\ufffd'],
    ['a control character', '<a>x\u0000\u001by</a>', 'x\ufffd\ufffdy'],
  ])('with %s is read, and the value shows that it cannot be used', (_, text, expected) => {
    expect(read(text).text).toBe(expected);
  });

  test.each([
    ['UTF-8', Buffer.from('<a>ě</a>'), undefined],
    ['UTF-8 with a mark', Buffer.from('\ufeff<a>ě</a>'), undefined],
    ['the charset of the transport', Buffer.from([0x3c, 0x61, 0x3e, 0xec, 0x3c, 0x2f, 0x61, 0x3e]), 'iso-8859-2'],
    [
      'the declared encoding',
      Buffer.concat([
        Buffer.from('<?xml version="1.0" encoding="ISO-8859-2"?><a>'),
        Buffer.from([0xec]),
        Buffer.from('</a>'),
      ]),
      undefined,
    ],
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<a>ě</a>', 'utf16le')]), undefined],
  ])('is decoded from %s', (_, bytes, charset) => {
    expect(readXml(bytes, charset).text).toBe('ě');
  });

  test('in another encoding than it says has values that cannot be used', () => {
    const bytes = Buffer.concat([Buffer.from('<a>'), Buffer.from([0xec]), Buffer.from('</a>')]);
    expect(readXml(bytes).text).toBe('\ufffd');
    expect(() => readXml(bytes, 'klingon')).toThrow(UnusableXml);
  });

  test('takes names that are properties of every object, but for those that could change one', () => {
    const root = read('<a valueOf="0"><hasOwnProperty>1</hasOwnProperty><toString>2</toString></a>');
    expect(root.children.map(({ text }) => text)).toEqual(['1', '2']);
    for (const name of ['__proto__', 'constructor', 'prototype'])
      expect(() => read(`<a><${name}>1</${name}></a>`), name).toThrow(UnusableXml);
  });

  test('is refused wherever it was cut', () => {
    expect(read(whole).name).toBe('Envelope');
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => read(whole.slice(0, length)), `after ${String(length)} characters`).toThrow(UnusableXml);
    }
  });
});

describe('what hurts', () => {
  const bomb = `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]><a>${'&b;'.repeat(1000)}</a>`;

  test.each([
    ['a bomb of entities', bomb],
    ['a file', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['a DOCTYPE in lower case', '<!doctype html><html></html>'],
    ['a DOCTYPE behind a comment', '<!-- x --><!DOCTYPE a><a/>'],
    ['an ENTITY on its own', '<a><!ENTITY x "y"></a>'],
  ])('%s is refused before it is parsed', (_, text) => {
    expect(() => read(text)).toThrow('it has a DOCTYPE, which is never read');
  });

  test('a DOCTYPE in UTF-16 is seen too', () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<!DOCTYPE a><a/>', 'utf16le')]);
    expect(() => readXml(bytes)).toThrow('DOCTYPE');
  });

  test.each([
    ['deep nesting', '<a>'.repeat(60) + '</a>'.repeat(60), 'deeper than 50 levels'],
    ['very deep nesting', '<a>'.repeat(1e6) + '</a>'.repeat(1e6), 'deeper than 50 levels'],
    ['millions of tags', `<a>${'<b/>'.repeat(2e6)}</a>`, 'more than 2000000 tags'],
    ['a text of many megabytes', `<a>${'x'.repeat(2e7)}</a>`, 'a text of more than 1000000 characters'],
    ['a text without end', `<a>${'x'.repeat(2e7)}`, 'a text of more than 1000000 characters'],
    ['millions of ampersands', `<a>${'&'.repeat(2e7)}</a>`, 'a text of more than 1000000 characters'],
    ['tags that never end', '<'.repeat(1e6), 'not well-formed'],
    ['comments that never end', `<a>${'<!--'.repeat(1e5)}`, 'not well-formed'],
    ['CDATA that never ends', `<a>&amp;${'<![CDATA['.repeat(1e5)}</a>`, 'not well-formed'],
    ['a comment of dashes', `<a><!--${'-'.repeat(9e5)}`, 'not well-formed'],
    ['attributes without values', `<a ${'b='.repeat(1e5)}/>`, 'not well-formed'],
    ['two roots', '<a/><b/>', 'root'],
    ['text behind the root', '<a/>x', 'not well-formed'],
    ['crossed tags', '<a><b></a></b>', 'not well-formed'],
    ['JSON', '{"a": 1}', 'not well-formed'],
    ['nothing', '', 'not well-formed'],
  ])('%s is refused in time', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test('the message of a refusal holds nothing of the document', () => {
    expect(() => read('<secret>S3cret</secretive>')).toThrow('it is not well-formed, or was cut');
  });
});

test('what is written is escaped', () => {
  const nasty = `<a> & "b" 'c' ]]>`;
  expect(read(`<x y="${escapeXml(nasty)}">${escapeXml(nasty)}</x>`)).toMatchObject({
    text: nasty,
    attributes: new Map([['y', nasty]]),
  });
});
