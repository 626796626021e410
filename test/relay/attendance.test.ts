import t, { type Test } from 'tap';
import { RelayCore } from '../../relay/core.js';
import { resolveRelayOptions, type RelayOptions } from '../../relay/options.js';
import { formatMark, type NodeLedger, type Stream } from '../../wire/index.js';
import { framesOf, numberedLines, readNdjson, TwinConnection, TwinUpstream } from '../support/relay.js';

const TOPIC = 'tenant/acme/web-1/';
const ACME: Stream = { class: 'tenant', tenant: 'acme' };
const WEB: Stream = { class: 'tenant', tenant: 'acme', container: 'web-1' };
const BUFFER = { hwm: 100, hwmBytes: 1024 * 1024, overflow: 'drop-oldest' } as const;

function setUp(t: Test, options: RelayOptions = {}) {
  const upstream = new TwinUpstream();
  const core = new RelayCore(resolveRelayOptions({ noticeInterval: 1, ...options }), upstream.connect);
  t.teardown(() => core.close());
  return {
    core,
    mark: (prefix: string, offset: number, node = 'A', at = 0) =>
      upstream.message(formatMark({ prefix, node, offset, at, holds: false })),
    send: (ledger: Partial<NodeLedger>, topic = TOPIC) => {
      const all = { node: 'A', transit: 0, offset: 0, first: 0, ...ledger };
      upstream.message(framesOf(topic, numberedLines(all.first, 1), all));
    },
    /** What it is told of, in the end: `[hop, count]`. */
    join: (stream: Stream) => {
      const connection = new TwinConnection();
      connection.flowing = true;
      core.join({ stream, format: 'ndjson', filter: {}, buffer: BUFFER }, connection);
      return async () => {
        await core.drain();
        return readNdjson(connection.text).flatMap((item) =>
          'notice' in item ? [[item.notice.hop, item.notice.count]] : [],
        );
      };
    },
  };
}

void t.test('what is missing of a source that began after its stream was read is a loss', async (t) => {
  const { core, mark, send, join } = setUp(t);
  const told = join(ACME);
  mark('tenant/acme/', 4);
  // Of its first 18 the sidecar lost 10 (and 2 before it was read), the way to the consolidator 3; 5 are the relay's.
  send({ offset: 40, first: 20, lost: 15, transit: 3, begin: [2, 2, 5] });
  t.strictSame(core.intake.stats.lost, [10, 3, 5, 0, 0, 0]);
  t.strictSame(await told(), [
    ['sidecar', 10],
    ['consolidator', 3],
    ['relay', 5],
  ]);
});

void t.test('nothing is missing where the first message that comes is the first there was', async (t) => {
  const { mark, send, join } = setUp(t);
  const told = join(ACME);
  mark('tenant/acme/', 4);
  send({ offset: 5, first: 7, begin: [7, 0, 5] });
  t.strictSame(await told(), []);
});

void t.test('what passed before a stream was read is no loss', async (t) => {
  for (const [title, begin] of [
    ['it began before', 3],
    ['nobody can tell which came first', 4],
  ] as const) {
    const { core, mark, send, join } = setUp(t);
    const told = join(ACME);
    mark('tenant/acme/', 4);
    send({ offset: 40, first: 20, begin: [0, 0, begin] });
    t.strictSame(await told(), [], title);
    t.strictSame(core.intake.stats.lost, [0, 0, 0, 0, 0, 0]);
  }
});

void t.test('where no mark got through, what came before will do', async (t) => {
  const { send, join } = setUp(t);
  const told = join(ACME);
  send({ offset: 4, src: 'other' }, 'tenant/acme/web-2/');
  send({ offset: 40, first: 20, begin: [0, 0, 5] });
  t.strictSame(await told(), [['relay', 20]]);
});

void t.test('another consolidator, or another stream, is no witness', async (t) => {
  const { mark, send, join } = setUp(t);
  const told = join(ACME);
  mark('tenant/acme/', 4, 'B');
  mark(TOPIC, 4);
  send({ offset: 40, first: 20, begin: [0, 0, 5] });
  t.strictSame(await told(), []);
});

void t.test('of two streams with the source, only the one that was read is told', async (t) => {
  const { core, mark, send, join } = setUp(t);
  const toldAll = join(ACME);
  mark('tenant/acme/', 4);
  const toldLater = join(WEB);
  mark(TOPIC, 10);
  send({ offset: 40, first: 20, begin: [0, 0, 5] });
  t.strictSame(core.intake.stats.lost, [0, 0, 20, 0, 0, 0], 'counted once');
  t.strictSame(await toldAll(), [['relay', 20]]);
  t.strictSame(await toldLater(), []);
});

void t.test(
  'what died with the consolidator that a source began under was due to who read it there',
  async (t) => {
    // Seven of its first ten were the dead one's, the other three came to the next and got lost behind it.
    const message = { node: 'B', first: 10, offset: 9, begin: [7, 0, 5] } as const;
    for (const [title, at, count] of [
      ['it began when the stream was read', 1_000, 7],
      ['it began before that', 999, 0],
    ] as const) {
      const { mark, send, join } = setUp(t);
      const told = join(ACME);
      mark('tenant/acme/', 4, 'A', 1_000);
      mark('tenant/acme/', 0, 'B', 9_000);
      send({ ...message, origin: [0, 0, at, 'A'] });
      const lost = [...(count === 0 ? [] : [['consolidator', count]]), ['relay', 3]];
      t.strictSame(await told(), lost, title);
    }
    const { mark, send, join } = setUp(t);
    const told = join(ACME);
    mark('tenant/acme/', 0, 'B', 9_000);
    send({ ...message, origin: [0, 0, 1_000, 'A'] });
    t.strictSame(await told(), [['relay', 3]], 'to one who came after its death only the rest was due');
  },
);

void t.test('a source that was forgotten is not taken for new when it comes back', async (t) => {
  const { core, mark, send, join } = setUp(t);
  const told = join(ACME);
  mark('tenant/acme/', 4);
  send({ offset: 5, begin: [0, 0, 5], beat: 1 });
  core.intake.sweep(performance.now() + 1_000);
  t.equal(core.intake.sources, 0);
  send({ offset: 40, first: 20, begin: [0, 0, 5], beat: 1 });
  t.strictSame(await told(), []);
  t.equal(core.intake.stats.records, 2);
});
