import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import { unaccountedInRun, type Losses } from '../../accounting/index.js';
import { Chain, type Fate, type Fate2, type Gap } from './chain.js';

type Step = (chain: Chain) => void;

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>('arrives') },
  { weight: 3, arbitrary: fc.constant<Fate>('lost') },
  { weight: 1, arbitrary: fc.constant<Fate>('twice') },
);

const fate2 = fc.oneof({ weight: 5, arbitrary: fate }, { weight: 1, arbitrary: fc.constant<Fate2>('held') });

const size = fc.integer({ min: 1, max: 9 });

/** Everything that can happen to a source, printed by fast-check as the call that it is. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: size.map((count) => named(`capture(${count})`, (c) => c.capture(count))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(size, fc.nat({ max: 8 }))
      .map(([count, kept]) =>
        named(`capture(${count}, ${kept % count})`, (c) => c.capture(count, kept % count)),
      ),
  },
  { weight: 2, arbitrary: size.map((count) => named(`dropOldest(${count})`, (c) => c.dropOldest(count))) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fate, fate2, fc.constantFrom(0, 0, 0, 2))
      .map(([a, b, overlap]) => named(`send(${a}, ${b}, ${overlap})`, (c) => c.send(a, b, overlap))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fate, fate2)
      .map(([a, b]) => named(`heartbeat(${a}, ${b})`, (c) => c.heartbeat(a, b))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fate, fate2).map(([a, b]) => named(`restart(${a}, ${b})`, (c) => c.restart(a, b))),
  },
  { weight: 1, arbitrary: fate.map((fate) => named(`release(${fate})`, (c) => c.release(fate))) },
  { weight: 1, arbitrary: fc.constant(named('forget()', (c) => c.forget())) },
  { weight: 1, arbitrary: fc.constant(named('rejoin()', (c) => c.rejoin())) },
);

function named(text: string, step: Step): Step {
  return Object.assign(step, { [fc.toStringMethod]: () => text });
}

const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });

/** Runs the steps and checks after each; ends as a sidecar does, with its queue flushed and `fin`. */
function run(steps: readonly Step[], check: (chain: Chain) => void): Chain {
  const chain = new Chain();
  for (const step of steps) {
    step(chain);
    check(chain);
  }
  for (let i = 0; i < steps.length; i += 1) chain.send('arrives', 'arrives');
  chain.heartbeat('arrives', 'arrives', true);
  check(chain);
  return chain;
}

function attributed(gaps: readonly Gap[]): Losses {
  const sum = (part: 'sidecar' | 'consolidator' | 'here') =>
    gaps.reduce((total, { observed }) => total + observed[part], 0);
  return [sum('sidecar'), sum('consolidator'), sum('here'), 0, 0, 0];
}

const runs = { numRuns: 1_000 };

void t.test(
  'at every instant, what the relay delivered and what it reported explain each number it passed',
  async () => {
    fc.assert(
      fc.property(steps, (steps) => {
        run(steps, ({ relay, baseline = 0, delivered, gaps }) => {
          const captured = baseline === undefined ? 0 : relay.expected - baseline;
          const dropped = attributed(gaps);
          assert.equal(unaccountedInRun({ captured, unread: 0, delivered: delivered.length, dropped }), 0);
        });
      }),
      runs,
    );
  },
);

void t.test('a whole run: captured since the baseline is delivered plus what each hop lost', async () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { captured, baseline, delivered, gaps, relay } = run(steps, () => {});
      assert.equal(relay.expected, captured, 'fin told of the very end');
      const dropped = attributed(gaps);
      const unread = baseline as number;
      assert.equal(unaccountedInRun({ captured, unread, delivered: delivered.length, dropped }), 0);
    }),
    runs,
  );
});

void t.test('each loss is attributed to the hop that lost it', async () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { gaps } = run(steps, () => {});
      for (const { observed, truth, anew } of gaps) {
        assert.equal(observed.seen, 0);
        assert.equal(observed.sidecar, truth.sidecar, 'the sidecar');
        if (anew === undefined) {
          assert.equal(
            observed.consolidator,
            truth.link1 + truth.consolidator,
            'the way to the consolidator',
          );
          assert.equal(observed.here, truth.link2, 'the way to the relay');
        } else {
          // Across a change nobody can tell the two links apart; what is certain is that nothing is left out.
          assert.equal(
            observed.consolidator + observed.here,
            truth.link1 + truth.consolidator + truth.link2,
            'both links together',
          );
          if (anew === 'run')
            assert.equal(observed.here, 0, 'a change of consolidators is charged to that hop');
        }
      }
    }),
    runs,
  );
});

void t.test('nothing is delivered twice, and all of it in order', async () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { delivered } = run(steps, () => {});
      assert.ok(
        delivered.every((number, i) => i === 0 || number > (delivered[i - 1] as number)),
        delivered.join(' '),
      );
    }),
    runs,
  );
});

const greet: Step = (chain) => chain.heartbeat('arrives', 'arrives');

void t.test('where nothing is lost, nothing is reported', async () => {
  const gentle = fc.array(
    fc.oneof(
      size.map(
        (count): Step =>
          (chain) =>
            chain.capture(count),
      ),
      fc.constantFrom<Fate>('arrives', 'twice').map(
        (fate): Step =>
          (chain) =>
            chain.send(fate, fate, 2),
      ),
      fc.constant(greet),
      fc.constant<Step>((chain) => chain.restart('arrives', 'arrives')),
      fc.constant<Step>((chain) => chain.forget()),
    ),
    { minLength: 1, maxLength: 40, size: 'max' },
  );
  fc.assert(
    fc.property(gentle, (steps) => {
      const { gaps, delivered, captured } = run([greet, ...steps], () => {});
      assert.equal(gaps.length, 0);
      assert.equal(delivered.length, captured);
    }),
  );
});

void t.test('the model reaches all that it claims to test', async (t) => {
  const seen = new Set<string>();
  const sample = fc.sample(steps, { numRuns: 300, seed: 7 });
  for (const steps of sample) {
    const { gaps, ends } = run(steps, () => {});
    for (const end of ends) seen.add(end ?? 'on its way');
    for (const { anew, truth } of gaps) {
      seen.add(`gap, ${anew ?? 'nothing'} anew`);
      if (truth.sidecar > 0 && truth.link1 > 0 && truth.link2 > 0) seen.add('all in one gap');
    }
  }
  t.strictSame([...seen].toSorted(), [
    'all in one gap',
    'consolidator',
    'delivered',
    'gap, account anew',
    'gap, nothing anew',
    'gap, run anew',
    'link1',
    'link2',
    'sidecar',
  ]);
});
