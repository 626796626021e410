import fc from 'fast-check';
import t from 'tap';
import { FrameDemultiplexer } from '../../../../sidecar/capture/docker/frames.js';
import { MessageReader } from '../../../../sidecar/capture/docker/messages.js';
import type { StdStream } from '../../../../wire/record.js';
import { cut, frame } from './frame.js';

interface Message {
  readonly stream: StdStream;
  /** Seconds after the start, with nine digits of fraction or none, as engines differ. */
  readonly stamp: string;
  readonly text: string;
}

const START = Date.UTC(2026, 0, 2, 3, 4, 0);

function framesOf(messages: readonly Message[]): Buffer {
  return Buffer.concat(
    messages.map(({ stream, stamp, text }) => frame(stream === 'stdout' ? 1 : 2, `${stamp} ${text}`)),
  );
}

function witness() {
  const out: Record<StdStream, string> = { stdout: '', stderr: '' };
  const gaps: StdStream[] = [];
  const said: string[] = [];
  const times: (number | undefined)[] = [];
  const reader = new MessageReader({
    output(stream, bytes, at) {
      out[stream] += bytes.toString('latin1');
      times.push(at);
    },
    system: (text) => said.push(text),
    gap: (stream) => gaps.push(stream),
  });
  /** One connection, which may end anywhere. */
  const connect = (bytes: Buffer, places: readonly number[] = []) => {
    reader.reconnect();
    const frames = new FrameDemultiplexer(reader);
    for (const chunk of cut(bytes, places)) frames.push(chunk);
  };
  return { out, gaps, said, times, reader, connect };
}

void t.test('A message is told from its time, and partial messages join.', (t) => {
  const { out, times, said, connect } = witness();
  connect(
    Buffer.concat([
      framesOf([
        { stream: 'stdout', stamp: '2026-01-02T03:04:00.250000001Z', text: 'one ' },
        { stream: 'stderr', stamp: '2026-01-02T03:04:01Z', text: '\n' },
        { stream: 'stdout', stamp: '2026-01-02T03:04:02+00:00', text: 'two\n' },
      ]),
      frame(3, 'error from daemon in stream: gone\n'),
      frame(1, 'no time\n'),
      frame(2, 'nospace'),
    ]),
  );
  t.strictSame(out, { stdout: 'one two\nno time\n', stderr: '\nnospace' });
  t.strictSame(times, [START + 250, START + 1000, START + 2000, undefined, undefined]);
  t.strictSame(said, ['error from daemon in stream: gone']);
  t.end();
});

void t.test('It asks for the past from the second of the output that is further behind.', (t) => {
  const { reader, connect } = witness();
  t.equal(reader.since, undefined);
  connect(
    framesOf([
      { stream: 'stdout', stamp: '2026-01-02T03:04:05.900000000Z', text: 'x\n' },
      { stream: 'stderr', stamp: '2026-01-02T03:04:09.100000000Z', text: 'y\n' },
    ]),
  );
  t.equal(reader.since, START / 1000 + 5);
  t.end();
});

void t.test('A log that does not reach back to where it was read to is told of.', (t) => {
  const { out, gaps, connect } = witness();
  connect(framesOf([{ stream: 'stdout', stamp: '2026-01-02T03:04:05.1Z', text: 'one\n' }]));
  connect(framesOf([{ stream: 'stdout', stamp: '2026-01-02T03:04:06.1Z', text: 'three\n' }]));
  t.strictSame(gaps, ['stdout']);
  t.equal(out.stdout, 'one\nthree\n');
  t.end();
});

const messages = (fraction: boolean) =>
  fc
    .array(
      fc.record({
        stream: fc.constantFrom<StdStream>('stdout', 'stderr'),
        // Often 0: many messages share a time, and all do where an engine gives whole seconds.
        step: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_500 })),
        text: fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\n', '')),
        tag: fc.constantFrom('', '\n'),
      }),
      { maxLength: 25 },
    )
    .map((all) => {
      let now = START;
      return all.map(({ stream, step, text, tag }): Message => {
        now += step;
        const iso = new Date(now).toISOString();
        return { stream, stamp: fraction ? iso : `${iso.slice(0, 19)}Z`, text: text + tag };
      });
    });

for (const fraction of [true, false]) {
  const which = fraction ? 'to the millisecond' : 'in whole seconds';
  void t.test(`Connections that break anywhere repeat nothing and skip nothing (times ${which}).`, (t) => {
    fc.assert(
      fc.property(
        messages(fraction),
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (all, breaks, places) => {
          const { out, gaps, reader, connect } = witness();
          for (const end of [...breaks, undefined]) {
            const since = (reader.since ?? 0) * 1000;
            const log = framesOf(all.filter(({ stamp }) => Date.parse(stamp) >= since));
            connect(end === undefined ? log : log.subarray(0, end % (log.length + 1)), places);
          }
          for (const stream of ['stdout', 'stderr'] as const) {
            const whole = all.filter((message) => message.stream === stream).map(({ text }) => text);
            t.equal(out[stream], Buffer.from(whole.join('')).toString('latin1'));
          }
          t.strictSame(gaps, []);
        },
      ),
    );
    t.end();
  });
}
