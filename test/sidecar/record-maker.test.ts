import t from 'tap';
import { LineSplitter } from '../../sidecar/lines.js';
import { RecordMaker } from '../../sidecar/record-maker.js';

function maker() {
  const records: string[] = [];
  const subject = new RecordMaker('stdout', {
    splitter: new LineSplitter(),
    normalizer: { record: (line) => line },
    emit: (record) => records.push(record),
  });
  return { subject, records, push: (text: string, now: number) => subject.push(Buffer.from(text), now) };
}

void t.test('a line whose end is long in coming is sent as far as it has come', async (t) => {
  const { subject, records, push } = maker();
  push('password: ', 1_000);
  subject.expire(5_999);
  t.strictSame(records, []);
  subject.expire(6_000);
  t.strictSame(records, ['password: ']);
  push('\nnext\n', 6_001);
  t.strictSame(records, ['password: ', 'next'], 'and its end is no line of its own');
});

void t.test('a line that could not be read further is not cut', async (t) => {
  const { subject, records, push } = maker();
  push('the first ha', 1_000);
  subject.postpone(60_000);
  subject.expire(60_100);
  t.strictSame(records, []);
  push('lf\n', 60_200);
  t.strictSame(records, ['the first half']);
});
