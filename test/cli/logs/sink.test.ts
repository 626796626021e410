import { PassThrough, Writable } from 'node:stream';
import t from 'tap';
import { Sink } from '../../../cli/logs/sink.js';

void t.test('What is gathered is one write, and a full stream holds the next one back.', async (t) => {
  const writes: string[] = [];
  const release: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    decodeStrings: false,
    write(text: string, _encoding, done) {
      writes.push(text);
      release.push(done);
    },
  });
  const sink = new Sink(stream);
  await sink.flush();
  t.strictSame(writes, [], 'nothing is no write');
  sink.push('one ');
  sink.push('two');
  let flushed = false;
  const flushing = sink.flush().then(() => (flushed = true));
  await new Promise(setImmediate);
  t.strictSame(writes, ['one two']);
  t.equal(flushed, false);
  release[0]?.();
  await flushing;
  t.strictSame(stream.listenerCount('drain') + stream.listenerCount('close'), 0, 'no listener is left');
});

void t.test('A stream that goes away does not hold its writer for ever.', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const sink = new Sink(stream);
  sink.push('more than one');
  const flushing = sink.flush();
  stream.destroy();
  await flushing;
});
