/** ZeroMQ RFC 32. None of these is a space, a comma, a quote or a backslash. */
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]));

/** Five characters for four bytes, whose number must be a multiple of four. */
export function encodeZ85(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    let word = bytes.readUInt32BE(at);
    let group = '';
    for (let i = 0; i < 5; i += 1) {
      group = `${DIGITS[word % 85]}${group}`;
      word = Math.floor(word / 85);
    }
    text += group;
  }
  return text;
}

/** Undefined for a text that no bytes have: a character of no meaning, or a group above 2^32. */
export function decodeZ85(text: string): Buffer | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (const digit of text.slice(at, at + 5)) word = word * 85 + (VALUES.get(digit) ?? Number.NaN);
    if (!(word < 2 ** 32)) return undefined;
    bytes.writeUInt32BE(word, (at / 5) * 4);
  }
  return bytes;
}
