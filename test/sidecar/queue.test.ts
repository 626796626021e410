import fc from 'fast-check';
import t from 'tap';
import { SourceAccount } from '../../accounting/index.js';
import type { Batch } from '../../sidecar/batch.js';
import { SIDECAR_OVERFLOW_POLICIES, type SidecarOverflow } from '../../sidecar/options.js';
import { RecordQueue, type QueueOptions } from '../../sidecar/queue.js';

/** A body whose records say their numbers, padded to the lengths given. */
function bodyOf(first: number, lengths: readonly number[]): Buffer {
  return Buffer.from(lengths.map((length, i) => `${first + i}:`.padEnd(length - 1, 'x') + '\n').join(''));
}

function numbersIn(body: Buffer): number[] {
  return body
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => Number.parseInt(line, 10));
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

type Step =
  | { readonly do: 'push'; readonly lengths: readonly number[] }
  | { readonly do: 'take' | 'refused'; readonly maxBytes: number }
  | { readonly do: 'clear' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      lengths: fc.array(fc.integer({ min: 6, max: 40 }), { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('take' as const, 'refused' as const),
      maxBytes: fc.integer({ min: 1, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
);

const options = fc.record({
  overflow: fc.constantFrom(...SIDECAR_OVERFLOW_POLICIES),
  hwm: fc.integer({ min: 1, max: 25 }),
  hwmBytes: fc.integer({ min: 1, max: 400 }),
});

/**
 * A queue with an owner that keeps every rule of one, and a receiver whose account starts at the greeting. Each
 * record's end is known, so what the ledgers say can be held against it.
 */
class Model {
  readonly queue: RecordQueue;
  readonly #options: QueueOptions;
  #account = new SourceAccount();
  #taken: number[] = [];
  #told = 0;
  #cleared = 0;
  #longestPush = { records: 0, bytes: 0 };

  constructor(options: QueueOptions) {
    this.queue = new RecordQueue(options);
    this.#options = options;
    this.#greet();
  }

  run(step: Step): void {
    if (step.do === 'push') this.#push(step.lengths);
    else if (step.do === 'clear') this.#clear();
    else this.#take(step.maxBytes, step.do === 'refused');
    this.#checkMarks();
  }

  /** Empties the queue and says `fin`. The losses told are then all the losses. */
  finish(): void {
    while (this.queue.records > 0) this.#take(100, false);
    const { sidecar, here } = this.#observe({ first: this.queue.next, count: 0, lost: this.queue.lost });
    this.#told += sidecar;
    check(here === 0, 'no transit loss at the end');
    check(this.#told === this.queue.lost, `told of ${this.#told}, lost ${this.queue.lost}`);
    const { next } = this.queue;
    check(this.#taken.length + this.queue.lost + this.#cleared === next, 'every number has one end');
    if (this.#options.overflow === 'block') check(this.queue.lost === 0, 'block loses nothing');
  }

  #push(lengths: readonly number[]): void {
    // The owner of a blocking queue reads no further while it is full.
    if (this.#options.overflow === 'block' && this.queue.full) return;
    const first = this.queue.next;
    const body = bodyOf(first, lengths);
    this.queue.push(body, lengths.length, first);
    check(this.queue.next === first + lengths.length, 'numbers are contiguous');
    this.#longestPush = {
      records: Math.max(this.#longestPush.records, lengths.length),
      bytes: Math.max(this.#longestPush.bytes, body.length),
    };
  }

  #take(maxBytes: number, refused: boolean): void {
    const held = this.queue.records;
    const batch = this.queue.take(maxBytes);
    check((batch === undefined) === (held === 0), 'a batch exactly where something is held');
    if (batch === undefined) return;
    check(this.queue.records === held - batch.count, 'what is taken is held no more');
    if (refused) {
      this.queue.putBack(batch);
      check(this.queue.records === held, 'what is put back is held again');
      return;
    }
    this.#deliver(batch);
  }

  #deliver(batch: Batch): void {
    const numbers = numbersIn(batch.body);
    check(String(numbers) === String(range(batch.first, batch.count)), 'the body holds what the ledger says');
    const { expected } = this.#account;
    const { sidecar, seen, here, consolidator } = this.#observe(batch);
    check(seen === 0, 'nothing twice');
    check(here === 0 && consolidator === 0, `${here} lost in transit where there is none`);
    check(sidecar === batch.first - expected, 'the gap is the sidecar’s');
    this.#told += sidecar;
    this.#taken.push(...numbers);
  }

  #clear(): void {
    const held = this.queue.records;
    check(this.queue.clear() === held, 'clear tells what it cleared');
    check(this.queue.records === 0 && this.queue.bytes === 0, 'clear empties');
    this.#cleared += held;
    // Nobody reads: the receiver has forgotten the source, and what was lost in the meantime is not its business.
    this.#greet();
  }

  #greet(): void {
    this.#account = new SourceAccount();
    this.#observe({ first: this.queue.next, count: 0, lost: this.queue.lost });
    this.#told = this.queue.lost;
  }

  #observe({ first, count, lost }: Pick<Batch, 'first' | 'count' | 'lost'>) {
    check(lost <= first, 'no more lost than numbered');
    return this.#account.observe({ v: 1, src: 'src', first, count, lost, at: 0 });
  }

  #checkMarks(): void {
    const { overflow, hwm, hwmBytes } = this.#options;
    const { records, bytes } = this.queue;
    const grace = overflow === 'block' ? this.#longestPush : { records: 0, bytes: 0 };
    check(records <= hwm + grace.records, `${records} records over the mark of ${hwm}`);
    check(bytes <= hwmBytes + grace.bytes || records === 1, `${bytes} bytes over the mark of ${hwmBytes}`);
    check(bytes > 0 === records > 0, 'bytes exactly where there are records');
  }
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

void t.test(
  'whatever is pushed, taken and refused, every record ends once and every loss is told',
  async () => {
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 60 }), (options, steps) => {
        const model = new Model(options);
        for (const step of steps) model.run(step);
        model.finish();
      }),
      { numRuns: 2_000 },
    );
  },
);

