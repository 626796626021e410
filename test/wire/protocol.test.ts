import { readFileSync } from 'node:fs';
import t from 'tap';
import { DEFAULT_MAX_SOURCES } from '../../accounting/index.js';
import {
  countRecords,
  DEFAULT_MAX_BODY_BYTES,
  formatLedger,
  MAX_LEDGER_BYTES,
  MAX_TOPIC_BYTES,
  parseLedger,
  parseMessage,
  REFUSALS,
} from '../../wire/index.js';

const text = readFileSync(new URL('../../wire/PROTOCOL.md', import.meta.url), 'utf8');

/** The frames of the hex dump in section 12. */
function dumpedFrames(): Buffer[] {
  return [...text.matchAll(/^(?:topic|body|ledger), (\d+) bytes\n((?:[0-9a-f]{4} .*\n)+)/gm)].map(
    ([, bytes, dump]) => {
      const hex = (dump as string).replace(/^[0-9a-f]{4} {2}(.{47}).*$/gm, '$1').replace(/\s/g, '');
      const frame = Buffer.from(hex, 'hex');
      t.equal(frame.length, Number(bytes), 'a frame is as long as its title says');
      return frame;
    },
  );
}

void t.test('the example message of the text is one', async (t) => {
  const frames = dumpedFrames();
  t.equal(frames.length, 3);
  const message = parseMessage(frames);
  if (typeof message === 'string') throw new Error(`refused: ${message}`);
  t.equal(message.name, 'tenant/acme/web-1/');
  t.equal(countRecords(message.body), 1);
  t.equal(message.ledger?.first, 1042);
  t.same(message.ledger && formatLedger(message.ledger), frames[2], 'written as this project writes it');
});

void t.test('the forwarded ledger of the text is one, and says what the text says', async (t) => {
  const [, json = ''] = /```json\n([^]*?)\n```/.exec(text) ?? [];
  const ledger = parseLedger(Buffer.from(json));
  t.match(ledger, { first: 1042, lost: 2, transit: 2, node: 'q3Zk_w-1', offset: 123_456 });
});

void t.test('the text explains each word for a refusal, and no other', async (t) => {
  const [, table = ''] = /\| word .*\n\|[- |]+\n((?:\|.*\n)+)/.exec(text) ?? [];
  const words = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, word]) => word);
  t.strictSame(new Set(words), new Set(REFUSALS));
  t.equal(words.length, REFUSALS.length, 'each once');
});

function english(n: number): string {
  return n.toLocaleString('en-US');
}

void t.test('the limits of the text are those of the code', async (t) => {
  const [, table = ''] = /## 9\. Limits\n([^]*?)\n## /.exec(text) ?? [];
  const row = (what: string) => table.split('\n').find((line) => line.startsWith(`| ${what} `)) ?? '';
  t.match(row('body'), `${english(DEFAULT_MAX_BODY_BYTES)} bytes`);
  t.match(row('ledger'), `${english(MAX_LEDGER_BYTES)} bytes`);
  t.match(row('topic'), `${MAX_TOPIC_BYTES} bytes`);
  t.match(row('sources that one receiver follows'), english(DEFAULT_MAX_SOURCES));
});
