import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import t from 'tap';
import {
  LOSS_KINDS,
  lossOf,
  type LossKind,
  RELAY_TRANSIT,
  SIDECAR_OVERFLOW,
  unaccounted,
} from '../../accounting/index.js';
import { Consumer } from '../../relay/consumer.js';
import { ENCODERS } from '../../relay/encode/index.js';
import { createFilter } from '../../relay/filter.js';
import { CONSUMER_OVERFLOW_POLICIES } from '../../relay/options.js';
import { View } from '../../relay/view.js';
import {
  batchOf,
  numbered,
  readNdjson,
  readSse,
  TwinConnection,
  TwinHost,
  type Item,
} from '../support/relay.js';

/** One thing that can happen to a consumer or its view. */
type Step =
  | { readonly do: 'append'; readonly levels: readonly number[] }
  | { readonly do: 'lose'; readonly count: number; readonly kind: number }
  | { readonly do: 'announce' | 'take' | 'pump' | 'enforce' | 'turn' | 'keepalive' }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      levels: fc.array(fc.constantFrom(30, 50), { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      count: fc.integer({ min: 1, max: 9 }),
      kind: fc.constantFrom(SIDECAR_OVERFLOW, RELAY_TRANSIT),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('announce', 'take', 'pump', 'enforce', 'turn', 'turn', 'turn', 'keepalive'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 1_500 }) }),
  },
);

const setting = fc.record({
  overflow: fc.constantFrom(...CONSUMER_OVERFLOW_POLICIES),
  hwm: fc.integer({ min: 1, max: 12 }),
  hwmBytes: fc.oneof(fc.constant(1_000_000), fc.integer({ min: 100, max: 2_500 })),
  filtered: fc.boolean(),
  chunked: fc.boolean(),
  format: fc.constantFrom('sse', 'ndjson'),
  joinAfter: fc.nat({ max: 5 }),
  farewell: fc.boolean(),
});

const NOTICE_INTERVAL = 1_000;

/** What a consumer must be shown: numbers of its records, and losses with the place in front of which they belong. */
interface Expected {
  readonly records: number[];
  readonly losses: { readonly before: number; readonly count: number }[];
  /** What each kind of loss came to before the consumer did, by its reason. */
  readonly totals: Map<string, number>;
}

/**
 * Walks what was written beside what there was. Answers the records delivered and those told as dropped; throws where
 * a record is out of order, repeated or missing without being told of at its place.
 */
function compare(items: readonly Item[], { records, losses, totals }: Expected, complete: boolean) {
  let at = 0;
  let delivered = 0;
  let own = 0;
  let upstream = 0;
  const soFar = new Map(totals);
  const lostBefore = (place: number) =>
    losses.filter(({ before }) => before <= place).reduce((sum, { count }) => sum + count, 0);
  for (const item of items) {
    if ('record' in item) {
      assert.equal(item.record, records[at], 'the next record, and no other');
      assert.equal(
        upstream,
        lostBefore(at),
        'upstream losses are told in front of the record that follows them',
      );
      at += 1;
      delivered += 1;
    } else if ('notice' in item) {
      const { count, of, reason } = item.notice;
      const total = (soFar.get(reason) ?? 0) + count;
      soFar.set(reason, total);
      assert.equal(item.notice.total, total, 'the total is the sum of what was told');
      if (of === 'stream') upstream += count;
      else {
        at += count;
        own += count;
      }
    }
  }
  assert.ok(upstream <= lostBefore(at), 'nothing upstream is told too early');
  if (complete) {
    assert.equal(at, records.length, 'every record was delivered or told');
    assert.equal(upstream, lostBefore(at), 'every loss upstream was told');
  }
  return { delivered, own };
}

