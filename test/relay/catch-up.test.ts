import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { Intake } from '../../consolidator/intake.js';
import { Recent } from '../../consolidator/recent.js';
import type { Archive, PageAsked } from '../../relay/archive.js';
import { RelayCore } from '../../relay/core.js';
import type { JoinRequest } from '../../relay/joined.js';
import { resolveRelayOptions, type RelayOptions } from '../../relay/options.js';
import {
  formatLedger,
  formatMark,
  formatReplayAnswer,
  formatReplayRequest,
  parseReplayAnswer,
  parseReplayRequest,
  type PageRequest,
  type ReplayPage,
  type Stream,
} from '../../wire/index.js';
import {
  framesOf,
  numberedLines,
  readNdjson,
  readSse,
  TwinConnection,
  TwinUpstream,
  until,
} from '../support/relay.js';

const ACME: Stream = { class: 'tenant', tenant: 'acme' };
const WEB: Stream = { class: 'tenant', tenant: 'acme', container: 'web-1' };
const TOPICS = ['tenant/acme/web-1/', 'tenant/acme/web-2/'] as const;
const BUFFER = { hwm: 100_000, hwmBytes: 1 << 28, overflow: 'drop-oldest' } as const;
const AGES = 1e9;

/** A run of a consolidator without its sockets. */
class Run {
  readonly #intake = new Intake({ maxBodyBytes: 1 << 20, maxSources: 100, isRead: () => true });
  readonly #recent: Recent;
  readonly node = this.#intake.node;

  constructor(recentRecords = 1_000) {
    this.#recent = new Recent({ recentBytes: 1 << 20, recentRecords });
  }

  /** Takes a message in; answers what goes on to the relays. */
  take(frames: Buffer[]): Buffer[] {
    const accepted = this.#intake.accept(frames, 0)!;
    this.#recent.add(accepted);
    return [frames[0]!, accepted.body, formatLedger(accepted.ledger)];
  }

