/** Fewer bytes than these are found everywhere in innocent text. */
const fewestBytesInHex = 4;

function hexForms(secret: Buffer): string[] {
  if (secret.length < fewestBytesInHex) return [];
  return [[...secret].map((byte) => anyCase(byte.toString(16).padStart(2, '0'))).join('(?:[:\\x20-]|0x)?')];
}

/** The characters of base64 and of its variant for addresses (RFC 4648 sections 4 and 5). */
const base64Character = '[A-Za-z0-9+/_-]';

/** The entities that XML names itself (section 4.6); every character also has a numeric one. */
const xmlNames: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

/**
 * The source of a regular expression that finds a secret however it is usually written into a text: as it is,
 * percent-encoded (wholly, partly, in either case, `+` for a space), escaped as in JSON, XML or an LDAP filter, hexadecimal
 * (in either case, with or without `:`, `-` or a space between bytes), and base64, alone or inside a longer text such as
 * `user:password` of HTTP's basic authentication; the last two also of its UTF-16, as Windows writes passwords.
 */
export function secretPattern(secret: string): string {
  const bytes = [Buffer.from(secret, 'utf8'), Buffer.from(secret, 'utf16le')];
  return [spelled(secret), ...bytes.flatMap(hexForms), ...bytes.flatMap(base64Forms)].join('|');
}

function spelled(secret: string): string {
  return Array.from(secret, (character) => `(?:${spellings(character).join('|')})`).join('');
}

function spellings(character: string): string[] {
  const bytes = [...Buffer.from(character, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const point = character.codePointAt(0) ?? 0;
  const inJson = JSON.stringify(character).slice(1, -1);
  const texts = [character, inJson, JSON.stringify(inJson).slice(1, -1)];
  if (character === ' ') texts.push('+');
  if (xmlNames[character] !== undefined) texts.push(`&${xmlNames[character]};`);
  return [
    ...new Set(texts.map(literally)),
    bytes.map((byte) => `%${anyCase(byte)}`).join(''),
    bytes.map((byte) => `\\\\{1,2}${anyCase(byte)}`).join(''),
    units.map((unit) => `\\\\{1,2}u${anyCase(unit.toString(16).padStart(4, '0'))}`).join(''),
    `&#(?:0*${point}|[xX]0*${anyCase(point.toString(16))});`,
  ];
}

/** As a pattern in Unicode mode that means nothing but this text. */
function literally(text: string): string {
  return text.replace(/[^A-Za-z0-9]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/**
 * A secret inside a longer text starts at one of three places of a base64 group. What is the same whatever stands around
 * it is looked for; the characters that it shares with its neighbours go with it.
 */
function base64Forms(secret: Buffer): string[] {
  const whole = base64Text(secret.toString('base64').replace(/=+$/, ''));
  const forms = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), secret])
      .toString('base64')
      .replace(/=+$/, '');
    const head = offset === 0 ? 0 : offset + 1;
    const sharesTail = (offset + secret.length) % 3 !== 0;
    const core = text.slice(head, sharesTail ? -1 : undefined);
    // Less than a group is found everywhere in innocent text.
    if (core.length < 4) return [];
    return [
      `${offset === 0 ? '' : `${base64Character}?`}${base64Text(core)}${sharesTail ? `${base64Character}?` : ''}=*`,
    ];
  });
  return [...forms, `${whole}=*`];
}

/** `/` may be escaped in JSON, and percent-encoded like `+` in an address. */
function base64Text(text: string): string {
  return text.replace(/[+/]/g, (character) => (character === '+' ? '(?:[+-]|%2[bB])' : '(?:\\\\?/|_|%2[fF])'));
}