void t.test('whatever happens, every record is delivered, queued or told where it is missing', async () => {
  fc.assert(
    fc.property(setting, fc.array(step, { maxLength: 120, size: 'max' }), (setting, steps) => {
      const { filtered, chunked, joinAfter, farewell, ...rest } = setting;
      const { format, hwm, overflow } = rest;
      const host = new TwinHost();
      const view = new View(ENCODERS[format], createFilter(filtered ? { level: 50 } : {}));
      const connection = new TwinConnection(chunked);
      const expected: Expected = { records: [], losses: [], totals: new Map() };
      let numbers = 0;
      let consumer: Consumer | undefined;
      const noticeTimes: number[] = [];
      const append = (levels: readonly number[]) => {
        const lines = levels.map((level, i) => numbered(numbers + i, { level }));
        if (consumer) {
          levels.forEach((level, i) => {
            if (!filtered || level >= 50) expected.records.push(numbers + i);
          });
        }
        numbers += levels.length;
        view.append(batchOf(lines), 0, '');
      };
      const lose = (count: number, kind: number) => {
        const losses = lossOf(kind, count);
        view.appendLosses(losses, { since: host.time, until: host.time });
        const { reason } = LOSS_KINDS[kind] as LossKind;
        if (consumer) expected.losses.push({ before: expected.records.length, count });
        else expected.totals.set(reason, (expected.totals.get(reason) ?? 0) + count);
      };
      const read = () => (format === 'sse' ? readSse : readNdjson)(connection.text);
      const ownNotices = () =>
        read().filter((item) => 'notice' in item && item.notice.of === undefined).length;

      for (const [i, step] of steps.entries()) {
        if (i === joinAfter) {
          consumer = new Consumer(view, connection, { ...rest, noticeInterval: NOTICE_INTERVAL }, host);
        }
        if (step.do === 'append') append(step.levels);
        else if (step.do === 'lose') lose(step.count, step.kind);
        else if (step.do === 'wait') host.time += step.ms;
        else if (step.do === 'announce') view.appendEvent('status', { consolidators: i });
        else if (step.do === 'take') connection.take();
        else if (step.do === 'pump') consumer?.pump();
        else if (step.do === 'keepalive') consumer?.say(view.encoder.keepalive);
        else if (step.do === 'enforce') consumer?.enforce();
        else {
          consumer?.pump();
          consumer?.enforce();
          const queued = consumer?.balance.queued ?? 0;
          assert.ok(queued <= hwm, `${queued} records wait, the mark is ${hwm}`);
        }
        if (consumer === undefined) continue;
        const { balance } = consumer;
        assert.equal(unaccounted(balance), 0, 'the law');
        if (!connection.ended) assert.equal(balance.matched, expected.records.length);
        const { delivered, own } = compare(read(), expected, false);
        assert.equal(delivered, balance.delivered, 'the reader counts what the server counts');
        assert.ok(own <= balance.dropped);
        while (noticeTimes.length < ownNotices()) noticeTimes.push(host.time);
        if (connection.ended) break;
      }
      for (let i = 1; i < noticeTimes.length; i += 1) {
        const apart = (noticeTimes[i] as number) - (noticeTimes[i - 1] as number);
        assert.ok(apart >= NOTICE_INTERVAL, `two notices ${apart} ms apart`);
      }
      if (consumer === undefined) return;
      if (connection.ended) {
        assert.equal(overflow, 'disconnect');
        assert.deepEqual(host.ended, [consumer]);
      } else if (farewell) {
        consumer.end('');
        assert.equal(connection.ended, true);
      } else {
        for (let i = 0; i < 3 || connection.stalled; i += 1) {
          host.time += NOTICE_INTERVAL;
          consumer.pump();
          connection.take();
        }
        assert.equal(consumer.drained, true);
      }
      const { balance } = consumer;
      const { delivered, own } = compare(read(), expected, true);
      assert.deepEqual(balance, {
        matched: expected.records.length,
        delivered,
        dropped: own,
        queued: 0,
      });
    }),
    { numRuns: 600 },
  );
});
