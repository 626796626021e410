import fc from 'fast-check';
import t from 'tap';
import { FrameDemultiplexer } from '../../../../sidecar/capture/docker/frames.js';
import { cut, frame } from './frame.js';

/** Each frame as `kind:payload`; one that has not ended has no full stop. */
function demultiplex(chunks: readonly Buffer[]): string[] {
  const frames: string[] = [];
  const add = (text: string) => void frames.push(`${frames.pop()}${text}`);
  const demultiplexer = new FrameDemultiplexer({
    start: (kind) => frames.push(`${kind}:`),
    data: (bytes) => add(bytes.toString('latin1')),
    end: () => add('.'),
  });
  for (const chunk of chunks) demultiplexer.push(chunk);
  return frames;
}

void t.test('Frames are told apart by their headers alone.', (t) => {
  const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, ''), frame(0, 'two'), frame(3, 'cannot')]);
  t.strictSame(demultiplex([bytes]), ['stdout:one\n.', 'stderr:.', 'stdout:two.', 'system:cannot.']);
  t.strictSame(demultiplex([bytes.subarray(0, 10)]), ['stdout:on'], 'what is there is handed on at once');
  t.end();
});

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 3 }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

void t.test('Any cut into chunks gives the same frames, headers cut in two included.', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (all, places) => {
        const bytes = Buffer.concat(all.map(({ type, payload }) => frame(type, payload)));
        const kinds = ['stdout', 'stdout', 'stderr', 'system'];
        const expected = all.map(({ type, payload }) => `${kinds[type]}:${payload.toString('latin1')}.`);
        t.strictSame(demultiplex(cut(bytes, places)), expected);
        t.strictSame(demultiplex(Array.from(bytes, (byte) => Buffer.of(byte))), expected);
      },
    ),
  );
  t.end();
});

void t.test('Output without frames, a terminal, is no endless frame.', (t) => {
  t.throws(() => demultiplex([Buffer.from('2026-01-02 hello')]), { code: 'engine', message: /no frame/ });
  t.throws(() => demultiplex([Buffer.of(1, 0, 0, 1, 0, 0, 0, 1, 65)]), { code: 'engine' });
  t.end();
});
