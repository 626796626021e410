import t from 'tap';
import { MAX_TEXT, noticeEntry, recordEntry } from '../../relay/viewer/entry.js';
import { segmentsOf } from '../../relay/viewer/ansi.js';

const CORE = { name: 'web-1', hostname: 'vm', pid: 1, level: 30, time: '2026-01-01T00:00:00.000Z', v: 0 };

const entryOf = (fields: object, id?: string) =>
  recordEntry(JSON.stringify({ ...CORE, msg: 'hello', ...fields }), id);

void t.test("a row says the message, then the fields that are not bunyan's own", async (t) => {
  const entry = entryOf({ container: 'api', req: { method: 'GET', url: '/a b' }, ok: true, list: [1, 2] });
  t.equal(entry.text, 'hello req.method=GET req.url="/a b" ok=true list=[2]');
  t.equal(entry.text.slice(0, entry.body), 'hello');
  t.equal(entry.from, 'api');
});

void t.test("a record's key is its own consolidator's part of the cursor", async (t) => {
  t.equal(entryOf({}, '1~aaaa.5~bbbb.1z').key, 'bbbb.1z');
  t.equal(entryOf({}).key, '');
});

void t.test('an error is its name and message', async (t) => {
  t.equal(entryOf({ err: { name: 'TypeError', message: 'x', stack: '…' } }).text, 'hello err=TypeError: x');
});

void t.test('colours are taken out of what is searched', async (t) => {
  const entry = entryOf({ msg: '\u001b[31mred\u001b[0m and \u001b[38;5;208mmore\u001b[m' });
  t.equal(entry.text, 'red and more');
  t.ok(entry.ansi);
  t.match(segmentsOf('\u001b[1;31mred\u001b[0m \u001b[38;2;1;2;3mx\u001b[48;5;196my'), [
    { text: 'red', fg: 'ansi-red', decorations: ['bold'] },
    { text: ' ' },
    { text: 'x', fg: '1, 2, 3' },
    { text: 'y', fg: '1, 2, 3', bg: '255, 0, 0' },
  ]);
});

void t.test('a line may neither hide nor flash', async (t) => {
  t.match(segmentsOf('\u001b[5;8mpassword'), [{ text: 'password', decorations: [] }]);
});

void t.test('control and bidirectional characters are shown as what they are', async (t) => {
  const hostile = '\u001b]0;title\u0007\u202Egnp.exe\u0000\r';
  const { text, from } = entryOf({ msg: hostile, container: 'a\u202Eb', ['k\u2066']: '\u0008' });
  t.notMatch(text + from, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  t.match(text, /␛\]0;title␇<U\+202E>gnp\.exe␀/);
});

void t.test('whatever the data is, it becomes a row', async (t) => {
  for (const data of [
    '',
    'null',
    '[]',
    '7',
    '"x"',
    '{',
    '{"msg":{"a":1}}',
    '{"level":"x","time":5,"msg":null}',
  ]) {
    t.equal(recordEntry(data).kind, 'record', data);
  }
  const deep = `{"msg":"deep","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  t.match(recordEntry(deep).text, /^deep a=\[1\]$/);
  const wide = `{"msg":"deep","a":${'{"b":'.repeat(5_000)}1${'}'.repeat(5_000)}}`;
  t.match(recordEntry(wide).text, /^deep a\.b\.b=\{…\}$/);
});

void t.test('a long line is cut in its row and whole in its data', async (t) => {
  const entry = entryOf({ msg: 'x'.repeat(1_000_000), more: 'y' });
  t.ok(entry.text.length <= MAX_TEXT);
  t.ok(entry.data.length > 1_000_000);
});

void t.test('a notice is a sentence', async (t) => {
  const entry = noticeEntry(
    '{"count":1250,"reason":"consumer-overflow","hop":"relay","since":"s","until":"u","total":1250}',
  );
  t.match(entry.text, /^1250 records dropped in the relay: this reader was too slow/);
});
