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

void t.test('It asks for the past from a little before the last message of either output.', (t) => {
  const { reader, connect } = witness();
  t.equal(reader.since, undefined);
  const quiet = { stream: 'stderr', stamp: '2026-01-01T00:00:00Z', text: 'once, at the start\n' } as const;
  const busy = { stream: 'stdout', stamp: '2026-01-02T03:04:09.100000000Z', text: 'x\n' } as const;
  connect(framesOf([quiet, busy]));
  t.equal(reader.since, START / 1000 + 4);
  t.end();
});

void t.test('A message that was cut is asked for however old it is.', (t) => {
  const { out, reader, connect } = witness();
  const late = { stream: 'stderr', stamp: '2026-01-02T03:04:01Z', text: 'half and half' } as const;
  const log = framesOf([{ stream: 'stdout', stamp: '2026-01-02T03:04:09Z', text: 'x\n' }, late]);
  connect(log.subarray(0, log.length - 5));
  t.equal(reader.since, START / 1000 + 1);
  connect(log);
  t.strictSame(out, { stdout: 'x\n', stderr: 'half and half' });
  t.end();
});

void t.test('An output that was quiet misses nothing, whatever the log has forgotten by then.', (t) => {
  const { out, gaps, reader, connect } = witness();
  const quiet = { stream: 'stderr', stamp: '2026-01-01T00:00:00Z', text: 'once\n' } as const;
  const busy = { stream: 'stdout', stamp: '2026-01-02T03:04:09Z', text: 'x\n' } as const;
  const again = { stream: 'stderr', stamp: '2026-01-02T03:05:00Z', text: 'again\n' } as const;
  connect(framesOf([quiet, busy]));
  connect(framesOf([busy, again]));
  t.strictSame(out, { stdout: 'x\n', stderr: 'once\nagain\n' });
  t.strictSame(gaps, []);
  t.equal(reader.since, START / 1000 + 55);
  t.end();
});

for (const [which, said] of [
  ['has spoken once', [{ stream: 'stderr', stamp: '2026-01-01T00:00:00Z', text: 'once\n' }]],
  ['has never spoken', []],
] as const) {
  void t.test(`Where only an output that ${which} goes on, a log that lacks the other's is told of.`, (t) => {
    const { gaps, connect } = witness();
    connect(framesOf([...said, { stream: 'stdout', stamp: '2026-01-02T03:04:09Z', text: 'x\n' }]));
    connect(
      framesOf([
        { stream: 'stderr', stamp: '2026-01-02T03:05:00Z', text: 'again\n' },
        { stream: 'stderr', stamp: '2026-01-02T03:05:01Z', text: 'and again\n' },
      ]),
    );
    t.strictSame(gaps, ['stderr'], 'once');
    t.end();
  });
}

void t.test('A log that does not reach back to where it was read to is told of.', (t) => {
  const { out, gaps, connect } = witness();
  connect(framesOf([{ stream: 'stdout', stamp: '2026-01-02T03:04:05.1Z', text: 'one\n' }]));
  connect(framesOf([{ stream: 'stdout', stamp: '2026-01-02T03:04:06.1Z', text: 'three\n' }]));
  t.strictSame(gaps, ['stdout']);
  t.equal(out.stdout, 'one\nthree\n');
  t.end();
});

/** @param lag by which standard error's times are behind, ms: it comes through a pipe of its own */
const messages = (fraction: boolean, lag: number) =>
  fc
    .array(
      fc.record({
        stream: fc.constantFrom<StdStream>('stdout', 'stderr'),
        // Often 0: many messages share a time, and all do where an engine gives whole seconds.
        step: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 1, max: 1_500 }),
          fc.integer({ min: 5_000, max: 20_000 }),
        ),
        text: fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\n', '')),
        tag: fc.constantFrom('', '\n'),
      }),
      { maxLength: 25 },
    )
    .map((all) => {
      let now = START;
      return all.map(({ stream, step, text, tag }): Message => {
        now += step;
        const iso = new Date(stream === 'stderr' ? now - lag : now).toISOString();
        return { stream, stamp: fraction ? iso : `${iso.slice(0, 19)}Z`, text: text + tag };
      });
    });

for (const [fraction, lag] of [
  [true, 0],
  [false, 0],
  [true, 3_000],
  [false, 3_000],
] as const) {
  const order = lag === 0 ? '' : ', out of order';
  const which = (fraction ? 'to the millisecond' : 'in whole seconds') + order;
  void t.test(`Connections that break anywhere repeat nothing and skip nothing (times ${which}).`, (t) => {
    fc.assert(
      fc.property(
        messages(fraction, lag),
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