  mark(prefix: string, up: number): Buffer[] {
    const said = { at: Date.now(), holds: this.#recent.holds(prefix), up };
    return formatMark(this.#intake.mark(prefix, said));
  }

  /** As over the wire. */
  page(asked: PageAsked): ReplayPage {
    const request = parseReplayRequest(formatReplayRequest({ kind: 'page', id: 1, ...asked })) as PageRequest;
    const page = this.#recent.page(request, this.node, this.#intake.offset);
    return parseReplayAnswer(formatReplayAnswer(page)) as ReplayPage;
  }
}

/** One source, which numbers what it prints. */
class Source {
  readonly #src: string;
  readonly topic: string;
  next = 0;
  #lost = 0;

  constructor(topic: string, src = topic.slice(12, 17)) {
    this.topic = topic;
    this.#src = src;
  }

  print(count: number, lost = 0): Buffer[] {
    this.next += lost;
    this.#lost += lost;
    const first = this.next;
    this.next += count;
    return framesOf(this.topic, numberedLines(first, count, { topic: this.topic }), {
      src: this.#src,
      first,
      lost: this.#lost,
      at: Date.now(),
    });
  }
}

function setUp(t: Test, options: RelayOptions = {}) {
  const runs = new Map<string, Run>();
  const asked: PageAsked[] = [];
  const twin = {
    /** What the archive answers with; a test may put an answer off. */
    answer: async (node: string, question: PageAsked): Promise<ReplayPage> => runs.get(node)!.page(question),
  };
  const archive: Archive = {
    get nodes() {
      return new Map([...runs.keys()].map((node) => [node, { remembers: true }]));
    },
    isSettled: true,
    settled: async () => {},
    met: async () => {},
    page: (node, question) => {
      asked.push(question);
      return twin.answer(node, question);
    },
  };
  const found = (run: Run) => {
    runs.set(run.node, run);
    return run;
  };
  const upstream = new TwinUpstream();
  const hooks: { back?: (node: string) => void } = {};
  const core = new RelayCore(resolveRelayOptions({ noticeInterval: 1, ...options }), (handlers) => {
    hooks.back = handlers.onCut!;
    return Object.assign(upstream.connect(handlers), { archive });
  });
  t.teardown(() => core.close());
  return {
    core,
    asked,
    twin,
    found,
    back: (run: Run) => hooks.back!(run.node),
    start: (recentRecords?: number) => found(new Run(recentRecords)),
    come: (frames: readonly Buffer[]) => upstream.message(frames),
    join: (stream: Stream, more: Partial<JoinRequest> = {}) => {
      const connection = new TwinConnection();
      connection.flowing = true;
      core.join({ stream, format: 'ndjson', filter: {}, buffer: BUFFER, ...more }, connection);
      return connection;
    },
  };
}

function promised() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** The numbers of a stream's records, and what its notices count. */
function readAll(connection: TwinConnection) {
  const items = readNdjson(connection.text);
  const told = items.flatMap((item) => ('notice' in item ? [item.notice.count] : []));
  return { numbers: items.flatMap((item) => ('record' in item ? [item.record] : [])), told };
}

void t.test('what a new consolidator let through before it was found comes first, and once', async (t) => {
  const { core, start, come, join } = setUp(t);
  const wide = join(ACME);
  const narrow = join(WEB);
  const run = start();
  const source = new Source(TOPICS[0]);
  for (let i = 0; i < 3; i += 1) run.take(source.print(2));
  come(run.mark('tenant/acme/', 0));
  come(run.take(source.print(2)));
  come(run.mark(TOPICS[0], 0));
  come(run.take(source.print(2)));
  await until(() => readAll(wide).numbers.length === 10, 'all of it has come');
  for (const connection of [wide, narrow]) {
    t.strictSame(readAll(connection), { numbers: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], told: [] });
  }
  t.match(core.intake.stats, { lost: [0, 0, 0, 0, 0, 0] });
});

void t.test('what a consolidator had before its stream was read is the past, and stays there', async (t) => {
  const { asked, start, come, join } = setUp(t);
  const run = start();
  const source = new Source(TOPICS[0]);
  run.take(source.print(2));
  const reader = join(ACME);
  come(run.mark('tenant/acme/', AGES));
  come(run.take(source.print(2)));
  await until(() => readAll(reader).numbers.length > 0, 'the live stream has come');
  t.strictSame(readAll(reader), { numbers: [2, 3], told: [] });
  t.strictSame(asked, []);
});

void t.test(
  'what was sent while a connection was cut is asked for, from where each stream stands',
  async (t) => {
    const { core, asked, start, back, come, join } = setUp(t);
    const wide = join(ACME);
    const narrow = join(WEB);
    const run = start();
    const source = new Source(TOPICS[0]);
    const prefixes = ['tenant/acme/', TOPICS[0]];
    run.take(source.print(2));
    for (const prefix of prefixes) come(run.mark(prefix, AGES));
    come(run.take(source.print(2)));
    for (let i = 0; i < 3; i += 1) run.take(source.print(2, i));
    back(run);
    for (const prefix of prefixes) come(run.mark(prefix, AGES));
    come(run.take(source.print(2)));
    await until(() => wide.text.includes('line 14'), 'all of it has come');
    await core.drain();
    t.strictSame(readAll(wide), { numbers: [2, 3, 4, 5, 7, 8, 11, 12, 13, 14], told: [1, 2] });
    t.strictSame(readAll(narrow), readAll(wide));
    t.match(core.intake.stats, { lost: [3, 0, 0, 0, 0, 0] }, 'the sidecar lost those itself');
    t.match(asked, [{ start: { from: 6 } }, { start: { from: 6 } }]);
  },
);

void t.test('while one is asked, the others go on, and its own wait', async (t) => {
  const { twin, start, come, join } = setUp(t);
  const reader = join(ACME);
  const [old, young] = [start(), start()];
  const [first, second] = [new Source(TOPICS[0]), new Source(TOPICS[1])];
  come(old.mark('tenant/acme/', AGES));
  young.take(second.print(1));
  const { answer } = twin;
  const { promise, resolve: release } = promised();
  twin.answer = async (...args) => {
    await promise;
    return answer(...args);
  };
  come(young.mark('tenant/acme/', 0));
  come(young.take(second.print(1)));
  come(old.take(first.print(5)));
  await until(() => readAll(reader).numbers.length === 5, "the other's have come");
  release();
  await until(() => readAll(reader).numbers.length === 7, 'and then its own');
  t.strictSame(readAll(reader), { numbers: [0, 1, 2, 3, 4, 0, 1], told: [] });
});

void t.test('where it does not answer, readers are told that something is missing', async (t) => {
  const { twin, start, come, join } = setUp(t);
  const reader = join(ACME);
  const run = start();
  const source = new Source(TOPICS[0]);
  run.take(source.print(3));
  twin.answer = async () => {
    throw new Error('gone');
  };
  come(run.mark('tenant/acme/', 0));
  come(run.take(source.print(2)));
  await until(() => readAll(reader).numbers.length === 2, 'the live stream has come');
  t.strictSame(readAll(reader), { numbers: [3, 4], told: [null] });
});

void t.test('what waits is bounded: beyond it the stream goes on, and readers are told', async (t) => {
  const { twin, start, come, join } = setUp(t, { maxReplayBytes: 10_000 });
  const reader = join(ACME);
  const run = start();
  const source = new Source(TOPICS[0]);
  run.take(source.print(3));
  twin.answer = () => new Promise(() => {});
  come(run.mark('tenant/acme/', 0));
  for (let i = 0; i < 20; i += 1) come(run.take(source.print(1)));
  await until(() => readAll(reader).numbers.length === 20, 'they have come');
  t.strictSame(readAll(reader).told, [null]);
});

void t.test('a drain does not wait for an answer', async (t) => {
  const { core, twin, start, come, join } = setUp(t);
  const reader = join(ACME);
  const run = start();
  const source = new Source(TOPICS[0]);
  run.take(source.print(3));
  twin.answer = () => new Promise(() => {});
  come(run.mark('tenant/acme/', 0));
  come(run.take(source.print(1)));
  await core.drain();
  t.strictSame(readAll(reader), { numbers: [3], told: [null] });
});

void t.test('who has read some of it at another relay is asked to come back with its cursor', async (t) => {
  const { found, start, come, join } = setUp(t);
  const run = new Run();
  const source = new Source(TOPICS[0]);
  run.take(source.print(3));
  const known = start();
  // The other relay had found the consolidator by then.
  const away = join(ACME, { format: 'sse', past: { cursor: new Map([[run.node, 2]]) } });
  come(known.mark('tenant/acme/', AGES));
  const here = join(ACME);
  await until(() => away.text.includes('"count":null'), 'it is told that nobody here knows');
  found(run);
  come(run.mark('tenant/acme/', 0));
  await until(() => readAll(here).numbers.length === 3, 'the other has it');
  t.match(readSse(away.text).at(-1), { event: 'bye', data: { reason: 'resume' } });
  t.notOk(away.text.includes('line 0'));
});

/** What happens to one batch of a source. */
interface Step {
  readonly topic: number;
  readonly count: number;
  readonly sidecar: number;
  /** It is lost on the way to the consolidator. */
  readonly onTheWay: boolean;
  /** It is lost on the way to the relay, if the relay is there. */
  readonly onTheLink: boolean;
}

const steps = fc.array(
  fc.record({
    topic: fc.constantFrom(0, 1),
    count: fc.integer({ min: 1, max: 4 }),
    sidecar: fc.constantFrom(0, 0, 0, 3),
    onTheWay: fc.constantFrom(false, false, false, true),
    onTheLink: fc.constantFrom(false, false, false, true),
  }),
  { maxLength: 12 },
);

void t.test(
  'each record is delivered once and in order, or told of, whatever was lost and forgotten',
  async (t) => {
    const property = fc.asyncProperty(
      fc.record({
        before: steps,
        lost: steps,
        unfound: steps,
        between: steps,
        after: steps,
        cut: steps,
        last: steps,
        remembered: fc.constantFrom(3, 8, 1_000),
        first: fc.constantFrom(0, 1),
      }),
      async ({ before, lost, unfound, between, after, cut, last, remembered, first }) => {
        const { core, start, back, come, join } = setUp(t);
        const readers = [join(ACME), join(WEB)];
        const prefixes = ['tenant/acme/', TOPICS[0]];
        const sources = TOPICS.map((topic) => new Source(topic));
        // A last message without a record shows what was lost at the end.
        const send = (all: readonly Step[], act: (frames: Buffer[], step: Step) => void) => {
          for (const step of all) {
            const frames = sources[step.topic]!.print(step.count, step.sidecar);
            if (!step.onTheWay) act(frames, step);
          }
        };
        const sendLive = (run: Run, all: readonly Step[]) =>
          send(all, (frames, { onTheLink }) => {
            const on = run.take(frames);
            if (!onTheLink) come(on);
          });
        const old = start();
        for (const prefix of prefixes) come(old.mark(prefix, AGES));
        for (const source of sources) come(old.take(source.print(1)));
        sendLive(old, before);
        send(lost, () => {});
        const run = start(remembered);
        send(unfound, (frames) => run.take(frames));
        come(run.mark(prefixes[first]!, 0));
        const reads = first === 0 ? () => true : ({ topic }: Step) => topic === 0;
        send(between, (frames, step) => {
          const on = run.take(frames);
          if (reads(step) && !step.onTheLink) come(on);
        });
        come(run.mark(prefixes[1 - first]!, 0));
        sendLive(run, after);
        await nextTurn();
        send(cut, (frames) => run.take(frames));
        back(run);
        for (const prefix of prefixes) come(run.mark(prefix, 0));
        sendLive(run, last);
        for (const source of sources) come(run.take(source.print(1)));
        const [web, other] = sources.map(({ next }) => next) as [number, number];
        await until(
          () => readers.every(({ text }) => text.includes(`"msg":"line ${web - 1}"`)),
          'the last has come',
        );
        await core.drain();
        for (const [i, connection] of readers.entries()) {
          const items = readNdjson(connection.text);
          const told = items.reduce((sum, item) => sum + ('notice' in item ? item.notice.count : 0), 0);
          const lines = connection.text.split('\n').filter((line) => line.includes('"topic"'));
          const numbers = lines.map((line) => JSON.parse(line) as { topic: string; n: number });
          for (const topic of TOPICS) {
            const own = numbers.filter((one) => one.topic === topic).map(({ n }) => n);
            for (let k = 1; k < own.length; k += 1) if (own[k]! <= own[k - 1]!) return false;
          }
          if (numbers.length + told !== (i === 0 ? web + other : web)) return false;
        }
        return true;
      },
    );
    await fc.assert(property, { numRuns: 200 });
  },
);
