import fc from 'fast-check';
import t from 'tap';
import { ClusterError, checkEntry, parseEntryText } from '../../cluster/index.js';

const KEY = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7';

void t.test('a line says where to connect, and what else there is', async (t) => {
  t.strictSame(parseEntryText('tcp://10.0.0.1:5556'), {
    id: 'tcp://10.0.0.1:5556',
    subscribe: 'tcp://10.0.0.1:5556',
    replay: 'tcp://10.0.0.1:5557',
    version: 1,
  });
  t.strictSame(parseEntryText(` tcp://[::1]:1  replay=tcp://10.0.0.2:6000 key=${KEY} `), {
    id: 'tcp://[::1]:1',
    subscribe: 'tcp://[::1]:1',
    replay: 'tcp://10.0.0.2:6000',
    curveKey: KEY,
    version: 1,
  });
  t.strictSame(parseEntryText('ipc:///run/spillway'), {
    id: 'ipc:///run/spillway',
    subscribe: 'ipc:///run/spillway',
    version: 1,
  });
});

void t.test('a line that says something else is refused with what it may say', async (t) => {
  for (const [line, says] of [
    ['', /nothing to connect to/],
    ['10.0.0.1:5556', /such as tcp:/],
    ['tcp://*:5556', /nothing to connect to/],
    ['tcp://[::]:5556', /nothing to connect to/],
    ['tcp://10.0.0.1:5556|tcp://10.0.0.1:6000', /nothing to connect to/],
    ['tcp://10.0.0.1:5556 tcp://10.0.0.1:6000', /replay=<endpoint>/],
    ['tcp://10.0.0.1:5556 replay=6000', /nothing to connect to/],
    [`tcp://10.0.0.1:5556 key=${KEY}x`, /40 characters/],
  ] as const) {
    t.throws(() => parseEntryText(line), { code: 'entry', message: says }, line);
  }
});

void t.test('an entry keeps what it says; what a later release adds is left out', async (t) => {
  const entry = {
    id: 'q83vEjRW',
    subscribe: 'tcp://10.0.0.1:5556',
    publish: 'tcp://10.0.0.1:5555',
    replay: 'tcp://10.0.0.1:5557',
    curveKey: KEY,
    version: 1,
  };
  t.strictSame(checkEntry(entry), entry);
  t.strictSame(checkEntry({ ...entry, zone: 'b' }), entry);
});

void t.test('what is told by others cannot name sockets of this machine', async (t) => {
  for (const subscribe of ['ipc:///run/x', 'inproc://x']) {
    t.throws(() => checkEntry({ subscribe }), { code: 'entry' });
  }
});

void t.test('whatever stands there, it is an entry or a reason of one short line', async () => {
  const texts = fc.oneof(fc.string(), fc.constantFrom('tcp://10.0.0.1:5556', 'tcp://h:1', KEY));
  const field = fc.oneof(texts, fc.anything());
  const record = {
    id: field,
    subscribe: field,
    publish: field,
    replay: field,
    curveKey: field,
    version: field,
  };
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record(record, { requiredKeys: [] })), (value) => {
      try {
        const entry = checkEntry(value);
        return entry.subscribe.startsWith('tcp://') && entry.version === 1 && entry.id.length <= 300;
      } catch (error) {
        const { message, code } = error as ClusterError;
        return (
          error instanceof ClusterError && code === 'entry' && message.length < 250 && !message.includes('\n')
        );
      }
    }),
    { numRuns: 2_000 },
  );
});
