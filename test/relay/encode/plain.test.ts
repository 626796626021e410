import t from 'tap';
import { text } from '../../../relay/encode/plain.js';
import { batchOf, numbered } from '../../support/relay.js';

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

void t.test("a record is bunyan's short form, in UTF-8", async (t) => {
  const batch = batchOf([latin1(numbered(7, { msg: 'grüße 👋' }))]);
  t.equal(utf8(text.record(batch, 0, '1~A.')), '06:41:13.980Z  INFO web-1: grüße 👋 (n=7)\n');
});

void t.test('an object that is no bunyan record, or no JSON at all, stands as it came', async (t) => {
  for (const line of ['{"a":"ü"}', '{almost}', '{ü}']) {
    t.equal(utf8(text.record(batchOf([latin1(line)]), 0, '')), `${line}\n`);
  }
});

void t.test('a notice is a line that a person can read', async (t) => {
  const notice = {
    count: 1,
    reason: 'sidecar-overflow',
    hop: 'sidecar',
    since: '2026-01-02T06:41:13.980Z',
    until: '2026-01-02T06:41:14.980Z',
    total: 9,
    of: 'stream',
  } as const;
  const [line] = text.notice(notice).split('\n');
  t.match(
    line,
    /^06:41:14\.980Z {2}WARN spillway: 1 record dropped in the sidecar: its queue was full \(counted before the filter\)/,
  );
});

void t.test('it has no events, comments or delays', async (t) => {
  t.strictSame([text.event('bye', {}), text.keepalive, text.retry(1)], ['', '', '']);
});
