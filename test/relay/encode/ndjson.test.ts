import t from 'tap';
import { ENCODERS, FORMATS } from '../../../relay/encode/index.js';
import { ndjson, noticeRecord } from '../../../relay/encode/ndjson.js';
import { isBunyan } from '../../../relay/encode/text.js';
import { batchOf } from '../../support/relay.js';

const NOTICE = {
  count: 3,
  reason: 'consumer-overflow',
  hop: 'relay',
  since: '2026-01-02T06:41:13.980Z',
  until: '2026-01-02T06:41:14.980Z',
  total: 9,
} as const;

void t.test('a record is its line, byte for byte', async (t) => {
  const line = Buffer.from('{"msg":"grüße", "n" : 1}').toString('latin1');
  t.equal(ndjson.record(batchOf([line]), 0, '1~A.'), `${line}\n`);
});

void t.test('a notice is a bunyan record of level 40 named spillway, on one line', async (t) => {
  const text = ndjson.notice(NOTICE);
  t.match(text, /^[^\n]+\n$/);
  const record = JSON.parse(text) as object;
  t.equal(isBunyan(record), true);
  t.match(record, { name: 'spillway', level: 40, time: NOTICE.until, dropped: NOTICE });
  t.match(noticeRecord(NOTICE).msg, '3 records dropped in the relay');
});

void t.test('it has no events, comments or delays', async (t) => {
  t.strictSame([ndjson.event('bye', {}), ndjson.keepalive, ndjson.retry(1)], ['', '', '']);
});

void t.test('each format has its encoder', async (t) => {
  for (const format of FORMATS) t.equal(ENCODERS[format].format, format);
});