function queueOf(overflow: SidecarOverflow, hwm: number, hwmBytes = 1_000): RecordQueue {
  return new RecordQueue({ overflow, hwm, hwmBytes });
}

function push(queue: RecordQueue, ...lengths: number[]): void {
  queue.push(bodyOf(queue.next, lengths), lengths.length, 0);
}

/** The numbers of all that is held, and the last batch's `lost`. */
function drain(queue: RecordQueue): { numbers: number[]; lost: number } {
  const numbers: number[] = [];
  let lost = 0;
  for (let batch = queue.take(1); batch; batch = queue.take(1)) {
    numbers.push(...numbersIn(batch.body));
    ({ lost } = batch);
  }
  return { numbers, lost };
}

void t.test('drop-oldest keeps the newest, to the record', async (t) => {
  const queue = queueOf('drop-oldest', 4);
  push(queue, 10, 10, 10);
  push(queue, 10, 10, 10);
  t.strictSame(drain(queue), { numbers: [2, 3, 4, 5], lost: 2 });
});

void t.test('drop-newest keeps the oldest, to the record', async (t) => {
  const queue = queueOf('drop-newest', 4);
  push(queue, 10, 10, 10);
  push(queue, 10, 10, 10);
  t.equal(queue.lost, 2);
  t.strictSame(
    drain(queue),
    { numbers: [0, 1, 2, 3], lost: 0 },
    'what was dropped behind is not told before',
  );
  push(queue, 10);
  t.strictSame(drain(queue), { numbers: [6], lost: 2 });
});

void t.test(
  'drop-newest keeps what fits into its bytes of a read that is larger than all of them',
  async (t) => {
    const queue = queueOf('drop-newest', 100, 35);
    push(queue, 10, 10, 10, 10, 10);
    t.strictSame(drain(queue).numbers, [0, 1, 2]);
    t.equal(queue.lost, 2);
  },
);

for (const overflow of SIDECAR_OVERFLOW_POLICIES) {
  void t.test(`a record longer than the mark in bytes is held alone: ${overflow}`, async (t) => {
    const queue = queueOf(overflow, 100, 35);
    push(queue, 500);
    t.equal(queue.records, 1);
    t.ok(queue.full);
    t.strictSame(drain(queue).numbers, [0]);
    t.notOk(queue.full);
  });
}

void t.test('drop-oldest cuts a single read that is over either mark', async (t) => {
  const records = queueOf('drop-oldest', 2);
  push(records, 10, 10, 10, 10);
  t.strictSame(drain(records), { numbers: [2, 3], lost: 2 });
  const bytes = queueOf('drop-oldest', 100, 25);
  push(bytes, 10, 10, 10, 10);
  t.strictSame(drain(bytes), { numbers: [2, 3], lost: 2 });
});

void t.test('a message is filled with what follows on in number, and no further than its size', async (t) => {
  const queue = queueOf('drop-newest', 5);
  push(queue, 10, 10);
  push(queue, 10, 10);
  push(queue, 10, 10, 10);
  t.equal(queue.take(45)?.count, 4, 'two batches fit, the third does not');
  push(queue, 10);
  t.equal(queue.take(1_000)?.count, 1, 'behind the fifth, two were dropped');
  const last = queue.take(1_000);
  t.match(last, { first: 7, count: 1, lost: 2 });
});

void t.test('what was dropped while a batch was out is told where it belongs', async (t) => {
  const queue = queueOf('drop-oldest', 2);
  push(queue, 10, 10);
  const out = queue.take(1_000) as Batch;
  push(queue, 10, 10);
  push(queue, 10);
  queue.putBack(out);
  t.match(queue.take(1), { first: 0, count: 2, lost: 0 });
  t.match(queue.take(1), { first: 3, count: 1, lost: 1 });
});
