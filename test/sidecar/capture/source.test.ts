import t from 'tap';
import { parseSource, toSegment } from '../../../sidecar/capture/index.js';
import { compareStamps, StampReader, type Stamp } from '../../../sidecar/capture/source-stamp.js';
import { isSegment } from '../../../wire/topic.js';
import fc from 'fast-check';

void t.test('A source is one of five forms.', (t) => {
  t.strictSame(parseSource('exec'), { kind: 'exec' });
  t.strictSame(parseSource('stdin'), { kind: 'stdin' });
  t.strictSame(parseSource('fifo:/logs/out'), { kind: 'fifo', stdout: '/logs/out' });
  t.strictSame(parseSource('fifo:/logs/out,/logs/err'), {
    kind: 'fifo',
    stdout: '/logs/out',
    stderr: '/logs/err',
  });
  t.strictSame(parseSource('docker:web'), { kind: 'docker', container: 'web' });
  t.strictSame(parseSource('docker:web@unix:///run/x.sock'), {
    kind: 'docker',
    container: 'web',
    socket: '/run/x.sock',
  });
  t.strictSame(parseSource('cri:/var/log/pods/*/*/*.log'), { kind: 'cri', path: '/var/log/pods/*/*/*.log' });
  t.end();
});

for (const word of [
  '',
  'exec:',
  'stdin:x',
  'fifo',
  'fifo:',
  'fifo:a,',
  'fifo:a,b,c',
  'docker:',
  'docker:@x',
  'docker:a@',
  'cri:',
  'syslog:x',
]) {
  void t.test(`${JSON.stringify(word)} is none, and the sentence says what is.`, (t) => {
    t.throws(() => parseSource(word), { code: 'source', message: /fifo:<out>\[,<err>\]/ });
    t.end();
  });
}

void t.test('Any name can be shaped into a segment, and long names that differ still do.', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => isSegment(toSegment(name))),
  );
  t.equal(toSegment('web-7d9f.app'), 'web-7d9f.app', 'what is one already stays');
  const long = 'a'.repeat(200);
  t.not(toSegment(`${long}1`), toSegment(`${long}2`));
  t.end();
});

void t.test('A stamp is read to the nanosecond, in any zone.', (t) => {
  const stamps = new StampReader();
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  t.strictSame(stamps.read('2026-01-02T03:04:05.678901234Z'), { ms, nanos: 901_234 });
  t.strictSame(stamps.read('2026-01-02T05:04:05.678+02:00'), { ms, nanos: 0 });
  t.strictSame(stamps.read('2026-01-02T03:04:05Z'), { ms: ms - 678, nanos: 0 });
  for (const not of ['', 'x', '2026-01-02 03:04:05Z', '2026-01-02T03:04:05', '2026-13-02T03:04:05Z'])
    t.equal(stamps.read(not), undefined, not);
  const earlier = stamps.read('2026-01-02T03:04:05.678000001Z') as Stamp;
  t.ok(compareStamps(earlier, stamps.read('2026-01-02T03:04:05.678000002Z') as Stamp) < 0);
  t.end();
});
